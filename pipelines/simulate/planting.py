"""What is known of a planted defect, and the simplest way to plant one: another value in one cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.simulate.tables import Row, Table

# Who must find it: landing (its code sets the row aside or refuses the file), a check of the gate (its id), a mart
# (the column that says so), or nobody (it is data).
FoundBy = Literal["landing", "check", "mart", "nobody"]
Tables = Mapping[tuple[str, str], Table]


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One planted defect; `row` is the row object, whose number is known once all defects are planted."""

    table: Table | None
    site: str
    file: str
    row: Row | None
    column: str | None
    kind: str
    found_by: FoundBy
    code: str

    def truth(self) -> dict[str, Any]:
        """Returns the defect's entry in the truth file (row 1 = first data row)."""
        number = self.table.row_number(self.row) if self.table and self.row is not None else None
        return {
            "site": self.site,
            "file": self.file,
            "row": number,
            "column": self.column,
            "kind": self.kind,
            "found_by": self.found_by,
            "code": self.code,
        }


def defect_in(table: Table, row: Row, column: str | None, kind: str, found_by: FoundBy, code: str) -> Defect:
    """Returns a defect of one row of a table."""
    return Defect(
        table=table, site=table.site, file=table.file, row=row, column=column, kind=kind, found_by=found_by, code=code
    )


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Another value in one cell: of the rows where `where` holds, the `nth` (0 = first). `also`: cells beside it."""

    site: str
    table: str
    where: dict[str, str]
    nth: int
    column: str
    value: str
    kind: str
    found_by: FoundBy = "landing"
    code: str
    also: Mapping[str, str] = field(default_factory=dict)

    def plant(self, tables: Tables) -> Defect:
        """Puts the value in."""
        table = tables[self.site, self.table]
        row = table.nth(self.nth, **self.where)
        for column, value in {self.column: self.value, **self.also}.items():
            table.put(row, column, value)
        return defect_in(table, row, self.column, self.kind, self.found_by, self.code)
