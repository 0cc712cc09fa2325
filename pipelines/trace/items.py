"""Which test codes are items of an instrument, and what each answer adds to its total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.trace.chain import Values
from pipelines.trace.opened import OpenCut


@dataclass(frozen=True, kw_only=True)
class ItemCode:
    """One test code: the item that it is (or the collected total), and how its answer becomes points.

    Of the items of one `group` the highest counts, not their sum. `is_derived`: another instrument's code, which an
    item of the instrument itself goes before.
    """

    item: str
    label: str
    is_total: bool
    is_scored: bool = True
    is_derived: bool = False
    is_yes_no: bool = False
    factor: float = 1
    addend: float = 0
    group: object = None

    def points(self, record: Values) -> float | None:
        """Returns what a record counts: its answer, turned around or weighted; None without one, or if not scored."""
        answer = record["qsstresn"]
        if answer is None and self.is_yes_no:
            answer = {"Y": 1.0, "N": 0.0}.get(record["qsorres"])
        if answer is None or not (self.is_total or self.is_scored):
            return None
        return self.addend + self.factor * float(answer)


def item_codes(cut: OpenCut, paramcd: str) -> dict[str, ItemCode]:
    """Returns the test codes of an instrument as the cut was made with them: of the catalogue, or the study's own."""
    labels = {one["qstestcd"]: str(one["item"]) for one in cut.reference("instrument_items", paramcd=paramcd)}
    declared = cut.parameters("instrument_codes", paramcd=paramcd)
    return {str(one["qstestcd"]): _declared(one, labels) for one in declared}


def _declared(one: Values, labels: dict[str, str]) -> ItemCode:
    item = str(one["item_testcd"])
    return ItemCode(
        item=item,
        label="total as collected" if one["is_total"] else str(one.get("label") or labels.get(item) or item),
        is_total=bool(one["is_total"]),
        is_scored=bool(one["is_scored"]),
        is_derived=bool(one["is_derived"]),
        is_yes_no=bool(one["is_yes_no"]),
        factor=float(one["factor"]),
        addend=float(one["addend"]),
        group=one["highest_group"],
    )


def sum_of_points(records: Sequence[Values], codes: dict[str, ItemCode]) -> float | None:
    """Returns what the answered items of an assessment add up to; None where none is answered."""
    highest: dict[object, float] = {}
    for record in records:
        code = codes[record["qstestcd"]]
        points = code.points(record)
        if points is not None and not code.is_total:
            part = code.item if code.group is None else code.group
            highest[part] = max(points, highest.get(part, points))
    return round(sum(highest.values()), 4) if highest else None
