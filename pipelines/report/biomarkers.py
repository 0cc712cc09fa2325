"""Biomarkers of neuroplasticity and inflammation: level, change and ratio to baseline, by visit and arm."""

from __future__ import annotations

from itertools import product

from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import mean, spread
from pipelines.report.formats import count, interval, number
from pipelines.report.tables import CutData


def section(data: CutData) -> tuple[Section | None, list[Record]]:
    """Returns the biomarker section, or None when no analyte of the study file was delivered."""
    rows = data.rows(
        "select paramcd, avisit, atpt, avisitn, trta, aval, chg, ratio_to_base, blqfl, ablfl from biomarkers"
        " where aval is not null or blqfl = 'Y' order by all"
    )
    made = []
    for code, analyte in data.study.biomarkers.items():
        of_code = [row for row in rows if row["paramcd"] == code]
        times = sorted({(row["avisitn"] or 0.0, row["avisit"] or "", row["atpt"] or "") for row in of_code})
        for (_, visit, timepoint), group in product(times, data.groups):
            cell = [
                row
                for row in of_code
                if ((row["avisit"] or ""), row["atpt"] or "") == (visit, timepoint)
                and data.group_of(row["trta"]) == group.code
            ]
            change = mean(row["chg"] for row in cell if row["chg"] is not None and row["ablfl"] != "Y")
            made.append(
                {
                    "paramcd": code, "unit": analyte.unit, "label": analyte.label, "avisit": visit, "atpt": timepoint,
                    "trta": group.code, "group": group.short, "n": len(cell),
                    "below_quantification": sum(row["blqfl"] == "Y" for row in cell),
                    "median": spread(row["aval"] for row in cell if row["aval"] is not None).median,
                    "change_n": change.n, "change_mean": change.mean, "change_low": change.low,
                    "change_high": change.high,
                    "ratio_median": spread(
                        row["ratio_to_base"] for row in cell if row["ratio_to_base"] is not None and row["ablfl"] != "Y"
                    ).median,
                }
            )  # fmt: skip
    if not made:
        return None, []
    return _section(data, made), made


def _section(data: CutData, made: list[Record]) -> Section:
    tables = []
    for code in dict.fromkeys(record["paramcd"] for record in made):
        chosen = [record for record in made if record["paramcd"] == code]
        tables.append(
            Table(
                caption=f"{chosen[0]['label']} ({chosen[0]['unit']})",
                columns=(
                    "Visit", "Arm", "n", "Below quantification", "Median", "n with change", "Mean change",
                    "95 % interval", "Median ratio to baseline",
                ),
                rows=tuple(
                    (
                        f"{data.visit_label(record['avisit'])} {record['atpt'].lower()}".strip(), record["group"],
                        count(record["n"]), count(record["below_quantification"]), number(record["median"], 2),
                        count(record["change_n"]), number(record["change_mean"], 2),
                        interval(record["change_low"], record["change_high"], 2), number(record["ratio_median"], 2),
                    )
                    for record in chosen
                ),
                heads=2,
                grouped=True,
            )
        )  # fmt: skip
    return Section(
        anchor="biomarkers",
        title="Biomarkers",
        sentence="How markers of neuroplasticity and inflammation moved from baseline.",
        help=(
            (
                "Results are converted to one unit each. Results below the limit of quantification are counted"
                " apart, and enter the other columns with the value the table biomarkers gives them. Mean change has"
                " a 95 % t interval."
            ),
        ),
        tables=tuple(tables),
        sources=("biomarkers",),
    )
