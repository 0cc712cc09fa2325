"""The instrument catalogue: data in `dbt_project/seeds`, read by landing (ranges) and by dbt (scoring) alike."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A rating scale: its total's range and its items' ranges, by test code."""

    paramcd: str
    param: str
    total_range: tuple[int, int]
    item_ranges: dict[str, tuple[int, int]]

    @property
    def total_testcd(self) -> str:
        """The test code of a collected total."""
        return f"{self.paramcd}TOT"

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Allowed values by test code: every item and the collected total."""
        return {**self.item_ranges, self.total_testcd: self.total_range}

    def item_testcd(self, number: int) -> str:
        """Returns the test code of item `number` (1 = first)."""
        return f"{self.paramcd}{number:02d}"


@cache
def catalogue() -> dict[str, Instrument]:
    """Returns the instruments by their code (MADRS, HAMD17, ...)."""
    items: dict[str, dict[str, tuple[int, int]]] = {}
    for row in _rows("instrument_items.csv"):
        items.setdefault(row["paramcd"], {})[row["qstestcd"]] = (int(row["item_min"]), int(row["item_max"]))
    return {
        row["paramcd"]: Instrument(
            paramcd=row["paramcd"],
            param=row["param"],
            total_range=(int(row["total_min"]), int(row["total_max"])),
            item_ranges=items[row["paramcd"]],
        )
        for row in _rows("instruments.csv")
    }


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
