"""The first answers: how many respond, how many remit, how fast, how long, for the primary endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.report.content import Answer, Card, Record
from pipelines.report.estimates import Proportion, difference
from pipelines.report.formats import MISSING, count, interval, number, percent, ratio
from pipelines.report.response import STRATEGIES, criterion, pick, primary_keys, rule_in_words
from pipelines.report.tables import CutData

if TYPE_CHECKING:
    from pipelines.study.visits import Visit

# Where the study file names no visit: the horizon of the acute trials, four weeks after day 1.
_ACUTE_DAY = 29
# A rate at a landmark heads the page only where each group still has this many subjects at risk.
_ENOUGH_AT_RISK = 10


def primary(data: CutData) -> str:
    """Returns the primary endpoint in one sentence, with the values used."""
    endpoint, estimand, rule = data.study.endpoints[0], data.study.estimands[0], data.study.missing_rules[0]
    return (
        f"Primary endpoint: {criterion(endpoint, 'response')}; remission, {criterion(endpoint, 'remission')}."
        f" Estimand: {estimand.name.replace('_', ' ')} ({STRATEGIES[estimand.strategy]})."
        f" Missing data: {rule.name.replace('_', ' ')} ({rule_in_words(rule)})."
    )


def cards(data: CutData, made: dict[str, list[Record]], durability: list[Record]) -> tuple[Card, ...]:
    """Returns the headline questions with each group's answer, n and interval."""
    visits = _visits(data, made["response"])
    if not visits:
        return ()
    first, later = visits[0], _asked(data, visits)
    questions = [("How many respond?", "response", later), ("How many remit?", "remission", later)]
    if first != later:
        questions.append(("How fast?", "response", first))
    asked = [_proportions(data, made[measure], question, measure, visit) for question, measure, visit in questions]
    return (*asked, *_how_long(data, durability))


def acute_visit(data: CutData, responses: list[Record]) -> str | None:
    """Returns the code of the visit that the headline figures are taken from, or None when there are no rows."""
    visits = _visits(data, responses)
    return _asked(data, visits).visit if visits else None


def _visits(data: CutData, responses: list[Record]) -> list[Visit]:
    seen = {record["avisit"] for record in pick(responses, **primary_keys(data), aperiod=None)}
    planned = [visit for visit in data.study.visits if visit.visit in seen]
    return sorted(planned, key=lambda visit: (visit.day if visit.day is not None else visit.visitnum, visit.visitnum))


def _asked(data: CutData, visits: list[Visit]) -> Visit:
    """Returns the primary endpoint's visit; where the study file names none, the last one up to four weeks."""
    named = [visit for visit in visits if visit.visit == data.study.endpoints[0].visit]
    if named:
        return named[0]
    early = [visit for visit in visits if visit.day is not None and visit.day <= _ACUTE_DAY]
    return early[-1] if early else visits[-1]


def _proportions(data: CutData, made: list[Record], question: str, measure: str, visit: Visit) -> Card:
    cells = pick(made, **primary_keys(data), aperiod=None, avisit=visit.visit)
    labels = {group.code: group for group in data.groups}
    answers = tuple(
        Answer(
            group=labels[cell["trta"]].label,
            mark=labels[cell["trta"]].mark,
            value=percent(cell["percent"]),
            basis=f"{ratio(cell['events'], cell['total'])}, 95 % interval {interval(cell['low'], cell['high'])}",
        )
        for cell in cells
    )
    return Card(
        question=question,
        detail=f"{measure.capitalize()} at {visit.label[:1].lower() + visit.label[1:]}",
        answers=answers,
        note=_compared(data, cells),
    )


def _compared(data: CutData, cells: list[Record]) -> str:
    # In a crossover both arms hold the same subjects: the interval for independent groups would be wrong.
    if data.crossover or data.blinded or len(cells) != 2:
        return ""
    one, other = (
        Proportion(
            events=cell["events"], total=cell["total"], percent=cell["percent"], low=cell["low"], high=cell["high"]
        )
        for cell in cells
    )
    found = difference(one, other)
    if found is None:
        return ""
    return (
        f"Difference {number(found.difference)} points (95 % interval {interval(found.low, found.high)}, Newcombe,"
        f" n = {count(one.total + other.total)})"
    )


def _how_long(data: CutData, durability: list[Record]) -> tuple[Card, ...]:
    if not data.study.durability:
        return ()
    parameter = data.study.durability[0]
    records = [record for record in durability if record["paramcd"] == parameter.paramcd]
    day = _followed(records)
    groups = {group.code: group for group in data.groups}
    answers = tuple(
        Answer(
            group=groups[record["trta"]].label,
            mark=groups[record["trta"]].mark,
            value=_median(record) if day is None else percent(_hundred(record[day]["rate"])),
            basis=_basis(record, day),
        )
        for record in records
    )
    medians = "; ".join(f"{groups[record['trta']].short} {_median(record)}" for record in records)
    who = "those randomised in" if parameter.start.at == "randomisation" else "subjects with a"
    among = f"Among {who} {parameter.start.state}"
    return (
        Card(
            question="How long does it last?",
            detail=f"{parameter.param}: "
            + ("median" if day is None else f"without the event at day {day.removeprefix('day_')}")
            + " (Kaplan-Meier)",
            answers=answers,
            note=f"{among}." if day is None else f"{among}. Median: {medians}.",
        ),
    )


def _followed(records: list[Record]) -> str | None:
    """Returns the key of the latest landmark at which enough subjects of every group were still followed."""
    days = [key for key in (records[0] if records else {}) if key.startswith("day_")]
    known = [day for day in days if all(record[day]["at_risk"] >= _ENOUGH_AT_RISK for record in records)]
    return known[-1] if known else None


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _median(record: Record) -> str:
    if not record["n"]:
        return MISSING
    return "not reached" if record["median_days"] is None else f"{number(record['median_days'], 0)} days"


def _basis(record: Record, day: str | None) -> str:
    events = "1 event" if record["events"] == 1 else f"{count(record['events'])} events"
    text = f"{events} in {count(record['n'])}"
    if day is not None:
        return f"{text}, 95 % interval {interval(_hundred(record[day]['low']), _hundred(record[day]['high']))}"
    if record["median_days"] is None:
        return text
    return f"{text}, 95 % interval {interval(record['median_low'], record['median_high'], 0)}"
