"""Durability once more, as what is known: a relapse lies between two assessments (Turnbull beside Kaplan-Meier)."""

from __future__ import annotations

from pipelines.report.content import Record, Table
from pipelines.report.formats import MISSING, count, interval, percent
from pipelines.report.survival import IntervalCurve, interval_curve
from pipelines.report.tables import CutData


def records(data: CutData, days: dict[str, tuple[int, ...]]) -> list[Record]:
    """Returns bounds of the share without the event by parameter, group and landmark day (`days`, by parameter)."""
    rows = data.rows(
        "select paramcd, trta, lower_days, upper_days from durability where lower_days is not null order by all"
    )
    made: list[Record] = []
    for paramcd, landmarks in days.items():
        for group in data.groups:
            chosen = [row for row in rows if row["paramcd"] == paramcd and data.group_of(row["trta"]) == group.code]
            curve = interval_curve([row["lower_days"] for row in chosen], [row["upper_days"] for row in chosen])
            longest = max((row["upper_days"] or row["lower_days"] for row in chosen), default=0)
            made += [_record(paramcd, group.code, group.short, day, curve, longest) for day in landmarks]
    return made


def _record(paramcd: str, code: str, label: str, day: int, curve: IntervalCurve, longest: float) -> Record:
    low, high = curve.rate(day) if curve.n and day <= longest else (None, None)
    return {"paramcd": paramcd, "trta": code, "group": label, "day": day, "n": curve.n, "low": low, "high": high}


def table(param: str, made: list[Record]) -> Table:
    """Returns a parameter's table from its records."""
    return Table(
        caption=f"{param}: share without the event where its day is known only between two assessments",
        columns=("Day", "Arm", "n", "Without the event"),
        rows=tuple(
            (f"Day {row['day']}", row["group"], count(row["n"]), _share(row))
            for row in sorted(made, key=lambda row: row["day"])
        ),
        heads=2,
        grouped=True,
        notes=(
            (
                "Turnbull's estimate for interval-censored times (Greenwood). Two values: the landmark lies within an"
                " interval in which the estimate falls, and data cannot say where."
            ),
        ),
    )


def _share(row: Record) -> str:
    low, high = row["low"], row["high"]
    if low is None or high is None:
        return MISSING
    return percent(100 * high) if high - low < 5e-4 else f"{interval(100 * low, 100 * high)} %"
