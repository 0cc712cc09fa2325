"""Episodes of response: respond, lose it, be dosed again, respond again; in plain Python, from the contract."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.study import Study
from pipelines.study.durability import Durability
from pipelines.study.endpoints import Endpoint
from tests.reference.assessments import Assessment, assessments, baseline
from tests.reference.durability import why_censored
from tests.reference.outcomes import responds
from tests.reference.records import (
    Event,
    Source,
    Subject,
    days_apart,
    first_doses,
    full_date,
    study_day,
)
from tests.reference.schedules import visits_of


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One row of `response_episodes`; `days_to_next` and what follows it are of the end up to the next episode."""

    endpoint: str
    period: int
    number: int
    start: int
    start_date: datetime.date | None
    end: int
    end_date: datetime.date | None
    last: int
    event: str | None
    censored: str | None
    is_dated_event: bool
    lowest_change: Fraction
    seen: int
    source: Source
    doses: int | None
    days_since_dose: int | None
    days_to_next: int | None
    is_redosed: bool | None

    @property
    def days(self) -> int:
        """The days from start to end, both counted."""
        return days_apart(self.start, self.end) + 1

    @property
    def lower_days(self) -> int:
        """The days to the last assessment in response; a dated event is known to the day."""
        return self.days if self.is_dated_event else days_apart(self.start, self.last) + 1


@dataclass(frozen=True, kw_only=True)
class Moment:
    """An assessment in response, or what ends a response: `ends` says what, `is_event` that it is no censoring."""

    day: int
    date: datetime.date | None
    source: Source
    written: str = ""
    value: Fraction | None = None
    ends: str | None = None
    is_event: bool = True
    is_dated: bool = False


def episodes(study: Study, subject: Subject) -> list[Episode]:
    """Returns the subject's rows of `response_episodes`."""
    found = assessments(study, subject)
    rows: list[Episode] = []
    for endpoint in study.endpoints:
        parameters = [one for one in study.durability if one.endpoint == endpoint.name]
        for period in first_doses(subject) if study.design == "crossover" else [1]:
            base = baseline(found, endpoint.instrument, period)
            followed = _followed(study, subject, endpoint, period, found, base)
            moments = [
                *_judged(endpoint, parameters, base.value if base else None, followed),
                *_events(subject, parameters, period),
            ]
            # On one day: a response, then what happened, then a score that is none.
            order = sorted(moments, key=lambda one: (one.day, 0 if one.value is not None else 1 if one.is_dated else 2))
            if base is not None and base.value:
                found_here = list(_episodes(subject, endpoint, period, base.value, order))
                rows += _with_doses(subject, period, found_here)
    return rows


def _followed(
    study: Study,
    subject: Subject,
    endpoint: Endpoint,
    period: int,
    found: Sequence[Assessment],
    base: Assessment | None,
) -> list[tuple[int, Assessment]]:
    """Returns the period's assessments with a value after the first dose, unscheduled ones too, by day.

    On day 1 those of a visit that is planned after the baseline's.
    """
    planned = {visit.visit: visit for visit in study.visits}
    targets = {visit.visit: visit.day for visit in visits_of(study, subject)}
    rows = []
    for one in found:
        if (one.score.instrument, one.period) == (endpoint.instrument, period) and one.value is not None:
            visit = planned.get(one.avisit)
            day = one.study_day or targets.get(one.avisit)
            before = planned.get(base.avisit) if base else None
            is_later = visit is not None and before is not None and visit.visitnum > before.visitnum
            if not one.is_baseline and day is not None and (day > 1 or (day == 1 and is_later)):
                rows.append((day, one))
    return sorted(rows, key=lambda pair: (pair[0], pair[1].score.day or "9", pair[1].score.source))


def _judged(
    endpoint: Endpoint,
    parameters: Sequence[Durability],
    base: Fraction | None,
    followed: Sequence[tuple[int, Assessment]],
) -> Iterator[Moment]:
    relapses = [one.relapse for one in parameters if one.relapse is not None]
    for day, one in followed:
        met = responds(endpoint, base, one.value)
        value = one.value or Fraction(0)
        if met:
            yield Moment(day=day, date=one.date, source=one.score.source, written=one.score.day, value=value)
        elif met is False:
            is_relapse = any(
                value > Fraction(str(rule.min_score)) if rule.strict else value >= Fraction(str(rule.min_score))
                for rule in relapses
            )
            yield Moment(
                day=day,
                date=one.date,
                source=one.score.source,
                ends="RELAPSE BY SCORE" if is_relapse else "LOSS OF RESPONSE",
            )


def _events(subject: Subject, parameters: Sequence[Durability], period: int) -> Iterator[Moment]:
    """Yields what can end a response by its date: events of some parameter, and what others censor at."""
    starts = first_doses(subject)
    found: list[tuple[Event, int]] = []
    for event in subject.events:
        date = full_date(event.day)
        last = max((other for other, start in starts.items() if date is not None and start <= date), default=None)
        if date is not None and last == period:
            found.append((event, study_day(date, starts[period])))
    for event, day in sorted(found, key=lambda pair: pair[0].source):
        is_event = any(event.term in one.events for one in parameters)
        if is_event or any(event.term in one.censoring_events for one in parameters):
            yield Moment(
                day=day,
                date=full_date(event.day),
                source=event.source,
                ends=event.term,
                is_event=is_event,
                is_dated=True,
            )


def _episodes(
    subject: Subject, endpoint: Endpoint, period: int, base: Fraction, moments: Sequence[Moment]
) -> Iterator[Episode]:
    run: list[Moment] = []
    number = 0
    for place, moment in enumerate([*moments, None]):
        if moment is not None and moment.ends is None:
            run.append(moment)
            continue
        if not run:
            continue
        number += 1
        # Of two on the last day the dated one, then the one that was delivered last.
        last = max(run, key=lambda one: (one.day, one.written, one.source))
        end = moment
        # Nobody saw the subject again before it: what censors after the last assessment adds no time in response.
        is_seen_again = any(other.value is not None or not other.is_dated for other in moments[place:])
        if end is not None and not end.is_event and end.day > last.day and not is_seen_again:
            end = None
        ended = end is not None and end.is_event
        yield Episode(
            endpoint=endpoint.name,
            period=period,
            number=number,
            start=run[0].day,
            start_date=run[0].date,
            end=(end or last).day,
            end_date=(end or last).date,
            last=last.day,
            event=end.ends if end and ended else None,
            censored=None if ended else end.ends if end else why_censored(subject, period),
            is_dated_event=bool(end and ended and end.is_dated),
            lowest_change=min(100 * (one.value - base) / base for one in run if one.value is not None),
            seen=len(run),
            source=(end or last).source,
            doses=None,
            days_since_dose=None,
            days_to_next=None,
            is_redosed=None,
        )
        run = []


def _with_doses(subject: Subject, period: int, found: Sequence[Episode]) -> Iterator[Episode]:
    """Yields the episodes with the doses around them: what would need a date that nobody knows is not known."""
    dates = [full_date(dose.day) for dose in subject.doses if dose.period == period]
    given = sorted(date for date in dates if date is not None)
    for one, following in zip(found, [*found[1:], *[None] * bool(found)], strict=True):
        start, end = one.start_date, one.end_date
        until = datetime.date.max if following is None else following.start_date
        before = [] if start is None else [date for date in given if date <= start]
        yield replace(
            one,
            doses=None if start is None or end is None else sum(start < date < end for date in given),
            days_since_dose=(start - before[-1]).days if start is not None and before else None,
            days_to_next=None if following is None else days_apart(one.end, following.start),
            is_redosed=None if end is None or until is None else any(end <= date < until for date in given),
        )
