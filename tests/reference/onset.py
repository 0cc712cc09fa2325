"""Time to the first response or remission, whether it is rapid and whether it is kept, in plain Python."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipelines.study import Study
from pipelines.study.endpoints import Endpoint, MissingRule
from pipelines.study.onset import Kept, Onset
from tests.reference.assessments import Assessment, assessments, baseline
from tests.reference.outcomes import (
    Planned,
    first_event,
    planned_by_period,
    remits,
    responds,
    unscheduled,
    valued,
)
from tests.reference.records import Subject

OBSERVED = MissingRule(name="observed", rule="observed")


@dataclass(frozen=True, kw_only=True)
class First:
    """One row of `onset`, as far as a rule decides it."""

    paramcd: str
    period: int
    avisit: str | None
    is_rapid: bool | None
    is_kept: bool | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A visit, or an unscheduled assessment, as the estimand has it: whether the state is there, and its value."""

    planned: Planned | None
    done: Assessment | None
    is_met: bool | None

    @property
    def day(self) -> int | None:
        """The study day, else the target day of the visit."""
        return (self.done.study_day if self.done else None) or (self.planned.visit.day if self.planned else None)


def onsets(study: Study, subject: Subject) -> list[First]:
    """Returns the subject's rows of `onset`, one for each definition and period."""
    found = assessments(study, subject)
    rows = []
    for one in study.onset:
        endpoint = next(other for other in study.endpoints if other.name == one.endpoint)
        for planned in planned_by_period(study, subject, endpoint, found):
            base = baseline(found, endpoint.instrument, planned[0].period)
            seen = _seen(study, subject, one, endpoint, planned, found, base)
            first = next((place for place, visit in enumerate(seen) if visit.is_met), None)
            rapid = _rapid(study, one, seen, first)
            rows.append(
                First(
                    paramcd=one.paramcd,
                    period=planned[0].period,
                    avisit=None if first is None else _name(seen[first]),
                    is_rapid=rapid,
                    is_kept=_kept(one, endpoint, base, seen, first, rapid),
                )
            )
    return rows


def _name(seen: Seen) -> str:
    return seen.planned.visit.visit if seen.planned else "UNSCHEDULED"


def _seen(
    study: Study,
    subject: Subject,
    one: Onset,
    endpoint: Endpoint,
    planned: Sequence[Planned],
    found: Sequence[Assessment],
    base: Assessment | None,
) -> list[Seen]:
    estimand = next((other for other in study.estimands if other.name == one.estimand), study.estimands[0])
    event = first_event(subject, estimand)
    between = unscheduled(endpoint, planned, found, base) if one.unscheduled else {}
    sequence = []
    visits = list(valued(planned, {}, estimand, event, OBSERVED, base))
    for place in range(len(planned) + 1):
        for score in between.get(place, []):
            after = event is not None and score.date is not None and score.date >= event
            if after and estimand.strategy in {"hypothetical", "while_on_treatment"}:
                continue
            met = False if after and estimand.strategy == "composite" else _met(one, endpoint, base, score)
            sequence.append(Seen(planned=None, done=score, is_met=met))
        if place < len(planned):
            visit = visits[place]
            after = event is not None and _is_after(visit.planned, event)
            if not (after and estimand.strategy == "while_on_treatment"):
                met = False if visit.failed else _met(one, endpoint, base, visit.taken)
                sequence.append(Seen(planned=visit.planned, done=visit.taken, is_met=met))
    return sequence


def _is_after(visit: Planned, event: datetime.date) -> bool:
    return visit.is_undated or (visit.date is not None and visit.date >= event)


def _met(one: Onset, endpoint: Endpoint, base: Assessment | None, done: Assessment | None) -> bool | None:
    if done is not None and done.study_day is not None and done.study_day < 1:
        # What was seen before the dose is no answer to it.
        return None
    value = done.value if done else None
    return remits(endpoint, value) if one.of == "remission" else responds(endpoint, base.value if base else None, value)


def _rapid(study: Study, one: Onset, seen: Sequence[Seen], first: int | None) -> bool | None:
    if one.rapid is None:
        return None
    numbers = {visit.visit: visit.visitnum for visit in study.visits}

    def is_in_time(visit: Seen) -> bool:
        if one.rapid and one.rapid.by_visit:
            place = seen.index(visit)
            return any(numbers[_name(other)] <= numbers[one.rapid.by_visit] for other in seen[place:] if other.planned)
        hours = one.rapid.within_hours if one.rapid else None
        limit = 1 + math.ceil(hours / 24) if hours else one.rapid.by_day if one.rapid else None
        return visit.day is not None and limit is not None and visit.day <= limit

    if first is not None and is_in_time(seen[first]):
        return True
    if one.missing == "ignored" and not any(visit.is_met is not None and is_in_time(visit) for visit in seen):
        return None
    return False


def _kept(
    one: Onset,
    endpoint: Endpoint,
    base: Assessment | None,
    seen: Sequence[Seen],
    first: int | None,
    rapid: bool | None,
) -> bool | None:
    rule = one.kept
    if rule is None:
        return None
    if one.rapid is not None and rapid is False:
        return False
    # Whether it was rapid is not known: then it is at best not known whether a rapid one was kept.
    start = 0 if first is None and one.rapid is not None and rapid is None else first
    names = [_name(visit) for visit in seen]
    if start is None or rule.to_visit not in names or names.index(rule.to_visit) < start:
        return False if rapid is not None or one.rapid is None else None
    excursions = 0
    for visit in seen[start : names.index(rule.to_visit) + 1]:
        if visit.is_met or (visit.is_met is None and one.missing == "ignored"):
            continue
        at_end = _name(visit) == rule.to_visit and not rule.excursion_at_end
        if at_end or (visit.is_met is None and one.missing == "failure") or _is_lost(rule, visit, base):
            return False
        excursions += 1
    return False if excursions > rule.excursions else True if rapid or one.rapid is None else None


def _is_lost(rule: Kept, visit: Seen, base: Assessment | None) -> bool:
    share = rule.excursion_min_reduction_pct
    if share is None or visit.is_met is None or base is None or base.value is None or visit.done is None:
        return False
    return 100 * (base.value - (visit.done.value or Fraction(0))) < Fraction(str(share)) * base.value
