"""Peaks after each dose, and what called for a look at a subject, by arm."""

from __future__ import annotations

from pipelines.report.content import Record, Table
from pipelines.report.estimates import proportion, spread
from pipelines.report.formats import count, interval, number, percent, ratio, text
from pipelines.report.tables import CutData
from pipelines.report.treatment import treated


def session_peaks(data: CutData) -> tuple[Table | None, list[Record]]:
    """Returns the peak of each score or vital sign that the study file looks for, dose by dose and group by group."""
    rows = data.rows(
        "select paramcd, param, crit1, dose_number, trta, usubjid, aval, crit1fl from session_peaks order by all"
    )
    made: list[Record] = []
    for sought in data.study.safety.session_peaks:
        chosen = [row for row in rows if row["paramcd"] == sought.paramcd]
        for dose in sorted({row["dose_number"] for row in chosen}):
            for group in data.groups:
                cell = [
                    row for row in chosen if row["dose_number"] == dose and data.group_of(row["trta"]) == group.code
                ]
                peaks = spread(row["aval"] for row in cell)
                beyond = proportion(sum(row["crit1fl"] == "Y" for row in cell), len(cell))
                made.append(
                    {
                        "paramcd": sought.paramcd, "rule": chosen[0]["crit1"], "dose_number": dose, "trta": group.code,
                        "group": group.short, "n": peaks.n, "median": peaks.median,
                        "lower_quartile": peaks.lower_quartile, "upper_quartile": peaks.upper_quartile,
                        "min": peaks.low, "max": peaks.high,
                        "beyond": None if sought.limit is None else beyond.events,
                        "percent": None if sought.limit is None else beyond.percent,
                    }
                )  # fmt: skip
    if not made:
        return None, []
    table = Table(
        caption="Peak after each dose",
        columns=("What, dose", "Arm", "Sessions", "Median", "Quartiles", "Range", "Beyond the limit n/N", "%"),
        rows=tuple(
            (
                f"{record['rule'] or record['paramcd']}, dose {record['dose_number']}", record["group"],
                count(record["n"]), number(record["median"]),
                interval(record["lower_quartile"], record["upper_quartile"]), interval(record["min"], record["max"], 0),
                ratio(record["beyond"], record["n"]), percent(record["percent"]),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
        notes=("n/N: sessions with a peak beyond the study file's limit, of sessions with a value after the dose.",),
    )  # fmt: skip
    return table, made


def alerts(data: CutData) -> tuple[Table | None, list[Record]]:
    """Returns subjects with at least one alert since the first dose, and alerts, by rule and group."""
    rows = data.rows(
        "select alert, rule, section, trta, usubjid, count(*) as n from safety_alerts"
        " where coalesce(after_first_dose_fl, 'Y') = 'Y' group by all order by all"
    )
    dosed = treated(data)
    made: list[Record] = []
    for alert, rule, section in sorted({(row["alert"], row["rule"], row["section"] or "") for row in rows}):
        for group in data.groups:
            cell = [
                row
                for row in rows
                if (row["alert"], row["rule"]) == (alert, rule) and data.group_of(row["trta"]) == group.code
            ]
            subjects, total = len({row["usubjid"] for row in cell}), dosed[group.code]
            made.append(
                {
                    "alert": alert, "rule": rule, "section": section, "trta": group.code, "group": group.short,
                    "subjects": subjects, "dosed": total, "percent": 100 * subjects / total if total else None,
                    "alerts": sum(row["n"] for row in cell),
                }
            )  # fmt: skip
    if not made:
        return None, []
    table = Table(
        caption="Safety alerts since the first dose",
        columns=("Alert", "Arm", "Protocol section", "Subjects n/N", "%", "Alerts"),
        rows=tuple(
            (
                f"{record['alert'].capitalize()}: {record['rule']}", record["group"], text(record["section"]),
                ratio(record["subjects"], record["dosed"]), percent(record["percent"]), count(record["alerts"]),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
        words=frozenset({2}),
        notes=("n/N: subjects with at least one such alert, of subjects dosed. Each alert's row is in safety_alerts.",),
    )  # fmt: skip
    return table, made
