"""Which test codes are items of an instrument, and what each answer adds to its total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.trace.chain import Values
from pipelines.trace.opened import OpenCut


@dataclass(frozen=True, kw_only=True)
class ItemCode:
    """One test code: the item that it is (or the collected total), and how its answer becomes points.

    Items of one `component` add the highest of their points, not all of them.
    """

    item: str
    label: str
    is_total: bool
    is_scored: bool = True
    factor: float = 1
    addend: float = 0
    component: object = None

    def points(self, answer: float) -> float:
        """Returns what an answer adds to the total."""
        return float(self.addend) + float(self.factor) * answer


def item_codes(cut: OpenCut, paramcd: str) -> dict[str, ItemCode]:
    """Returns the test codes of an instrument as the cut was made with them."""
    labels = {one["qstestcd"]: str(one["item"]) for one in cut.reference("instrument_items", paramcd=paramcd)}
    declared = cut.parameters("instrument_codes", paramcd=paramcd)
    if not declared:
        items = {code: ItemCode(item=code, label=label, is_total=False) for code, label in labels.items()}
        total = f"{paramcd}TOT"
        return items | {total: ItemCode(item=total, label="total as collected", is_total=True)}
    return {str(one["qstestcd"]): _declared(one, labels) for one in declared}


def _declared(one: Values, labels: dict[str, str]) -> ItemCode:
    item = str(one["item_testcd"])
    return ItemCode(
        item=item,
        label="total as collected" if one["is_total"] else labels.get(item, f"item {one['item']}"),
        is_total=bool(one["is_total"]),
        is_scored=bool(one["is_scored"]),
        factor=float(one["factor"]),
        addend=float(one["addend"]),
        component=one["component_bit"],
    )


def sum_of_points(records: Sequence[Values], codes: dict[str, ItemCode]) -> float | None:
    """Returns what the answered items of an assessment add up to; None where none is answered."""
    highest: dict[object, float] = {}
    for record in records:
        code = codes[record["qstestcd"]]
        if record["qsstresn"] is None or code.is_total or not code.is_scored:
            continue
        points = code.points(record["qsstresn"])
        part = code.item if code.component is None else code.component
        highest[part] = max(points, highest.get(part, points))
    return round(sum(highest.values()), 4) if highest else None
