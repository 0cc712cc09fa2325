"""Safety: adverse events, vital-sign alerts and dissociation around dosing, by arm."""

from __future__ import annotations

from pipelines.report.alerts import alerts, session_peaks
from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import mean, proportion, spread
from pipelines.report.formats import count, interval, number, percent, ratio
from pipelines.report.tables import CutData
from pipelines.report.treatment import treated

DISSOCIATION = "CADSS"


def adverse_events(data: CutData) -> tuple[Table | None, list[Record]]:
    """Returns treatment-emergent events by system and term: subjects with at least one, and events, for each group."""
    rows = data.rows(
        "select coalesce(aebodsys, 'Not coded') as system, coalesce(aedecod, 'Not coded') as term, trta,"
        " usubjid, aeser, aesev, aesi, count(*) as n from adae where trtemfl = 'Y' group by all order by all"
    )
    if not rows:
        return None, []
    dosed = treated(data)
    lines: list[tuple[str, str, list[Record]]] = [
        ("Any", "Any event", rows),
        ("Any", "Any serious event", [row for row in rows if row["aeser"] == "Y"]),
        ("Any", "Any severe event", [row for row in rows if row["aesev"] == "SEVERE"]),
        *(
            ("Special interest", one.name.capitalize(), [row for row in rows if row["aesi"] == one.name])
            for one in data.study.safety.special_interest
        ),
    ]
    for system in sorted({row["system"] for row in rows}):
        of_system = [row for row in rows if row["system"] == system]
        lines.append((system, "Any event", of_system))
        lines += [
            (system, term, [row for row in of_system if row["term"] == term])
            for term in sorted({row["term"] for row in of_system})
        ]
    made: list[Record] = []
    for system, term, chosen in lines:
        cells: Record = {}
        for group in data.groups:
            of_group = [row for row in chosen if data.group_of(row["trta"]) == group.code]
            subjects, total = len({row["usubjid"] for row in of_group}), dosed[group.code]
            cells[group.code] = {
                "subjects": subjects,
                "dosed": total,
                "percent": 100 * subjects / total if total else None,
                "events": sum(row["n"] for row in of_group),
            }
        made.append({"system": system, "term": term, **cells})
    table = Table(
        caption="Treatment-emergent adverse events",
        columns=(
            "System", "Term",
            *(f"{group.short}: {part}" for group in data.groups for part in ("n/N", "%", "events")),
        ),
        rows=tuple(
            (
                record["system"], record["term"],
                *(
                    text
                    for group in data.groups
                    for text in (
                        ratio(record[group.code]["subjects"], record[group.code]["dosed"]),
                        percent(record[group.code]["percent"]),
                        count(record[group.code]["events"]),
                    )
                ),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
        notes=("n/N: subjects with at least one such event, of subjects dosed.",),
    )  # fmt: skip
    return table, made


def vital_signs(data: CutData) -> tuple[Table | None, list[Record]]:
    """Returns readings and subjects above the study file's alert limit, for each vital sign that has one."""
    rows = data.rows(
        "select paramcd, trta, usubjid, count(*) as readings, count(*) filter (where alertfl = 'Y') as alerts"
        " from advs where aval is not null group by all order by all"
    )
    made: list[Record] = []
    for code, sign in data.study.vital_signs.items():
        if sign.alert_above is None or not any(row["paramcd"] == code for row in rows):
            continue
        for group in data.groups:
            cell = [row for row in rows if row["paramcd"] == code and data.group_of(row["trta"]) == group.code]
            subjects = proportion(sum(row["alerts"] > 0 for row in cell), len(cell))
            made.append(
                {
                    "paramcd": code, "trta": group.code, "group": group.short,
                    "limit": f"{sign.label} {'>' if sign.strict else chr(0x2265)} {sign.alert_above:g} {sign.unit}",
                    "readings": sum(row["readings"] for row in cell), "alerts": sum(row["alerts"] for row in cell),
                    "subjects": subjects.events, "total": subjects.total, "percent": subjects.percent,
                }
            )  # fmt: skip
    if not made:
        return None, []
    table = Table(
        caption="Vital-sign alerts",
        columns=("Alert", "Arm", "Readings", "Alerts", "Subjects n/N", "%"),
        rows=tuple(
            (
                record["limit"], record["group"], count(record["readings"]), count(record["alerts"]),
                ratio(record["subjects"], record["total"]), percent(record["percent"]),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
        notes=("n/N: subjects with at least one alert, of subjects with a reading.",),
    )  # fmt: skip
    return table, made


def dissociation(data: CutData) -> tuple[Table | None, list[Record]]:
    """Returns each subject's peak CADSS total, summarised by group."""
    rows = data.rows(
        "select trta, usubjid, max(aval) as peak from adqs where paramcd = ? and aval is not null group by all order"
        " by all",
        [DISSOCIATION],
    )
    if not rows:
        return None, []
    made: list[Record] = []
    for group in data.groups:
        peaks = [row["peak"] for row in rows if data.group_of(row["trta"]) == group.code]
        of_group = spread(peaks)
        made.append(
            {
                "trta": group.code, "group": group.short, "n": of_group.n, "mean": mean(peaks).mean,
                "median": of_group.median, "lower_quartile": of_group.lower_quartile,
                "upper_quartile": of_group.upper_quartile, "min": of_group.low, "max": of_group.high,
            }
        )  # fmt: skip
    table = Table(
        caption="Dissociation: each subject's peak CADSS total",
        columns=("Arm", "Subjects", "Mean", "Median", "Quartiles", "Range"),
        rows=tuple(
            (
                record["group"], count(record["n"]), number(record["mean"]), number(record["median"]),
                interval(record["lower_quartile"], record["upper_quartile"]), interval(record["min"], record["max"], 0),
            )
            for record in made
        ),
    )  # fmt: skip
    return table, made


def section(data: CutData) -> tuple[Section | None, dict[str, list[Record]]]:
    """Returns the safety section, or None when nothing of it was delivered."""
    events, event_records = adverse_events(data)
    signs, sign_records = vital_signs(data)
    peaks, peak_records = dissociation(data)
    sessions, session_records = session_peaks(data)
    looked_at, looked_at_records = alerts(data)
    tables = tuple(table for table in (events, looked_at, signs, peaks, sessions) if table)
    statistics = {
        "adverse_events": event_records,
        "safety_alerts": looked_at_records,
        "vital_sign_alerts": sign_records,
        "dissociation": peak_records,
        "session_peaks": session_records,
    }
    if not tables:
        return None, statistics
    made = Section(
        anchor="safety",
        title="Safety",
        sentence="Which adverse events started on or after the first dose, and what was measured around dosing.",
        help=(
            (
                "An adverse event is treatment-emergent when it started on or after the first dose, or worsened after"
                " it where the study file says so. A subject counts once in each line, however many events it had."
                " Alert limits are the study file's."
            ),
        ),
        tables=tables,
        sources=("adae", "advs", "adqs", "session_peaks", "safety_alerts"),
    )
    return made, statistics
