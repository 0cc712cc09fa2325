"""What subjects received: psychotherapy sessions and doses, by arm."""

from __future__ import annotations

from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import mean, spread
from pipelines.report.formats import count, interval, number, percent, ratio
from pipelines.report.tables import CutData

_TYPES = ("PREPARATION", "DOSING", "INTEGRATION")


def treated(data: CutData) -> dict[str, int]:
    """Returns how many subjects got at least one dose, by group; in a crossover, at least one in that arm's period."""
    source = "exposure" if data.crossover else "adsl where saffl = 'Y'"
    rows = data.rows(f"select distinct usubjid, trta from {source}")
    return {
        group.code: len({row["usubjid"] for row in rows if data.group_of(row["trta"]) == group.code})
        for group in data.groups
    }


def therapy(data: CutData) -> tuple[Section | None, list[Record]]:
    """Returns the therapy section, or None when no session was delivered."""
    rows = data.rows(
        "select trta, usubjid, prtrt, count(*) filter (where attendedfl = 'Y') as attended,"
        " fsum(minutes) filter (where attendedfl = 'Y') as minutes,"
        " count(*) filter (where integration_window_fl = 'Y' and attendedfl = 'Y') as in_window"
        " from therapy group by all order by all"
    )
    if not rows:
        return None, []
    dosed = treated(data)
    kinds = [*_TYPES, *sorted({str(row["prtrt"]) for row in rows} - set(_TYPES))]
    made: list[Record] = []
    for kind in kinds:
        for group in data.groups:
            cell = [row for row in rows if row["prtrt"] == kind and data.group_of(row["trta"]) == group.code]
            attended = sum(row["attended"] for row in cell)
            planned = data.study.therapy.planned.get(kind)
            made.append(
                {
                    "prtrt": kind, "trta": group.code, "group": group.short,
                    "subjects": len({row["usubjid"] for row in cell if row["attended"]}), "sessions": attended,
                    "planned": planned * dosed[group.code] if planned is not None else None,
                    "minutes_per_subject": mean(row["minutes"] for row in cell if row["minutes"] is not None).mean,
                    "in_window": sum(row["in_window"] for row in cell) if kind == "INTEGRATION" else None,
                }
            )  # fmt: skip
    low, high = data.study.therapy.integration_window_days
    table = Table(
        caption="Psychotherapy sessions attended, by type",
        columns=(
            "Session", "Arm", "Subjects", "Sessions", "Of planned", "%", "Mean minutes per subject",
            f"Within days {low} to {high} after a dose",
        ),
        rows=tuple(
            (
                record["prtrt"].capitalize(), record["group"], count(record["subjects"]), count(record["sessions"]),
                ratio(record["sessions"], record["planned"]), _share(record["sessions"], record["planned"]),
                number(record["minutes_per_subject"]), ratio(record["in_window"], record["sessions"]),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
        notes=("Planned: sessions of the study file times subjects dosed; maintenance doses are not in the plan.",),
    )  # fmt: skip
    made_section = Section(
        anchor="therapy",
        title="Psychotherapy",
        sentence="How many preparation, dosing and integration sessions took place, and for how long.",
        help=(
            (
                "Sessions recorded as attended. Integration sessions soon after a dose are shown apart, as the hours"
                " to days after dosing are the window of interest; the study file sets it."
            ),
        ),
        tables=(table,),
        sources=("therapy",),
    )
    return made_section, made


def _share(part: int, whole: int | None) -> str:
    return percent(100 * part / whole if whole else None)


def exposure(data: CutData) -> tuple[Section | None, list[Record]]:
    """Returns the dosing section, or None when no dose was delivered."""
    rows = data.rows("select trta, excat, usubjid, dose_mg, dose_mg_per_kg from exposure order by all")
    if not rows:
        return None, []
    made: list[Record] = []
    for category in sorted({str(row["excat"]) for row in rows if row["excat"]} or {"ALL"}):
        for group in data.groups:
            cell = [
                row for row in rows if (row["excat"] or "ALL") == category and data.group_of(row["trta"]) == group.code
            ]
            subjects: dict[str, int] = {}
            for row in cell:
                subjects[row["usubjid"]] = subjects.get(row["usubjid"], 0) + 1
            per_subject = spread(subjects.values())
            made.append(
                {
                    "excat": category, "trta": group.code, "group": group.short, "subjects": len(subjects),
                    "doses": len(cell), "doses_per_subject_median": per_subject.median,
                    "doses_per_subject_min": per_subject.low, "doses_per_subject_max": per_subject.high,
                    "dose_mg_mean": mean(row["dose_mg"] for row in cell if row["dose_mg"] is not None).mean,
                    "dose_mg_per_kg_mean": mean(
                        row["dose_mg_per_kg"] for row in cell if row["dose_mg_per_kg"] is not None
                    ).mean,
                }
            )  # fmt: skip
    table = Table(
        caption="Doses given",
        columns=(
            "Dosing", "Arm", "Subjects", "Doses", "Median per subject", "Range", "Mean mg", "Mean mg/kg",
        ),
        rows=tuple(
            (
                "Any" if record["excat"] == "ALL" else record["excat"].capitalize(), record["group"],
                count(record["subjects"]), count(record["doses"]), number(record["doses_per_subject_median"]),
                interval(record["doses_per_subject_min"], record["doses_per_subject_max"], 0),
                number(record["dose_mg_mean"]), number(record["dose_mg_per_kg_mean"], 2),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
    )  # fmt: skip
    made_section = Section(
        anchor="exposure",
        title="Dosing",
        sentence="How many doses subjects received, and how large they were.",
        help=(
            "Each recorded administration counts once. Dose per kilogram uses the weight recorded closest before it.",
        ),
        tables=(table,),
        notes=("Amounts are not shown in a blinded cut.",) if data.blinded else (),
        sources=("exposure",),
    )
    return made_section, made
