"""A file to be delivered: its columns and rows as text, until it is written."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date

Row = list[str]


@dataclass(kw_only=True)
class Table:
    """One export file; defects change its rows in place. `numeric` names an XPT file's numeric variables."""

    site: str
    kind: str
    exported: date
    suffix: str
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    numeric: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._positions = {column: position for position, column in enumerate(self.columns)}

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.kind}_{self.exported.isoformat()}.{self.suffix}"

    def position(self, column: str) -> int:
        """Returns the position of a column."""
        return self._positions[column]

    def value(self, row: Row, column: str) -> str:
        """Returns the row's value in a column."""
        return row[self.position(column)]

    def put(self, row: Row, column: str, value: str) -> None:
        """Sets the row's value in a column."""
        row[self.position(column)] = value

    def find(self, **wanted: str) -> list[Row]:
        """Returns the rows that hold these values."""
        places = [(self.position(column), value) for column, value in wanted.items()]
        return [row for row in self.rows if all(row[place] == value for place, value in places)]

    def nth(self, number: int, **wanted: str) -> Row:
        """Returns one of the rows that hold these values (0 = first; past the last, counted from the first again)."""
        rows = self.find(**wanted)
        return rows[number % len(rows)]

    def add(self, **values: str) -> None:
        """Appends a row; columns that are not named stay empty."""
        row = [""] * len(self.columns)
        for column, value in values.items():
            row[self._positions[column]] = value
        self.rows.append(row)

    def row_number(self, row: Row) -> int:
        """Returns the row's number in the file (1 = first data row); equal rows are told apart."""
        return next(number for number, candidate in enumerate(self.rows, start=1) if candidate is row)


def day(value: date | None) -> str:
    """Returns a date in ISO 8601, empty for none."""
    return value.isoformat() if value else ""


def tenths(value: int | None) -> str:
    """Returns tenths with one decimal, empty for none."""
    return "" if value is None else f"{value // 10}.{value % 10}"


def csv_bytes(table: Table) -> bytes:
    """Returns the table as UTF-8 CSV with a header; a field is quoted where it has to be."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([table.columns, *table.rows])
    return text.getvalue().encode()
