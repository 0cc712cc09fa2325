"""Totals, study days, visits and baselines, in plain Python, from docs/study-file.md and not from the models."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.study import Study
from pipelines.study.visits import Visit
from tests.reference.dates import completed
from tests.reference.records import Score, Subject, days_apart, first_doses, study_day
from tests.reference.schedules import visits_of
from tests.reference.totals import is_prorated, total

UNSCHEDULED = "UNSCHEDULED"
# What was delivered, what is analysed of it, and what that stands for (`dtype`).
Valued = tuple[Score, Fraction | None, str | None]


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One assessment as it is analysed: a row of `adqs`."""

    score: Score
    value: Fraction | None
    period: int | None
    avisit: str
    date: datetime.date | None
    study_day: int | None
    days_from_target: int | None
    completed_part: str | None = None
    dtype: str | None = None
    is_analysed: bool = False
    is_baseline: bool = False
    base_period: int | None = None


def assessments(study: Study, subject: Subject) -> list[Assessment]:
    """Returns every assessment of a subject with its total, visit, flags; one without items and total is none."""
    return placed_in_visits(
        study,
        subject,
        [
            (score, total(score, use), "PRORATED" if is_prorated(score, use) else None)
            for score, use in ((score, study.instruments[score.instrument]) for score in subject.scores)
            if score.total is not None or any(item is not None for item in score.items)
        ],
    )


def placed_in_visits(study: Study, subject: Subject, rows: Sequence[Valued]) -> list[Assessment]:
    """Returns scores or other results with their visit, and which of them counts there and is the baseline."""
    found = [_placed(study, subject, *row) for row in rows]
    groups: dict[tuple[str, int | None, str], list[Assessment]] = {}
    for one in found:
        groups.setdefault((one.score.instrument, one.period, one.avisit), []).append(one)
    chosen = [_counting(study, group) for (*_, avisit), group in groups.items() if avisit != UNSCHEDULED]
    found = [replace(one, is_analysed=any(one is other for other in chosen)) for one in found]
    baselines = list(_baselines(study, subject, found))
    of_period = study.baseline.of == "period"
    if study.baseline.rule == "mean_before_first_dose":
        # The mean is a row of its own, after the last score that it is made of.
        return [*found, *baselines]
    return [
        replace(
            one,
            is_baseline=any(one is other for other in baselines),
            base_period=one.period if of_period else None,
        )
        for one in found
    ]


def baseline(found: Iterable[Assessment], instrument: str, period: int | None) -> Assessment | None:
    """Returns the assessment at baseline, the period's own where each has one; None without one with a total."""
    own = (one for one in found if one.is_baseline and one.score.instrument == instrument)
    return next((one for one in own if one.base_period in {None, period}), None)


def _placed(study: Study, subject: Subject, score: Score, value: Fraction | None, dtype: str | None) -> Assessment:
    starts = first_doses(subject)
    date, part = completed(score.day, study.partial_dates.assessment, subject)
    visits = visits_of(study, subject)
    period = _period(study, subject, score, date)
    start = starts.get(period or min(starts, default=0))
    day = study_day(date, start) if date is not None and start is not None else None
    coded = next((visit for visit in [*visits, *study.visits] if visit.visit == score.visit), None)
    is_planned = coded in visits
    visit: Visit | None
    if day is None or (coded is not None and (coded.window is None or not is_planned)):
        visit = coded
    else:
        use = study.instruments.get(score.instrument)
        visit = _by_window(visits, use.visits if use else None, day, period)
    target = visit.day if visit is not None and visit in visits else None
    if not score.day and start is None:
        # Nothing but the plan says when it was.
        day = target
    return Assessment(
        score=score,
        value=value,
        # A crossover's baseline lies outside of its periods.
        period=period if visit is None or visit.of_period or study.design != "crossover" else None,
        avisit=visit.visit if visit else UNSCHEDULED,
        date=date,
        study_day=day,
        days_from_target=None if day is None or target is None else abs(days_apart(day, target)),
        completed_part=part,
        dtype=dtype,
    )


def _period(study: Study, subject: Subject, score: Score, date: datetime.date | None) -> int | None:
    if study.design != "crossover":
        return 1
    starts = first_doses(subject)
    # Where the site says which treatment the visit follows, that tells the period; else the date does.
    if score.arm:
        return min((dose.period for dose in subject.doses if dose.arm == score.arm), default=None)
    window = next(visit.window for visit in study.visits if visit.baseline)
    if study.baseline.of == "period" and window and date is not None:
        # What comes before a period's dose, in the window of its baseline visit, belongs to that period.
        for period, start in starts.items():
            if window[0] <= study_day(date, start) < 0:
                return period
    return max((period for period, start in starts.items() if date is not None and start <= date), default=None)


def _by_window(visits: Sequence[Visit], where: Sequence[str] | None, day: int, period: int | None) -> Visit | None:
    # A visit outside of periods counts from the first dose of all, so that no day of a later period is in its window.
    for visit in visits:
        if where is not None and visit.visit not in where:
            continue
        inside = visit.window is not None and visit.window[0] <= day <= visit.window[1]
        if inside and (visit.of_period or period in {None, 1}):
            return visit
    return None


def _counting(study: Study, group: Sequence[Assessment]) -> Assessment:
    """Returns the one that counts: with a value, then closest to the target day, then the later (or earlier) one.

    Of two on one day it is the one that was delivered last.
    """
    delivered_last = sorted(group, key=lambda one: one.score.source, reverse=True)
    known_first = sorted(delivered_last, key=lambda one: one.completed_part is not None)
    by_day = sorted(known_first, key=_when, reverse=study.tie == "later")
    dated = sorted(by_day, key=lambda one: _when(one) == "")
    return min(dated, key=lambda one: (one.value is None, _distance(one)))


def _when(one: Assessment) -> str:
    return one.date.isoformat() if one.date else one.score.day


def _distance(one: Assessment) -> float:
    return float("inf") if one.days_from_target is None else one.days_from_target


def _baselines(study: Study, subject: Subject, found: Sequence[Assessment]) -> Iterator[Assessment]:
    planned = next(visit.visit for visit in study.visits if visit.baseline)
    first_dose = min(first_doses(subject).values(), default=None)
    for instrument in dict.fromkeys(one.score.instrument for one in found):
        own = [one for one in found if one.score.instrument == instrument and one.value is not None]
        own = [one for one in own if study.baseline.visits is None or one.avisit in study.baseline.visits]
        if study.baseline.rule == "visit":
            # Where each period has its own, one of no period is none.
            of_period = study.baseline.of == "period"
            chosen = (one for one in own if one.is_analysed and one.avisit == planned)
            yield from (one for one in chosen if one.period is not None or not of_period)
            continue
        # Of a score whose day is not known, and of a subject who was never dosed, the visit tells what came before.
        before = [
            one
            for one in own
            if (one.avisit == planned if one.date is None or first_dose is None else one.date <= first_dose)
        ]
        if before and study.baseline.rule == "mean_before_first_dose":
            last = max(before, key=lambda one: (one.date is not None, _when(one), one.score.day, one.score.source))
            mean = sum((one.value or Fraction(0) for one in before), Fraction(0)) / len(before)
            yield replace(last, value=mean, is_baseline=True, is_analysed=False, dtype="AVERAGE", base_period=None)
        elif before:
            # One whose day is known goes before one whose day is not.
            latest = max((one.date is not None, _when(one)) for one in before)
            yield _counting(study, [one for one in before if (one.date is not None, _when(one)) == latest])
