"""What happens to each randomised subject: the depth and the fading of the effect, maintenance dosing, relapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.simulate.protocol import (
    ARMS,
    EXPORT,
    FADES_PERMILLE,
    REDUCTION_DAY_2,
    REDUCTION_WEEK_4,
    VISITS,
    PlannedVisit,
)
from pipelines.simulate.relapses import RESPONSE, Depth, Key, is_maintained, relapse_ranks, relapses_at
from pipelines.simulate.stream import Stream, interpolated, quantiles, rounded
from pipelines.simulate.subjects import Subject


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One visit that took place, with the MADRS total that the rater would have found."""

    visit: str
    on: date
    madrs: int


@dataclass(frozen=True, kw_only=True)
class Course:
    """A subject's visits and what drives them; `relapse` is the visit at which a relapse shows."""

    subject: Subject
    assessments: tuple[Assessment, ...]
    responder: bool = False
    maintenance: bool = False
    relapse: str | None = None
    ended: date | None = None
    end_reason: str | None = None

    def at(self, visit: str) -> Assessment | None:
        """Returns the assessment of the visit, or None where it did not take place."""
        return next((assessment for assessment in self.assessments if assessment.visit == visit), None)

    @property
    def dosed(self) -> bool:
        """Whether the first dose was given."""
        return self.subject.arm is not None and self.subject.leaves_after != "BL"


def courses(seed: int, people: list[Subject]) -> list[Course]:
    """Returns the course of every screened person, in the same order.

    Ranks within each arm, not independent draws, decide who responds and relapses: the shares then come out near
    the planned ones in a trial of any seed.
    """
    depth: dict[Key, tuple[int, int]] = {}
    for arm in ARMS:
        members = [person for person in people if person.arm == arm]
        draws = Stream(seed, "depth", arm)
        late = quantiles([draws.below(1 << 30) for _ in members])
        # The same subject's two ranks are correlated, at about 0.8.
        early = quantiles([3 * rank + 2 * draws.below(1000) for rank in late])
        for person, rank_2, rank_4 in zip(members, early, late, strict=True):
            depth[person.site, person.number] = (
                interpolated(REDUCTION_DAY_2[arm], rank_2),
                interpolated(REDUCTION_WEEK_4[arm], rank_4),
            )
    frailty = relapse_ranks(seed, people, depth)
    return [_course(seed, person, depth, frailty) for person in people]


def _course(seed: int, person: Subject, depth: Depth, frailty: Mapping[Key, int]) -> Course:
    draws = Stream(seed, "course", person.site, person.number)
    screening = Assessment(
        visit="SCR", on=person.consented + timedelta(days=1), madrs=min(max(draws.normal(person.baseline, 2), 20), 52)
    )
    if person.arm is None:
        failed = person.consented + timedelta(days=draws.between(3, 9))
        return Course(subject=person, assessments=(screening,), ended=failed, end_reason="SCREEN FAILURE")
    key = (person.site, person.number)
    day_2, week_4 = depth[key]
    responder, maintained = week_4 >= RESPONSE, is_maintained(seed, person)
    relapse = relapses_at(person, frailty[key], maintained=maintained) if responder else None
    assessments = [screening]
    for visit, reduction in _reductions(draws, day_2, week_4):
        on = person.on(visit.day + draws.between(-visit.early, visit.late))
        score = rounded(person.baseline * (1000 - reduction), 1000) + draws.normal(0, 1)
        if relapse and visit.number >= _number(relapse):
            worst = 25 + draws.below(9) - 2 * (visit.number - _number(relapse))
            score = worst if visit.code != relapse else max(worst, 22)
        if visit.code == "BL":
            score = person.baseline
        # Two visits in a hundred do not take place; the first day, day 2 and week 4 always do.
        missed = draws.chance(20) and visit.code not in {"BL", "D2", "W4", relapse}
        if on <= EXPORT and not missed:
            assessments.append(Assessment(visit=visit.code, on=on, madrs=min(max(score, 0), 56)))
        if visit.code == relapse and draws.chance(900):
            confirmed = on + timedelta(days=draws.between(7, 13))
            score = max(min(max(score, 0) + draws.between(-2, 3), 56), 22)
            if confirmed <= EXPORT:
                assessments.append(Assessment(visit="UNSCHEDULED", on=confirmed, madrs=score))
        if visit.code == person.leaves_after:
            break
    ended, reason = _end(draws, person, assessments)
    return Course(
        subject=person,
        assessments=tuple(assessments),
        responder=responder,
        maintenance=responder and maintained,
        relapse=relapse if relapse and any(assessment.visit == relapse for assessment in assessments) else None,
        ended=ended,
        end_reason=reason,
    )


def _number(code: str) -> int:
    return next(visit.number for visit in VISITS if visit.code == code)


def _reductions(draws: Stream, day_2: int, week_4: int) -> list[tuple[PlannedVisit, int]]:
    """Returns the reduction from baseline, in permille, planned for each visit from baseline on."""
    fades = draws.chance(FADES_PERMILLE)
    week_1 = rounded(day_2 * (5 if fades else 9), 10)
    planned = {
        "BL": 0,
        "D2": day_2,
        "W1": week_1,
        "W2": rounded(week_1 + week_4, 2),
        "W3": rounded(week_4 * 92, 100),
    }
    return [(visit, planned.get(visit.code, week_4)) for visit in VISITS if visit.code != "SCR"]


def _end(draws: Stream, person: Subject, assessments: list[Assessment]) -> tuple[date | None, str | None]:
    last = assessments[-1]
    if person.leaves_after:
        waited = 0 if person.leaves_after == "BL" else draws.between(3, 12)
        ended = last.on + timedelta(days=waited)
        return (ended, person.leave_reason) if ended <= EXPORT else (None, None)
    final = person.on(VISITS[-1].day + VISITS[-1].late)
    return (max(last.on, person.on(VISITS[-1].day)), "COMPLETED") if final <= EXPORT else (None, None)
