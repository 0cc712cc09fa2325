"""Excel workbooks: a sheet is read as the CSV of the same data would be; a workbook that hides something is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipelines.core.number_text import number_text
from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_table
from pipelines.land.readers.text_rows import Fault, TextRows
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Xlsx

if TYPE_CHECKING:
    from pipelines.land.readers.xlsx_guard import Sheet


def read(path: Path, contract: Contract, form: Xlsx) -> TextRows:
    """Returns the rows of a sheet as text: numbers at their shortest, days by the workbook's epoch in ISO 8601.

    A formula that was saved without its value sets its row aside (Q_FORMULA).

    Raises:
        RefusedError: F_MAGIC, F_ENCRYPTED, F_MACRO, F_BOMB, F_DTD, F_DEPTH, F_MERGED, F_TOO_WIDE, F_PARSE, F_TIMEOUT,
            F_HEADER or F_CONTRACT.
    """
    return parse_in_child(__name__, path, contract, form)


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - the header says
    """Yields the rows as text; runs in the child process."""
    import python_calamine

    from pipelines.land.readers.xlsx_guard import check_workbook

    settings = Xlsx.model_validate(form)
    known = check_workbook(path, settings.sheet)
    try:
        workbook = python_calamine.load_workbook(str(path))
        cells = workbook.get_sheet_by_name(settings.sheet).to_python(skip_empty_area=False)
    except python_calamine.CalamineError:
        raise RefusedError("F_PARSE") from None
    _complete(cells, known)
    first = settings.header_row
    if len(cells) < first:
        raise RefusedError("F_HEADER", f"There is no row {first}.")
    texts = [[_text(cell) for cell in row] for row in cells[first - 1 :]]
    used = {column for row, column in known.formulas if row >= first}
    width = max([column for row in texts for column, text in enumerate(row, 1) if text] + [*used, 0])
    header, rows = texts[0][:width], texts[1:]
    if not any(header):
        raise RefusedError("F_HEADER", f"Row {first} is empty.")
    faults = [Fault(row - first, header[column - 1], "Q_FORMULA") for row, column in known.formulas if row > first]
    yield text_table(header, [[row[column] for row in rows] for column in range(width)], faults)


def _complete(cells: list[list[Any]], known: Sheet) -> None:
    """Puts into the grid what the library leaves out of it: errors as their text, and room for formulas."""
    places = [*known.errors, *known.formulas]
    rows = max([len(cells), *(row for row, _ in places)])
    columns = max([len(cells[0]) if cells else 0, *(column for _, column in places)])
    for line in cells:
        line.extend([""] * (columns - len(line)))
    cells.extend([""] * columns for _ in range(rows - len(cells)))
    for (row, column), shown in known.errors.items():
        cells[row - 1][column - 1] = shown


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return number_text(float(cell))
    if isinstance(cell, datetime):
        day = cell.time() == time()
        return cell.date().isoformat() if day else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        # A duration, in hours and their parts: a sheet shows it as it likes.
        return number_text(cell / timedelta(hours=1))
    return "" if cell is None else str(cell)
