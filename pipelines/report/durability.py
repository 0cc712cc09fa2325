"""Durability: how long the benefit lasts, by Kaplan-Meier, for each time-to-event parameter of the study file."""

from __future__ import annotations

from pipelines.report import comparisons, interval_censored, retention
from pipelines.report.content import Record, Section, Table
from pipelines.report.formats import MISSING, count, interval, number, p_value, percent, text
from pipelines.report.survival import Curve, curve, logrank_p
from pipelines.report.tables import CutData

# Days at which a rate is read off each curve where the study file names none: one, four, twelve and 24 weeks.
LANDMARKS = (7, 28, 84, 168)
_LANDMARKS_SHOWN = 3
_NO_TEST = "No test between arms"

Curves = dict[str, dict[str, Curve]]


def curves(data: CutData) -> Curves:
    """Returns a curve for each parameter and group."""
    rows = data.rows("select paramcd, trta, aval, cnsr from durability where aval is not null order by all")
    return {
        parameter.paramcd: {
            group.code: _curve(
                [
                    row
                    for row in rows
                    if row["paramcd"] == parameter.paramcd and data.group_of(row["trta"]) == group.code
                ]
            )
            for group in data.groups
        }
        for parameter in data.study.durability
    }


def _curve(rows: list[Record]) -> Curve:
    return curve([row["aval"] for row in rows], [row["cnsr"] == 1 for row in rows])


def landmarks(data: CutData, made: Curves) -> dict[str, tuple[int, ...]]:
    """Returns for each parameter the study file's landmark days, or some of ours, within the follow-up of any group."""
    found = {}
    for parameter in data.study.durability:
        longest = max((group.ends[-1] for group in made[parameter.paramcd].values() if group.ends), default=0)
        asked = tuple(day for day in sorted(set(parameter.landmarks.days)) if day <= longest)
        ours = tuple(day for day in LANDMARKS if day <= longest)[-_LANDMARKS_SHOWN:]
        found[parameter.paramcd] = asked if parameter.landmarks.days else ours
    return found


def records(data: CutData, made: Curves) -> list[Record]:
    """Returns n, events, median and landmark rates by parameter and group."""
    result: list[Record] = []
    days = landmarks(data, made)
    for paramcd, of_parameter in made.items():
        for group in data.groups:
            one = of_parameter[group.code]
            middle, low, high = one.median
            record: Record = {
                "paramcd": paramcd, "trta": group.code, "n": one.n, "events": one.events,
                "median_days": middle, "median_low": low, "median_high": high,
            }  # fmt: skip
            for day in days[paramcd]:
                rate, rate_low, rate_high = one.rate(day)
                record[f"day_{day}"] = {"rate": rate, "low": rate_low, "high": rate_high, "at_risk": one.at_risk(day)}
            result.append(record)
    return result


def endings(data: CutData) -> list[Record]:
    """Returns how follow-up ended: counts by parameter, group and event or censoring reason."""
    rows = data.rows(
        "select paramcd, trta, cnsr, coalesce(evntdesc, cnsdtdsc) as reason, count(*) as n from durability"
        " group by all order by all"
    )
    keys = sorted({(row["paramcd"], row["cnsr"], str(row["reason"] or "not recorded")) for row in rows})
    return [
        {
            "paramcd": paramcd,
            "cnsr": cnsr,
            "reason": reason,
            **{
                group.code: sum(
                    row["n"]
                    for row in rows
                    if (row["paramcd"], row["cnsr"], str(row["reason"] or "not recorded")) == (paramcd, cnsr, reason)
                    and data.group_of(row["trta"]) == group.code
                )
                for group in data.groups
            },
        }
        for paramcd, cnsr, reason in keys
    ]


def comparison(data: CutData, of_parameter: dict[str, Curve]) -> str:
    """Returns the log-rank test with n and method, or why there is none."""
    groups = [of_parameter[group.code] for group in data.groups]
    if reason := comparisons.why_none(data, _NO_TEST, "a log-rank test needs"):
        return reason
    found = logrank_p(*groups)
    if found is None:
        return f"{_NO_TEST}: too few subjects or events."
    sizes = " and ".join(f"{group.short} n = {count(one.n)}" for group, one in zip(data.groups, groups, strict=True))
    shown = f"p {p_value(found)}" if found < 0.001 else f"p = {p_value(found)}"
    return (
        f"Log-rank test, two-sided, unstratified: {shown} ({sizes}). It compares those who reached the start, a group"
        " chosen after randomisation; it is descriptive."
    )


def section(
    data: CutData,
    made: Curves,
    statistics: list[Record],
    *,
    ends: list[Record],
    bounds: list[Record],
    retained: list[Record],
    episodes: list[Record],
) -> Section:
    """Returns the section without its figures."""
    tables: list[Table] = []
    for parameter in data.study.durability:
        of_parameter = made[parameter.paramcd]
        days = landmarks(data, made)[parameter.paramcd]
        labels = {group.code: group.short for group in data.groups}
        chosen = [record for record in statistics if record["paramcd"] == parameter.paramcd]
        tables.append(
            Table(
                caption=f"{parameter.param}: subjects, events, median and rates still without the event",
                columns=("Arm", "n", "Events", "Censored", "Median days", "95 % interval", *_day_heads(days)),
                rows=tuple(
                    (
                        labels[record["trta"]],
                        count(record["n"]),
                        count(record["events"]),
                        count(record["n"] - record["events"]),
                        _days(record),
                        interval(record["median_low"], record["median_high"], 0),
                        *_day_cells(record, days),
                    )
                    for record in chosen
                ),
                notes=(comparison(data, of_parameter), f"{MISSING}: not reached, or beyond the follow-up."),
            )
        )
        kept = [record for record in retained if record["paramcd"] == parameter.paramcd]
        if kept:
            tables.append(retention.table(data, parameter.param, kept))
        rows = [record for record in ends if record["paramcd"] == parameter.paramcd]
        tables.append(
            Table(
                caption=f"{parameter.param}: how follow-up ended",
                columns=("Ended by", "Reason", *labels.values()),
                rows=tuple(
                    (
                        "Censored" if row["cnsr"] else "Event",
                        text(row["reason"]).capitalize(),
                        *(count(row[code]) for code in labels),
                    )
                    for row in rows
                ),
                heads=2,
                grouped=True,
            )
        )
        known_between = [record for record in bounds if record["paramcd"] == parameter.paramcd]
        if known_between:
            tables.append(interval_censored.table(parameter.param, known_between))
    if any(record["episodes"] for record in episodes):
        tables.append(retention.episodes_table(data, episodes))
    return Section(
        anchor="durability",
        title="Durability",
        sentence="How long it was until relapse or loss, among subjects who reached response or remission.",
        help=(
            (
                "Kaplan-Meier estimates with 95 % log-log intervals. Time runs from the first visit at which the"
                " start was seen (or from the randomisation, where the study file says so), that day counted as day 1."
                " An event by score is only known to lie between two assessments; the bounds are in the table"
                " durability, and doses while somebody is followed in durability_intervals."
            ),
            (
                "Small vertical ticks mark subjects whose follow-up ended without the event (censored). The right end"
                " of a curve rests on the few subjects still at risk there, and so may its median."
            ),
        ),
        tables=tuple(tables),
        sources=("durability", "durability_intervals", "retention", "response_episodes"),
    )


def _days(record: Record) -> str:
    if record["n"] == 0:
        return MISSING
    return "not reached" if record["median_days"] is None else number(record["median_days"], 0)


def _day_heads(days: tuple[int, ...]) -> list[str]:
    return [f"At day {day} (95 % interval)" for day in days]


def _day_cells(record: Record, days: tuple[int, ...]) -> list[str]:
    cells = []
    for day in days:
        rate = record[f"day_{day}"]
        share, low, high = (None if rate[key] is None else 100 * rate[key] for key in ("rate", "low", "high"))
        cells.append(MISSING if share is None else f"{percent(share)} ({interval(low, high)})")
    return cells
