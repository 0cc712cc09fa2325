"""Totals, study days, visits and baselines, in plain Python, from docs/study-file.md and not from the models."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.study import Study
from pipelines.study.catalogue import catalogue
from pipelines.study.visits import Visit
from tests.reference.records import Score, Subject, days_apart, first_doses, full_date, study_day

UNSCHEDULED = "UNSCHEDULED"


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
    is_analysed: bool = False
    is_baseline: bool = False
    base_period: int | None = None


def total(score: Score, analysed: str) -> Fraction | None:
    """Returns the total that is analysed: of all items or as collected, whichever `analysed` prefers and is there.

    An instrument of the catalogue allows no missing item; a total that cannot be had is missing and never zero.
    """
    items = [item for item in score.items if item is not None]
    expected = len(catalogue()[score.instrument].item_ranges)
    summed = Fraction(sum(items)) if len(items) == expected else None
    collected = None if score.total is None else Fraction(score.total)
    first, second = (summed, collected) if analysed == "items" else (collected, summed)
    return second if first is None else first


def assessments(study: Study, subject: Subject) -> list[Assessment]:
    """Returns every assessment of a subject with its total, visit, flags; one without items and total is none."""
    found = [
        _placed(study, subject, score)
        for score in subject.scores
        if score.total is not None or any(item is not None for item in score.items)
    ]
    groups: dict[tuple[str, int | None, str], list[Assessment]] = {}
    for one in found:
        groups.setdefault((one.score.instrument, one.period, one.avisit), []).append(one)
    chosen = [_counting(study, group) for (*_, avisit), group in groups.items() if avisit != UNSCHEDULED]
    found = [replace(one, is_analysed=any(one is other for other in chosen)) for one in found]
    baselines = list(_baselines(study, subject, found))
    of_period = study.baseline.of == "period"
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


def _placed(study: Study, subject: Subject, score: Score) -> Assessment:
    starts = first_doses(subject)
    date = full_date(score.day)
    period = _period(study, subject, score, date)
    start = starts.get(period or min(starts, default=0))
    day = study_day(date, start) if date is not None and start is not None else None
    coded = next((visit for visit in study.visits if visit.visit == score.visit), None)
    visit: Visit | None
    if day is None or (coded is not None and coded.window is None):
        visit = coded
    else:
        visit = _by_window(study, score.instrument, day, period)
    target = visit.day if visit else None
    if not score.day and start is None:
        # Nothing but the plan says when it was.
        day = target
    return Assessment(
        score=score,
        value=total(score, study.instruments[score.instrument].analysed_total),
        # A crossover's baseline lies outside of its periods.
        period=period if visit is None or visit.of_period or study.design != "crossover" else None,
        avisit=visit.visit if visit else UNSCHEDULED,
        date=date,
        study_day=day,
        days_from_target=None if day is None or target is None else abs(days_apart(day, target)),
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


def _by_window(study: Study, instrument: str, day: int, period: int | None) -> Visit | None:
    # A visit outside of periods counts from the first dose of all, so that no day of a later period is in its window.
    where = study.instruments[instrument].visits
    for visit in study.visits:
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
    by_day = sorted(delivered_last, key=lambda one: one.score.day, reverse=study.tie == "later")
    dated = sorted(by_day, key=lambda one: one.score.day == "")
    return min(dated, key=lambda one: (one.value is None, _distance(one)))


def _distance(one: Assessment) -> float:
    return float("inf") if one.days_from_target is None else one.days_from_target


def _baselines(study: Study, subject: Subject, found: Sequence[Assessment]) -> Iterator[Assessment]:
    planned = next(visit.visit for visit in study.visits if visit.baseline)
    first_dose = min(first_doses(subject).values(), default=None)
    for instrument in study.instruments:
        own = [one for one in found if one.score.instrument == instrument and one.value is not None]
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
        if before:
            # One whose day is known goes before one whose day is not.
            latest = max((one.date is not None, one.score.day) for one in before)
            yield _counting(study, [one for one in before if (one.date is not None, one.score.day) == latest])
