"""Published figures (benchmarks.yml) laid beside the study's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.report.content import Record, Section, Table
from pipelines.report.formats import MISSING, percent, ratio
from pipelines.report.response import pick, primary_keys
from pipelines.report.tables import CutData

if TYPE_CHECKING:
    from pipelines.study.visits import Visit

PUBLISHED = Path(__file__).with_name("benchmarks.yml")
# How far, in days, a study's visit may lie from the published one and still stand beside it.
_NEAR = {2: 1, 21: 7, 28: 4, 56: 7}


def published() -> list[Record]:
    """Returns the published figures as records."""
    import yaml

    figures: list[Record] = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    return figures


def section(data: CutData, made: dict[str, list[Record]], durability: list[Record]) -> tuple[Section, list[Record]]:
    """Returns the panel and its rows as records."""
    rows = [{**figure, "own": _own(data, figure, made, durability)} for figure in published()]
    table = Table(
        caption="Published figures and this study's own",
        columns=("Source", "What", "Published", "This study"),
        rows=tuple(
            (f"{row['source']} ({row['citation']})", row["definition"], row["published"], row["own"]) for row in rows
        ),
        grouped=True,
        words=frozenset({1, 2, 3}),
    )
    panel = Section(
        anchor="benchmarks",
        title="Beside published trials",
        sentence="What others found with their own definitions, populations and comparators.",
        help=(
            (
                "For orientation only: definitions, populations, doses, comparators and visits differ, so a difference"
                " between rows is no estimate of anything. This study's figure is its primary definition at the planned"
                f" visit nearest to the published one; {MISSING} where it has none close enough."
            ),
        ),
        tables=(table,),
    )
    return panel, rows


def _own(data: CutData, figure: Record, made: dict[str, list[Record]], durability: list[Record]) -> str:
    if figure["measure"] == "durability":
        return _relapses(data, durability)
    visit = _nearest(data, figure["day"])
    if visit is None:
        return MISSING
    cells = pick(made[figure["measure"]], **primary_keys(data), aperiod=None, avisit=visit.visit)
    labels = {group.code: group.short for group in data.groups}
    parts = [
        f"{labels[cell['trta']]} {ratio(cell['events'], cell['total'])} ({percent(cell['percent'])})"
        for cell in cells
        if cell["total"]
    ]
    return f"{visit.label}: {'; '.join(parts)}" if parts else MISSING


def _nearest(data: CutData, day: int | None) -> Visit | None:
    if day is None:
        return None
    near = [
        (abs(visit.day - day), visit.day, visit)
        for visit in data.study.visits
        if visit.day is not None and not visit.baseline and abs(visit.day - day) <= _NEAR.get(day, 0)
    ]
    return min(near, key=lambda entry: entry[:2])[2] if near else None


def _relapses(data: CutData, durability: list[Record]) -> str:
    if not data.study.durability:
        return MISSING
    first = data.study.durability[0]
    labels = {group.code: group.short for group in data.groups}
    parts = [
        f"{labels[record['trta']]} {ratio(record['events'], record['n'])}"
        f" ({percent(100 * record['events'] / record['n'])})"
        for record in durability
        if record["paramcd"] == first.paramcd and record["n"]
    ]
    return f"{first.param}: {'; '.join(parts)}" if parts else MISSING
