"""Scores by visit and their change from baseline, for each instrument of an endpoint."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product

from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import mean
from pipelines.report.formats import count, interval, number
from pipelines.report.tables import CutData, Group

_ALL = Group(code="ALL", label="All analysed", mark=0)


def records(data: CutData) -> list[Record]:
    """Returns mean score and mean change with n, by instrument, planned visit and group.

    Analysed subjects, observed values. The rows of the baseline visit have no change.
    """
    return [
        record
        for paramcd in dict.fromkeys(endpoint.instrument for endpoint in data.study.endpoints)
        for record in _instrument(data, paramcd)
    ]


def _instrument(data: CutData, paramcd: str) -> list[Record]:
    rows = data.rows(
        "select adqs.avisit, adqs.trta, adqs.aval, adqs.base, adqs.ablfl from adqs"
        " inner join adsl on adqs.usubjid = adsl.usubjid and adsl.analysfl = 'Y'"
        " where adqs.paramcd = ? and adqs.aval is not null and (adqs.anl01fl = 'Y' or adqs.ablfl = 'Y')"
        " order by all",
        [paramcd],
    )
    made = []
    baseline = [row for row in rows if row["ablfl"] == "Y"]
    # A crossover's one baseline lies before any arm, so it has no group of its own.
    alone = data.crossover and not data.blinded
    for group in (_ALL,) if alone else data.groups:
        values = [row["aval"] for row in baseline if alone or data.group_of(row["trta"]) == group.code]
        made.append(_record(paramcd, "BASELINE", group, values, []))
    later = [row for row in rows if row["ablfl"] != "Y" and row["base"] is not None]
    start = max((visit.visitnum for visit in data.study.visits if visit.baseline), default=float("-inf"))
    ordered = sorted(data.study.visits, key=lambda visit: visit.visitnum)
    planned = [visit.visit for visit in ordered if visit.visitnum > start]
    for visit, group in product(planned, data.groups):
        chosen = [row for row in later if row["avisit"] == visit and data.group_of(row["trta"]) == group.code]
        if not any(row["avisit"] == visit for row in later):
            continue
        values = [row["aval"] for row in chosen]
        made.append(_record(paramcd, visit, group, values, [row["aval"] - row["base"] for row in chosen]))
    return made


def _record(paramcd: str, visit: str, group: Group, values: list[float], changes: list[float]) -> Record:
    score, change = mean(values), mean(changes)
    return {
        "paramcd": paramcd,
        "avisit": visit,
        "trta": group.code,
        "group": group.short,
        **asdict(score),
        **{f"change_{key}": value for key, value in asdict(change).items() if key != "n"},
    }


def section(data: CutData, made: list[Record]) -> Section:
    """Returns the section without its figures."""
    tables = tuple(
        Table(
            caption=f"{paramcd}: score and change from baseline, observed values",
            columns=("Visit", "Arm", "n", "Mean", "SD", "Mean change", "SD of change", "95 % interval of change"),
            rows=tuple(
                (
                    "Baseline" if row["avisit"] == "BASELINE" else data.visit_label(row["avisit"]),
                    row["group"],
                    count(row["n"]),
                    number(row["mean"], 2),
                    number(row["sd"], 2),
                    number(row["change_mean"], 2),
                    number(row["change_sd"], 2),
                    interval(row["change_low"], row["change_high"], 2),
                )
                for row in made
                if row["paramcd"] == paramcd
            ),
            heads=2,
            grouped=True,
        )
        for paramcd in dict.fromkeys(row["paramcd"] for row in made)
    )
    return Section(
        anchor="change",
        title="Change from baseline",
        sentence="How far scores fell from baseline, on average, at each planned visit.",
        help=(
            (
                "Analysed subjects with both a baseline and a value at the visit; nothing is imputed. Intervals are"
                " 95 % t intervals of the mean. These are plain means: they are not adjusted for baseline or site,"
                " and subjects who left are not in later means."
            ),
        ),
        tables=tables,
        sources=("adqs",),
    )
