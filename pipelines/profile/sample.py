"""A sample of a delimited export, read with what its bytes suggest: encoding, delimiter, missing codes."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.errors import InputRefusedError

_SAMPLE_BYTES = 8 << 20
_DELIMITERS = (",", ";", "\t", "|")
_MISSING = ("", "NA", "n/a", "N/A", "NaN", "NULL", ".", "-9", "-99", "-999")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The head of a file: its form, and its columns by name."""

    name: str
    encoding: str
    delimiter: str
    missing: tuple[str, ...]
    columns: dict[str, list[str]]


def read_sample(path: Path) -> Sample:
    """Returns a sample of the file.

    Raises:
        InputRefusedError: it is no delimited text with a header, or a row has another number of fields.
    """
    with path.open("rb") as file:
        content = file.read(_SAMPLE_BYTES)
    encoding, text = _decoded(content)
    if "\x00" in text or not text.strip():
        msg = (
            f"{path}: no delimited text. `afterglow profile` reads CSV and TSV; SDTM files need only `sdtm: <domain>`."
        )
        raise InputRefusedError(msg)
    if len(content) == _SAMPLE_BYTES:
        text = text[: text.rfind("\n") + 1]
    delimiter = max(_DELIMITERS, key=lambda mark: (_fits(text, mark), -_DELIMITERS.index(mark)))
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = [row for row in rows if row]
    if len(set(header)) < len(header) or any(len(row) != len(header) for row in rows):
        msg = f"{path}: a name stands twice in the header, or a row has more or fewer fields than it. Mend the sample."
        raise InputRefusedError(msg)
    columns = {name: [row[position] for row in rows] for position, name in enumerate(header)}
    seen = {value for values in columns.values() for value in values}
    missing = tuple(code for code in _MISSING if code in seen and not _may_be_a_score(code, columns))
    return Sample(name=path.name, encoding=encoding, delimiter=delimiter, missing=missing or ("",), columns=columns)


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", content.decode("utf-16", errors="ignore")
    try:
        # A sample may end within a character.
        return "utf-8", codecs.getincrementaldecoder("utf-8-sig")().decode(content)
    except UnicodeDecodeError:
        return "cp1252", content.decode("cp1252", errors="replace")


def _fits(text: str, delimiter: str) -> int:
    """Returns how many fields the rows have, if they all have as many: the more, the better the delimiter fits."""
    rows = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
    counts = {len(row) for row, _ in zip(rows, range(50), strict=False) if row}
    return counts.pop() if len(counts) == 1 else 0


def _may_be_a_score(code: str, columns: dict[str, list[str]]) -> bool:
    # A negative number is a missing code only where every other value of its column is none.
    if not code.startswith("-"):
        return False
    holders = [values for values in columns.values() if code in values]
    return any(value.startswith("-") and value != code for values in holders for value in values)
