"""The value labels of a SAS catalogue (.sas7bcat), as its bytes come; run as a program it reads them from its input.

The format is known by reverse engineering only, so its parser runs in a child process.
"""

from __future__ import annotations

import io
import json
import re
import sys

from pipelines.core.number_text import number_text

# By the name of a format, without its width: the label of each code.
Labels = dict[str, dict[str, str]]


def format_name(sas_format: str) -> str:
    """Returns the name of a format as SAS writes it, without its width: `$SEX` for `$sex8.`."""
    return re.sub(r"[0-9]*\.?[0-9]*$", "", sas_format).upper()


def labels_of(content: bytes) -> Labels:
    """Returns the labels of each format; a code is as the rows of a data set have it, also a special missing value."""
    import pyreadstat

    said = pyreadstat.read_sas7bcat(io.BytesIO(content), output_format="dict")[1].value_labels
    found: Labels = {}
    for name, labels in said.items():
        codes = {_code(code, is_number=not name.startswith("$")): label for code, label in labels.items()}
        found[format_name(name)] = {code: label for code, label in codes.items() if code}
    return found


def _code(code: object, *, is_number: bool) -> str:
    if isinstance(code, float):
        return number_text(code)
    # Of a special missing value the library gives the letter alone.
    return f".{code}" if is_number else str(code)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(labels_of(sys.stdin.buffer.read())))
