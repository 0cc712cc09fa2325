"""Which figures the report shows, from the same records as its tables."""

from __future__ import annotations

from pipelines.report import figures
from pipelines.report.content import Figure, Record
from pipelines.report.durability import Curves
from pipelines.report.figures import Point
from pipelines.report.formats import percent, ratio
from pipelines.report.response import pick, primary_keys
from pipelines.report.tables import CutData, Group


def response(data: CutData, made: dict[str, list[Record]]) -> tuple[Figure, ...]:
    """Returns one figure each for response and remission of the primary definition."""
    drawn = []
    for measure, records in made.items():
        cells = pick(records, **primary_keys(data), aperiod=None)
        visits = list(dict.fromkeys(cell["avisit"] for cell in cells))
        series = [
            (
                group,
                [
                    Point(value=cell["percent"], low=cell["low"], high=cell["high"], n=cell["total"])
                    for cell in pick(cells, trta=group.code)
                ],
            )
            for group in data.groups
        ]
        if not visits:
            continue
        title = f"{measure.capitalize()} by visit, percent with 95 % interval. " + _spoken(data, cells)
        svg = figures.by_visit(
            measure,
            title,
            f"{measure.capitalize()}, %",
            [(visit, data.visit_label(visit)) for visit in visits],
            series,
            percent=True,
        )
        caption = (
            f"{measure.capitalize()} by visit: percent of n, with 95 % Wilson intervals. Visits are evenly spaced,"
            " whatever the days between them."
        )
        drawn.append(Figure(svg=svg, caption=caption))
    return tuple(drawn)


def _spoken(data: CutData, cells: list[Record]) -> str:
    """Returns the last visit's figures in words, for a reader who does not see the drawing."""
    last = [cell for cell in cells if cell["avisit"] == cells[-1]["avisit"]]
    labels = {group.code: group.label for group in data.groups}
    spoken = "; ".join(
        f"{labels[cell['trta']]} {percent(cell['percent'])} ({ratio(cell['events'], cell['total'])})" for cell in last
    )
    return f"At {data.visit_label(cells[-1]['avisit'])}: {spoken}. All numbers are in the table below."


def change(data: CutData, made: list[Record]) -> tuple[Figure, ...]:
    """Returns mean change from baseline over visits, one figure for each instrument."""
    drawn = []
    for paramcd in dict.fromkeys(record["paramcd"] for record in made):
        records = [record for record in made if record["paramcd"] == paramcd]
        visits = list(dict.fromkeys(record["avisit"] for record in records))
        if len(visits) < 2:
            continue
        series = [(group, [_point(records, visit, group) for visit in visits]) for group in data.groups]
        labels = [(visit, "Baseline" if visit == "BASELINE" else data.visit_label(visit)) for visit in visits]
        title = (
            f"Mean change in {paramcd} from baseline by visit, with 95 % interval. All numbers are in the table below."
        )
        svg = figures.by_visit(
            f"change-{paramcd.lower()}", title, f"Mean change in {paramcd}", labels, series, percent=False
        )
        caption = (
            f"Mean change in {paramcd} from baseline, with 95 % t intervals; n under the axis. Lower is better."
            " Visits are evenly spaced, whatever the days between them."
        )
        drawn.append(Figure(svg=svg, caption=caption))
    return tuple(drawn)


def _point(records: list[Record], visit: str, group: Group) -> Point:
    found = [record for record in records if record["avisit"] == visit and record["trta"] in (group.code, "ALL")]
    if not found:
        return Point(value=None, low=None, high=None, n=0)
    (record,) = found
    if visit == "BASELINE":
        # Everybody starts from no change, by definition: a point without an interval.
        return Point(value=0.0 if record["n"] else None, low=None, high=None, n=record["n"])
    return Point(value=record["change_mean"], low=record["change_low"], high=record["change_high"], n=record["n"])


def durability(data: CutData, made: Curves) -> tuple[Figure, ...]:
    """Returns one Kaplan-Meier figure for each parameter that anybody entered."""
    drawn = []
    for parameter in data.study.durability:
        curves = [(group, made[parameter.paramcd][group.code]) for group in data.groups]
        if not any(curve.n for _, curve in curves):
            continue
        name = f"durability-{parameter.paramcd.lower()}"
        spoken = "; ".join(f"{group.label}: {curve.events} events in {curve.n} subjects" for group, curve in curves)
        title = f"{parameter.param}, Kaplan-Meier. {spoken}. Medians and rates are in the table below."
        svg = figures.survival(name, title, "Without the event, %", curves)
        caption = (
            f"{parameter.param}: Kaplan-Meier estimate. Vertical ticks: follow-up ended without the event. At risk:"
            " subjects still followed and without the event just before that day."
        )
        drawn.append(Figure(svg=svg, caption=caption))
    return tuple(drawn)
