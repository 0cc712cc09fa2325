"""Time from the first response or remission to relapse, loss of response or censoring, in plain Python (ADTTE)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pipelines.study import Study
from pipelines.study.durability import Durability, LossOfResponse
from pipelines.study.endpoints import Endpoint, Estimand, MissingRule
from tests.reference.assessments import Assessment, assessments, baseline
from tests.reference.outcomes import (
    Planned,
    assumed_outcome,
    first_event,
    planned_by_period,
    remits,
    responds,
    unscheduled,
    valued,
)
from tests.reference.records import Source, Subject, days_apart, first_doses, full_date, study_day
from tests.reference.schedules import visits_of
from tests.reference.starts import Start, at_randomisation, at_visit

BY_EVENT, BY_SCORE, BY_CENSORING, BY_GAP = range(4)
ASSESSMENT_GAP = "ASSESSMENT GAP"
AS_OBSERVED = Estimand(name="as_observed")
OBSERVED = MissingRule(name="observed", rule="observed")


@dataclass(frozen=True, kw_only=True)
class Course:
    """One row of `durability`, as far as a rule decides it; days count from the start, both ends included."""

    paramcd: str
    period: int
    start_day: int | None
    start_date: datetime.date | None
    clock_start: int
    end_day: int
    days: int
    lower_days: int
    upper_days: int | None
    event: str | None
    censored: str | None
    source: Source | None


@dataclass(frozen=True, order=True)
class End:
    """A possible end: when it is known, what goes first on one day, its row, what it is, its day and the last without.

    It is known on its day; a gap between assessments is known once the days that are allowed have passed.
    """

    known: int
    priority: int
    source: Source
    description: str
    day: int
    lower_day: int


def courses(study: Study, subject: Subject) -> list[Course]:
    """Returns the subject's rows of `durability`: one for each parameter and period in which there is a start."""
    found = assessments(study, subject)
    rows = []
    for parameter in study.durability:
        endpoint = next(one for one in study.endpoints if one.name == parameter.endpoint)
        for planned in planned_by_period(study, subject, endpoint, found):
            at_baseline = baseline(found, endpoint.instrument, planned[0].period)
            base = at_baseline.value if at_baseline else None
            if parameter.start.at == "randomisation":
                targets = {visit.visit: visit.day for visit in visits_of(study, subject)}
                start = at_randomisation(subject, parameter, endpoint, at_baseline, found, targets)
            else:
                start = at_visit(_start(study, subject, parameter, endpoint, at_baseline, planned, found))
            if start:
                followed = _followed(study, subject, endpoint, start, found)
                ends = [
                    *_scores_met(parameter, endpoint, base, start.day, followed),
                    *_events(subject, parameter, start.period, start.day, followed),
                    *_gaps(parameter, start, followed),
                ]
                rows.append(_course(subject, parameter, start, followed, ends))
    return rows


def _start(
    study: Study,
    subject: Subject,
    parameter: Durability,
    endpoint: Endpoint,
    base: Assessment | None,
    planned: Sequence[Planned],
    found: Sequence[Assessment],
) -> Planned | None:
    """Returns the first planned visit from which on the state is there at so many visits with a value in a row."""
    rule = parameter.start
    estimand = next((one for one in study.estimands if one.name == rule.estimand), AS_OBSERVED)
    missing = next((one for one in study.missing_rules if one.name == rule.missing_rule), OBSERVED)
    between = unscheduled(endpoint, planned, found, base)
    judged = []
    dosed = first_doses(subject)
    for one in valued(planned, between, estimand, first_event(subject, estimand), missing, base):
        date = one.planned.done.date if one.planned.done else None
        if date is not None and date < dosed.get(one.planned.period, datetime.date.min):
            # What was seen before the dose is no answer to it.
            continue
        met = responds(endpoint, base.value if base else None, one.value)
        met = met if rule.state == "response" else remits(endpoint, one.value)
        met = False if one.failed else met
        assumed = assumed_outcome(study, subject, missing, one) if met is None else None
        if met is not None or assumed is not None:
            judged.append((one.planned, met or assumed is True, met is not None and one.dtype is None))
    for place, (visit, _, is_seen) in enumerate(judged):
        run = judged[place : place + rule.assessments]
        if is_seen and at_visit(visit) is not None and len(run) == rule.assessments and all(met for _, met, _ in run):
            return visit
    return None


def _order(one: Assessment) -> tuple[str, Source]:
    return one.score.day, one.score.source


def _followed(
    study: Study, subject: Subject, endpoint: Endpoint, start: Start, found: Sequence[Assessment]
) -> list[tuple[int, Assessment]]:
    """Returns the period's assessments after the start that have a value, unscheduled ones too, by day.

    One whose day is not known counts on the target day of its visit.
    """
    targets = {visit.visit: visit.day for visit in visits_of(study, subject)}
    own = [
        (one.study_day or targets.get(one.avisit), one)
        for one in found
        if (one.score.instrument, one.period) == (endpoint.instrument, start.period) and one.value is not None
    ]
    return sorted(
        ((day, one) for day, one in own if day is not None and day > start.day),
        key=lambda pair: (pair[0], pair[1].score.day or "9", pair[1].score.source),
    )


def _scores_met(
    parameter: Durability,
    endpoint: Endpoint,
    base: Fraction | None,
    start_day: int,
    followed: Sequence[tuple[int, Assessment]],
) -> Iterator[End]:
    values = [one.value or Fraction(0) for _, one in followed]
    if parameter.relapse:
        rule = parameter.relapse
        least = Fraction(str(rule.min_score))
        above = [value > least if rule.strict else value >= least for value in values]
        first = rule.dated_at == "first"
        yield from _first_met("RELAPSE BY SCORE", above, rule.assessments, rule.days_apart, first, start_day, followed)
    if parameter.loss_of_response:
        loss = parameter.loss_of_response
        lost = [_is_lost(loss, endpoint, base, value) for value in values]
        needed, first = 2 if loss.confirmed else 1, loss.dated_at == "first"
        name = f"LOSS OF {loss.of.upper()}"
        yield from _first_met(name, lost, needed, loss.days_apart, first, start_day, followed)


def _is_lost(loss: LossOfResponse, endpoint: Endpoint, base: Fraction | None, value: Fraction) -> bool:
    if loss.of == "remission":
        return remits(endpoint, value) is False
    if loss.below_reduction_pct is not None:
        return bool(base) and base is not None and 100 * (base - value) < Fraction(str(loss.below_reduction_pct)) * base
    return responds(endpoint, base, value) is False


def _first_met(
    description: str,
    is_met: Sequence[bool],
    needed: int,
    between: tuple[int, int] | None,
    is_dated_at_first: bool,
    start_day: int,
    followed: Sequence[tuple[int, Assessment]],
) -> Iterator[End]:
    """Yields the first time that the criterion is met at so many assessments in a row, each so many days after another.

    It is dated at the last of them or at the first; the last day without it is the last on which it was not met before.
    """
    run: list[tuple[int, Assessment]] = []
    without = start_day
    for (day, one), met in zip(followed, is_met, strict=True):
        if not met:
            run, without = [], day
            continue
        if run and between is not None and not between[0] <= days_apart(run[-1][0], day) <= between[1]:
            run = []
        run.append((day, one))
        if len(run) == needed:
            dated, named = run[0 if is_dated_at_first else -1]
            yield End(dated, BY_SCORE, named.score.source, description, dated, without)
            return


def _events(
    subject: Subject, parameter: Durability, period: int, start_day: int, followed: Sequence[tuple[int, Assessment]]
) -> Iterator[End]:
    """Yields what can end the time by its date, from the start on: events, and what censors where it is no event."""
    starts = first_doses(subject)
    ended = min((start for other, start in starts.items() if other > period), default=datetime.date.max)
    for event in subject.events:
        date = full_date(event.day)
        if date is None or period not in starts or date >= ended:
            continue
        day = study_day(date, starts[period])
        if day >= start_day and event.term in parameter.events:
            yield End(day, BY_EVENT, event.source, event.term, day, day)
        elif day >= start_day and event.term in parameter.censoring_events:
            seen = max((seen for seen, _ in followed if seen <= day), default=start_day)
            yield End(day, BY_CENSORING, event.source, event.term, day, seen)


def _gaps(parameter: Durability, start: Start, followed: Sequence[tuple[int, Assessment]]) -> Iterator[End]:
    """Yields the first time of too many days without an assessment, as of the assessment before it."""
    allowed = parameter.censor_after_gap_days
    seen = [*([(start.day, start.done)] if start.done else []), *followed]
    for (day, one), (following, _) in pairwise(seen):
        if allowed is not None and days_apart(day, following) > allowed:
            yield End(day + allowed, BY_GAP, one.score.source, ASSESSMENT_GAP, day, day)
            return


def _course(
    subject: Subject,
    parameter: Durability,
    start: Start,
    followed: Sequence[tuple[int, Assessment]],
    ends: Sequence[End],
) -> Course:
    last_day = followed[-1][0] if followed else start.day
    # Of two on the last day the dated one, then the one that was delivered last.
    last = max((one for day, one in followed if day == last_day), key=_order, default=start.done)
    end = min(ends, default=None)
    if end is not None and end.priority == BY_CENSORING and end.day > last_day:
        # Nobody saw the subject after the last assessment: what came after adds no time without relapse.
        end = None
    is_event = end is not None and end.priority in {BY_EVENT, BY_SCORE}
    end_day = end.day if end else last_day
    days = days_apart(start.day, end_day) + 1
    return Course(
        paramcd=parameter.paramcd,
        period=start.period,
        start_day=start.study_day,
        start_date=start.date,
        clock_start=start.day,
        end_day=end_day,
        days=days,
        lower_days=days_apart(start.day, end.lower_day if end else last_day) + 1,
        upper_days=days if is_event else None,
        event=end.description if end and is_event else None,
        censored=None if is_event else end.description if end else why_censored(subject, start.period),
        source=end.source if end else last.score.source if last else start.source,
    )


def why_censored(subject: Subject, period: int) -> str:
    """Returns why the time of a subject without an event ends: with the period, or as the participation did."""
    terms = {event.term for event in subject.events if event.domain == "DS"}
    if any(other > period for other in first_doses(subject)):
        return "END OF FOLLOW-UP"
    if not terms:
        return "DATA CUTOFF"
    if "DEATH" in terms:
        return "DEATH"
    return "END OF FOLLOW-UP" if "COMPLETED" in terms else "WITHDRAWAL"
