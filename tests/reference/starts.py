"""What starts the time of durability: a visit in response or remission, or the randomisation of whoever was in it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.study.durability import Durability
from pipelines.study.endpoints import Endpoint
from tests.reference.assessments import Assessment
from tests.reference.outcomes import Planned, remits, responds
from tests.reference.records import Source, Subject, first_doses, full_date, study_day


@dataclass(frozen=True, kw_only=True)
class Start:
    """`day` is the study day, or the target day of a visit without one; `done` is the assessment behind it."""

    period: int
    day: int
    study_day: int | None
    date: datetime.date | None
    source: Source | None
    done: Assessment | None = None


def at_visit(visit: Planned | None) -> Start | None:
    """Returns the start at a planned visit; None where there is no visit, or no day."""
    if visit is None:
        return None
    done = visit.done
    day = (done.study_day if done else None) or visit.visit.day
    if day is None:
        return None
    return Start(
        period=visit.period,
        day=day,
        study_day=done.study_day if done else None,
        date=done.date if done else None,
        source=done.score.source if done else None,
        done=done,
    )


def at_randomisation(
    subject: Subject,
    parameter: Durability,
    endpoint: Endpoint,
    base: Assessment | None,
    found: Sequence[Assessment],
    targets: Mapping[str, int | None],
) -> Start | None:
    """Returns the randomisation of who was in the state at so many last assessments on or before its day.

    Assessments with a value after the first dose count, unscheduled ones too; one without a day on its target day.
    """
    date, first = full_date(subject.randomised), first_doses(subject).get(1)
    if date is None or first is None:
        return None
    day = study_day(date, first)
    dated = [
        (one.study_day or targets.get(one.avisit), one)
        for one in found
        if one.score.instrument == endpoint.instrument and one.value is not None and not one.is_baseline
    ]
    before = [(seen, one) for seen, one in dated if seen is not None and 1 < seen <= day]
    before.sort(key=lambda pair: (pair[0], pair[1].score.day, pair[1].score.source))
    last = [one for _, one in before][-parameter.start.assessments :]
    is_met = [
        responds(endpoint, base.value if base else None, one.value)
        if parameter.start.state == "response"
        else remits(endpoint, one.value)
        for one in last
    ]
    if len(last) < parameter.start.assessments or not all(is_met):
        return None
    return Start(period=1, day=day, study_day=day, date=date, source=subject.randomised_source)
