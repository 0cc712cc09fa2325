"""Time from the first response or remission to relapse, loss of response or censoring, in plain Python (ADTTE)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipelines.study import Study
from pipelines.study.durability import Durability
from pipelines.study.endpoints import Endpoint
from tests.reference.assessments import Assessment, assessments, baseline
from tests.reference.outcomes import Planned, planned_by_period, remits, responds
from tests.reference.records import Source, Subject, days_apart, first_doses, full_date, study_day

RESCUE = "RESCUE MEDICATION"
BY_EVENT, BY_SCORE, BY_RESCUE = range(3)


@dataclass(frozen=True, kw_only=True)
class Course:
    """One row of `durability`, as far as a rule decides it; days count from the start, both ends included."""

    paramcd: str
    period: int
    start_day: int | None
    end_day: int
    days: int
    lower_days: int
    upper_days: int | None
    event: str | None
    censored: str | None
    source: Source | None


@dataclass(frozen=True, order=True)
class End:
    """A possible end: its study day, what goes first on one day, what it is, the last day known to be without it."""

    day: int
    priority: int
    source: Source
    description: str
    lower_day: int


def courses(study: Study, subject: Subject) -> list[Course]:
    """Returns the subject's rows of `durability`: one for each parameter and period in which there is a start."""
    found = assessments(study, subject)
    rows = []
    for parameter in study.durability:
        endpoint = next(one for one in study.endpoints if one.name == parameter.endpoint)
        at_baseline = baseline(found, endpoint.instrument)
        base = at_baseline.value if at_baseline else None
        for planned in planned_by_period(study, subject, endpoint, found):
            start = next((one for one in planned if _starts(parameter, endpoint, base, one)), None)
            start_day = _day(start) if start else None
            if start and start_day is not None:
                followed = _followed(study, endpoint, start.period, start_day, found)
                ends = [
                    *_scores_met(parameter, endpoint, base, start_day, followed),
                    *_events(subject, parameter, start.period, start_day, [day for day, _ in followed]),
                ]
                rows.append(_course(subject, parameter, start, start_day, followed, ends))
    return rows


def _starts(parameter: Durability, endpoint: Endpoint, base: Fraction | None, one: Planned) -> bool:
    is_met = responds(endpoint, base, one.value) if parameter.start.state == "response" else remits(endpoint, one.value)
    return is_met is True


def _order(one: Assessment) -> tuple[str, Source]:
    return one.score.day, one.score.source


def _day(start: Planned) -> int | None:
    return (start.done.study_day if start.done else None) or start.visit.day


def _followed(
    study: Study, endpoint: Endpoint, period: int, start_day: int, found: Sequence[Assessment]
) -> list[tuple[int, Assessment]]:
    """Returns the period's assessments after the start that have a value, unscheduled ones too, by day.

    One whose day is not known counts on the target day of its visit.
    """
    targets = {visit.visit: visit.day for visit in study.visits}
    own = [
        (one.study_day or targets.get(one.avisit), one)
        for one in found
        if (one.score.instrument, one.period) == (endpoint.instrument, period) and one.value is not None
    ]
    return sorted(
        ((day, one) for day, one in own if day is not None and day > start_day),
        key=lambda pair: (pair[0], pair[1].score.day or "9", pair[1].score.source),
    )


def _scores_met(
    parameter: Durability,
    endpoint: Endpoint,
    base: Fraction | None,
    start_day: int,
    followed: Sequence[tuple[int, Assessment]],
) -> Iterator[End]:
    if parameter.relapse:
        rule = parameter.relapse
        least = Fraction(str(rule.min_score))
        above = [
            one.value is not None and (one.value > least if rule.strict else one.value >= least) for _, one in followed
        ]
        yield from _first_met("RELAPSE BY SCORE", above, rule.assessments, rule.days_apart, start_day, followed)
    if parameter.loss_of_response:
        lost = [responds(endpoint, base, one.value) is False for _, one in followed]
        needed = 2 if parameter.loss_of_response.confirmed else 1
        yield from _first_met("LOSS OF RESPONSE", lost, needed, None, start_day, followed)


def _first_met(
    description: str,
    is_met: Sequence[bool],
    needed: int,
    between: tuple[int, int] | None,
    start_day: int,
    followed: Sequence[tuple[int, Assessment]],
) -> Iterator[End]:
    """Yields the first time that the criterion is met, at one assessment or at two in a row so many days apart."""
    without = start_day
    before: tuple[int, bool] | None = None
    for (day, one), met in zip(followed, is_met, strict=True):
        confirmed = needed == 1 or (
            before is not None
            and before[1]
            and (between is None or between[0] <= days_apart(before[0], day) <= between[1])
        )
        if met and confirmed:
            yield End(day, BY_SCORE, one.score.source, description, without)
            return
        without = without if met else day
        before = day, met


def _events(
    subject: Subject, parameter: Durability, period: int, start_day: int, assessed: Sequence[int]
) -> Iterator[End]:
    """Yields what can end the time by its date: the study's events, and rescue medication, from the start on."""
    starts = first_doses(subject)
    ended = min((start for other, start in starts.items() if other > period), default=datetime.date.max)
    for event in subject.events:
        date = full_date(event.day)
        if date is not None and period in starts and date < ended:
            day = study_day(date, starts[period])
            if day >= start_day and event.term in parameter.events:
                yield End(day, BY_EVENT, event.source, event.term, day)
            elif day >= start_day and event.term == RESCUE:
                # Nobody saw the subject between the last assessment and the rescue.
                seen = max((one for one in assessed if one <= day), default=start_day)
                yield End(day, BY_RESCUE, event.source, event.term, seen)


def _course(
    subject: Subject,
    parameter: Durability,
    start: Planned,
    start_day: int,
    followed: Sequence[tuple[int, Assessment]],
    ends: Sequence[End],
) -> Course:
    last_day = followed[-1][0] if followed else start_day
    # Of two on the last day the dated one, then the one that was delivered last.
    last = max((one for day, one in followed if day == last_day), key=_order, default=start.done)
    end = min(ends, default=None)
    if end is not None and end.priority == BY_RESCUE and end.day > last_day:
        # Nobody saw the subject after the last assessment: what came after adds no time without relapse.
        end = None
    is_event = end is not None and end.priority != BY_RESCUE
    end_day = end.day if end else last_day
    days = days_apart(start_day, end_day) + 1
    return Course(
        paramcd=parameter.paramcd,
        period=start.period,
        start_day=start.done.study_day if start.done else None,
        end_day=end_day,
        days=days,
        lower_days=days_apart(start_day, end.lower_day if end else last_day) + 1,
        upper_days=days if is_event else None,
        event=end.description if end and is_event else None,
        censored=None if is_event else end.description if end else _why(subject, start.period),
        source=end.source if end else last.score.source if last else None,
    )


def _why(subject: Subject, period: int) -> str:
    """Returns why the time of a subject without an event ends: with the next period, else as the participation did."""
    if any(other > period for other in first_doses(subject)):
        return "END OF FOLLOW-UP"
    terms = {event.term for event in subject.events if event.domain == "DS"}
    if not terms:
        return "DATA CUTOFF"
    if "DEATH" in terms:
        return "DEATH"
    return "END OF FOLLOW-UP" if "COMPLETED" in terms else "WITHDRAWAL"
