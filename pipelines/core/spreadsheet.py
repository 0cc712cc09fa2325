"""CSV that a spreadsheet opens as what it is: UTF-8, and text that is no formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes text that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Returns the rows as CSV (RFC 4180), with the mark by which Excel knows UTF-8; no cell is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()
