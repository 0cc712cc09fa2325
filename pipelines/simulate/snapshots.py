"""Two sites deliver twice: an older snapshot, and the newer one that corrects it and is current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.simulate.deliver_csv import csv_tables
from pipelines.simulate.deliver_xpt import xpt_tables
from pipelines.simulate.planting import Tables
from pipelines.simulate.protocol import EXPORT_BEFORE, EXPORT_FIRST
from pipelines.simulate.tables import Row, Table
from pipelines.simulate.trial import Participant


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A value that the newer snapshot corrects: its row in the older file and in the newer one."""

    older: Table
    older_row: Row
    newer: Table
    newer_row: Row
    column: str

    def truth(self) -> dict[str, Any]:
        """Returns the correction's entry in the truth file."""
        return {
            "site": self.older.site,
            "older_file": self.older.file,
            "older_row": self.older.row_number(self.older_row),
            "newer_file": self.newer.file,
            "newer_row": self.newer.row_number(self.newer_row),
            "column": self.column,
        }


def older_snapshots(people: Sequence[Participant], current: Tables) -> tuple[list[Table], list[Correction]]:
    """Returns the older files of S02 and S10, with values that the newer ones correct."""
    by_site = {site: [person for person in people if person.subject.site == site] for site in ("S02", "S10")}
    csv = {table.kind: table for table in csv_tables("S02", by_site["S02"], EXPORT_BEFORE)}
    xpt = {table.kind: table for table in xpt_tables("S10", by_site["S10"], EXPORT_FIRST)}
    corrections = [
        *_madrs_corrected(csv["visits"], current["S02", "visits"]),
        _corrected(xpt["dm"], current["S10", "dm"], "AGE", "47", key=("USUBJID",), nth=2),
        _corrected(xpt["ae"], current["S10", "ae"], "AESEV", "SEVERE", key=("USUBJID", "AETERM", "AESTDTC"), nth=1),
    ]
    return [*csv.values(), *xpt.values()], corrections


def _madrs_corrected(older: Table, newer: Table) -> list[Correction]:
    corrections = []
    for visit, nth in (("W1", 3), ("W4", 9), ("W8", 2)):
        row = older.nth(nth, visit=visit)
        old_item = int(older.value(row, "madrs_02"))
        item = old_item + 1 if old_item < 6 else old_item - 1
        total = int(older.value(row, "madrs_total")) + item - old_item
        older.put(row, "madrs_total", str(total))
        corrections.append(_correction(older, row, newer, "madrs_02", str(item), ("record_id", "visit", "visit_date")))
    return corrections


def _corrected(older: Table, newer: Table, column: str, value: str, *, key: tuple[str, ...], nth: int) -> Correction:
    return _correction(older, older.rows[nth], newer, column, value, key)


def _correction(older: Table, row: Row, newer: Table, column: str, value: str, key: tuple[str, ...]) -> Correction:
    [newer_row] = newer.find(**{name: older.value(row, name) for name in key})
    older.put(row, column, value)
    return Correction(older=older, older_row=row, newer=newer, newer_row=newer_row, column=column)
