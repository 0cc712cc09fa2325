"""What every reader returns, and the check of the header that every reader makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from pipelines.land.blinding import tells_arm
from pipelines.land.contract import Contract
from pipelines.land.drift import header_drift, shown
from pipelines.land.identifiers import is_identifying
from pipelines.land.receipts import RefusedError


class Fault(NamedTuple):
    """What only the reader sees to be wrong with a row: its number (the first is 1), the column, the reason code."""

    row: int
    column: str
    code: str


@dataclass(frozen=True, kw_only=True)
class TextRows:
    """A file's rows as text: one string column for each column of the file, in its order; and what is wrong."""

    table: pa.Table
    codes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def check_header(header: list[str], contract: Contract) -> None:
    """Compares the header with the contract, by name; the order does not matter.

    Raises:
        RefusedError: a name stands twice or is empty (F_HEADER), is undeclared or missing (F_CONTRACT).
    """
    folded = [name.strip().casefold() for name in header]
    if "" in folded or len(set(folded)) < len(folded):
        repeated = sorted(
            {str(position + 1) for position, name in enumerate(folded) if folded.count(name) > 1 or not name}
        )
        raise RefusedError("F_HEADER", f"Columns number {', '.join(repeated)}.")
    undeclared, missing = contract.undeclared(header), contract.missing(header)
    # An undeclared column that looks like an identifier or the arm is more than a broken contract: the rows are read
    # on, and the scans that follow refuse or hold the file, with what they found and in how many rows.
    blinded = contract.study.blinding == "blinded"
    if any(is_identifying(name) or (blinded and tells_arm(name)) for name in undeclared):
        return
    if undeclared or missing:
        detail = f"Missing: {shown_names(missing)}. Undeclared: {shown_names(undeclared)}. "
        detail += "Ask the site for a new export, or change the layout in the study file."
        raise RefusedError("F_CONTRACT", detail, drift=header_drift(header, contract))


def text_of_missing(missing: tuple[str, ...]) -> str | None:
    """Returns the text that a value which a file says is null becomes; None where no text is declared as missing."""
    return "" if "" in missing else next(iter(missing), None)


def shown_names(names: list[str]) -> str:
    """Returns column names as a message may show them."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (", ".join(map(shown, names[:10])) or "none") + more
