"""What every reader returns, and the check of the header that every reader makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.blinding import tells_arm
from pipelines.land.coding import Coded
from pipelines.land.contract import Contract
from pipelines.land.drift import header_drift, shown, without_arms
from pipelines.land.identifiers import is_identifying
from pipelines.land.receipts import RefusedError

# A workbook's sheet has 16,384 columns at most, a SAS data set of a trial far fewer.
MOST_COLUMNS = 16_384
# Excel holds 32,767 characters in a cell, SAS as many bytes, an EDC's note 65,535: sixteen times the largest.
MOST_BYTES_OF_A_FIELD = 1 << 20


class Fault(NamedTuple):
    """What only the reader sees to be wrong with a row: its number (the first is 1), the column, the reason code."""

    row: int
    column: str
    code: str


@dataclass(frozen=True, kw_only=True)
class TextRows:
    """A file's rows as text, a column for each of the file's in its order; and what is wrong.

    A column is of strings, or a dictionary of them.
    """

    table: pa.Table
    codes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def check_header(header: list[str], contract: Contract) -> None:
    """Compares the header with the contract, by name; the order does not matter.

    Raises:
        RefusedError: there are too many (F_TOO_WIDE), a name stands twice or is empty (F_HEADER), is undeclared or
            missing (F_CONTRACT).
    """
    if len(header) > MOST_COLUMNS:
        raise RefusedError("F_TOO_WIDE", f"{len(header)} columns; at most {MOST_COLUMNS} are read.")
    folded = [name.strip().casefold() for name in header]
    if "" in folded or len(set(folded)) < len(folded):
        counted = Counter(folded)
        repeated = [str(number) for number, name in enumerate(folded, start=1) if counted[name] > 1 or not name]
        more = f" and {len(repeated) - 10} more" if len(repeated) > 10 else ""
        raise RefusedError("F_HEADER", f"Columns number {', '.join(repeated[:10])}{more}.")
    undeclared, missing = contract.undeclared(header), contract.missing(header)
    # An undeclared column that looks like an identifier or the arm is more than a broken contract: the rows are read
    # on, and the scans that follow refuse or hold the file, with what they found and in how many rows.
    blinded = contract.study.blinding == "blinded"
    if any(is_identifying(name) or (blinded and tells_arm(name)) for name in undeclared):
        return
    if undeclared and len(undeclared) == len(header):
        # Then it is more likely a row, and its names are values.
        detail = "Its first row holds none of the declared names. Ask the site for an export with its header."
        raise RefusedError("F_CONTRACT", detail, drift=header_drift(header, contract))
    if (glued := _glued(header, undeclared, missing)) is not None:
        # What follows may be the first row, whose values nobody is told.
        detail = f"Behind {shown(glued)} its header goes on: a new name, or a row without a line end before it."
        raise RefusedError("F_CONTRACT", detail)
    if undeclared or missing:
        detail = f"Missing: {shown_names(missing)}. Undeclared: {shown_names(without_arms(undeclared, contract))}. "
        detail += "Ask the site for a new export, or change the layout in the study file."
        raise RefusedError("F_CONTRACT", detail, drift=header_drift(header, contract))


def _glued(header: list[str], undeclared: list[str], missing: list[str]) -> str | None:
    """Returns the missing column with whose name the first of the undeclared begins, where only such follow."""
    start, strange = len(header), frozenset(undeclared)
    while start and header[start - 1] in strange:
        start -= 1
    return next((name for name in missing for found in header[start : start + 1] if found.startswith(name)), None)


def large_fields(columns: dict[str, Coded]) -> Iterator[Fault]:
    """Yields a fault (Q_FIELD_SIZE) for each field that is larger than any export writes."""
    for name, column in columns.items():
        large = column.where(pc.greater(pc.binary_length(column.values), MOST_BYTES_OF_A_FIELD))
        yield from (Fault(int(number) + 1, name, "Q_FIELD_SIZE") for number in np.flatnonzero(large))


def text_of_missing(missing: tuple[str, ...]) -> str | None:
    """Returns the text that a value which a file says is null becomes; None where no text is declared as missing."""
    return "" if "" in missing else next(iter(missing), None)


def shown_names(names: list[str]) -> str:
    """Returns column names as a message may show them."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(map(shown, names[:10])) or "none") + more
