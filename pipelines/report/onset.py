"""Onset and sustained response: how fast it comes and how steadily it holds, for each definition of the study file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipelines.report.content import Record, Section, Table
from pipelines.report.estimates import proportion, spread
from pipelines.report.formats import count, interval, number, percent, ratio
from pipelines.report.tables import CutData

if TYPE_CHECKING:
    from pipelines.study.onset import Onset, Sustained

_QUESTIONS = {"crit1fl": "Rapid response", "crit2fl": "Rapid response that was kept"}


def records(data: CutData) -> dict[str, list[Record]]:
    """Returns, by definition and group, who reached the first response and each criterion: n of N with its interval.

    `total` is the denominator: analysed subjects (in a crossover with a period in that arm) whose answer is known;
    `missing` those whose answer is not.
    """
    onsets = data.rows("select paramcd, trta, aval, cnsr, crit1, crit1fl, crit2, crit2fl from onset order by all")
    steady = data.rows("select paramcd, trta, crit1, crit1fl from sustained order by all")
    return {
        "onset": [
            _onset(definition.paramcd, group.code, _of(data, onsets, definition.paramcd, group.code))
            for definition in data.study.onset
            for group in data.groups
        ],
        "sustained": [
            {
                "paramcd": definition.paramcd,
                "trta": group.code,
                **_answers(_of(data, steady, definition.paramcd, group.code), "crit1fl"),
            }
            for definition in data.study.sustained
            for group in data.groups
        ],
    }


def _of(data: CutData, rows: list[Record], paramcd: str, group: str) -> list[Record]:
    return [row for row in rows if row["paramcd"] == paramcd and data.group_of(row["trta"]) == group]


def _onset(paramcd: str, group: str, rows: list[Record]) -> Record:
    days = spread(row["aval"] for row in rows if row["cnsr"] == 0 and row["aval"] is not None)
    return {
        "paramcd": paramcd, "trta": group, "n": len(rows), "reached": sum(row["cnsr"] == 0 for row in rows),
        "day_median": days.median, "day_lower_quartile": days.lower_quartile, "day_upper_quartile": days.upper_quartile,
        **{name: _answers(rows, name) for name in _QUESTIONS},
    }  # fmt: skip


def _answers(rows: list[Record], flag: str) -> Record:
    missing = sum(row[flag] is None for row in rows)
    found = proportion(sum(row[flag] == "Y" for row in rows), len(rows) - missing)
    return {
        "events": found.events, "total": found.total, "missing": missing, "percent": found.percent, "low": found.low,
        "high": found.high,
    }  # fmt: skip


def section(data: CutData, made: dict[str, list[Record]]) -> Section | None:
    """Returns the section, or None where the study file defines neither onset nor sustained response."""
    study = data.study
    if not study.onset and not study.sustained:
        return None
    labels = {group.code: group.short for group in data.groups}
    tables = [_first_table(made["onset"], labels, _names(study.onset))] if study.onset else []
    for flag, question in _QUESTIONS.items():
        asked = _names(each for each in study.onset if (each.kept if flag == "crit2fl" else each.rapid))
        answers = [(record, record[flag]) for record in made["onset"] if record["paramcd"] in asked]
        if answers:
            tables.append(_proportions(f"{question}: n/N, % and 95 % interval", answers, labels, asked))
    if study.sustained:
        names = _names(study.sustained)
        steady = [(record, record) for record in made["sustained"]]
        tables.append(_proportions("Sustained and stable: n/N, % and 95 % interval", steady, labels, names))
    return Section(
        anchor="onset",
        title="Onset and sustained response",
        sentence="How many analysed subjects responded soon, and in how many the response held visit after visit.",
        help=(
            (
                "Intervals are Wilson score intervals (95 %). The denominator is all analysed subjects whose answer is"
                " known; the others are counted as missing, never dropped. What a missed visit counts as is part of"
                " each definition, as the page Methods and inputs has it."
            ),
            (
                "Days are counted from the first dose as day 1, to the assessment at which the first response was"
                " seen: it came at some time between that one and the one before. Median and quartiles are of those"
                " who responded."
            ),
        ),
        tables=tuple(tables),
        notes=(
            ("A crossover: the same subjects are in every arm, so arms are not independent.",) if data.crossover else ()
        ),
        sources=("onset", "sustained"),
    )


def _names(definitions: Iterable[Onset | Sustained]) -> dict[str, str]:
    return {each.paramcd: f"{each.param} ({each.paramcd})" for each in definitions}


def _first_table(made: list[Record], labels: dict[str, str], names: dict[str, str]) -> Table:
    return Table(
        caption="First response: subjects, and the day on which it was first seen",
        columns=("Definition", "Arm", "Analysed", "Reached", "Median day", "Quartiles"),
        rows=tuple(
            (
                names[record["paramcd"]],
                labels[record["trta"]],
                count(record["n"]),
                count(record["reached"]),
                number(record["day_median"], 0),
                interval(record["day_lower_quartile"], record["day_upper_quartile"], 0),
            )
            for record in made
        ),
        heads=2,
        grouped=True,
    )


def _proportions(
    caption: str, made: list[tuple[Record, Record]], labels: dict[str, str], names: dict[str, str]
) -> Table:
    return Table(
        caption=caption,
        columns=("Definition", "Arm", "n/N", "%", "95 % interval", "Missing"),
        rows=tuple(
            (
                names[record["paramcd"]],
                labels[record["trta"]],
                ratio(answers["events"], answers["total"]),
                percent(answers["percent"]),
                interval(answers["low"], answers["high"]),
                count(answers["missing"]),
            )
            for record, answers in made
        ),
        heads=2,
        grouped=True,
    )
