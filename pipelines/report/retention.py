"""Who kept the response: observed shares at the study file's landmarks, and episodes of response with doses around."""

from __future__ import annotations

from pipelines.report.content import Record, Table
from pipelines.report.estimates import proportion
from pipelines.report.formats import MISSING, count, interval, number, percent, ratio
from pipelines.report.tables import CutData


def records(data: CutData) -> list[Record]:
    """Returns by parameter, landmark and group how many kept it, of how many that is known, and of how many not."""
    rows = data.rows(
        "select paramcd, landmark, trta, count(*) filter (where retainfl = 'Y') as retained,"
        " count(retainfl) as known, count(*) - count(retainfl) as not_known from retention group by all order by all"
    )
    made: list[Record] = []
    for parameter in data.study.durability:
        for landmark in (*(f"DAY {day}" for day in parameter.landmarks.days), *parameter.landmarks.visits):
            for group in data.groups:
                chosen = [
                    row
                    for row in rows
                    if (row["paramcd"], row["landmark"]) == (parameter.paramcd, landmark)
                    and data.group_of(row["trta"]) == group.code
                ]
                sums = {key: sum(row[key] for row in chosen) for key in ("retained", "known", "not_known")}
                share = proportion(sums["retained"], sums["known"])
                made.append(
                    {"paramcd": parameter.paramcd, "landmark": landmark, "trta": group.code, **sums}
                    | {"percent": share.percent, "low": share.low, "high": share.high}
                )
    return made


def table(data: CutData, param: str, made: list[Record]) -> Table:
    """Returns a parameter's table from its records."""
    labels = {group.code: group.short for group in data.groups}
    return Table(
        caption=f"{param}: still without the event at each landmark, as observed",
        columns=("Landmark", "Arm", "Without the event", "%", "95 % interval", "Not known"),
        rows=tuple(
            (
                _landmark(data, row["landmark"]), labels[row["trta"]], ratio(row["retained"], row["known"]),
                percent(row["percent"]), interval(row["low"], row["high"]), count(row["not_known"]),
            )
            for row in made
        ),
        heads=2,
        grouped=True,
        notes=(
            (
                "Of those of whom it is known; not known of those censored before the landmark. Kaplan-Meier above uses"
                " them too. A visit lies on the day on which the subject was seen at it."
            ),
        ),
    )  # fmt: skip


def _landmark(data: CutData, code: str) -> str:
    return code.capitalize() if code.startswith("DAY ") else data.visit_label(code)


def episodes(data: CutData) -> list[Record]:
    """Returns by endpoint and group: responders, episodes, their days, doses after their end, responses regained."""
    rows = data.rows(
        "select endpoint, trta, usubjid, aperiod, episode, aval, cnsr, redosedfl, days_to_next"
        " from response_episodes order by all"
    )
    endpoints = dict.fromkeys(parameter.endpoint for parameter in data.study.durability)
    made: list[Record] = []
    for endpoint in endpoints:
        for group in data.groups:
            chosen = [row for row in rows if row["endpoint"] == endpoint and data.group_of(row["trta"]) == group.code]
            ended = [row for row in chosen if row["cnsr"] == 0]
            record: Record = {
                "endpoint": endpoint, "trta": group.code, "responders": len({row["usubjid"] for row in chosen}),
                "episodes": len(chosen), "ended": len(ended), "median_days_of_ended": _median(ended),
            }  # fmt: skip
            for name, flag in (("dosed", "Y"), ("not_dosed", "N")):
                after = [row for row in ended if row["redosedfl"] == flag]
                record[name] = len(after)
                record[f"{name}_regained"] = sum(row["days_to_next"] is not None for row in after)
            made.append(record)
    return made


def _median(rows: list[Record]) -> float | None:
    from statistics import median

    return median(row["aval"] for row in rows) if rows else None


def episodes_table(data: CutData, made: list[Record]) -> Table:
    """Returns the table of episodes of all endpoints that durability is about."""
    labels = {group.code: group.short for group in data.groups}
    return Table(
        caption="Episodes of response: lost, dosed again, regained",
        columns=("Endpoint", "Arm", "Responders", "Episodes", "Ended", "Median days of these", "Regained after a dose",
                 "Regained without"),
        rows=tuple(
            (
                row["endpoint"].replace("_", " ").capitalize(), labels[row["trta"]], count(row["responders"]),
                count(row["episodes"]), count(row["ended"]),
                MISSING if row["median_days_of_ended"] is None else number(row["median_days_of_ended"], 0),
                ratio(row["dosed_regained"], row["dosed"]), ratio(row["not_dosed_regained"], row["not_dosed"]),
            )
            for row in made
        ),
        heads=2,
        grouped=True,
        notes=(
            (
                "An episode is a run of consecutive assessments in response, unscheduled ones too. Regained: of the"
                " episodes that ended with a dose from that day on, and of those without one, how many another episode"
                " follows. Descriptive: whoever is dosed again differs from whoever is not."
            ),
        ),
    )  # fmt: skip
