"""Who was still without the event at each landmark of the study file, in plain Python, from docs/study-file.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.study import Study
from tests.reference.assessments import assessments
from tests.reference.durability import Course, courses
from tests.reference.outcomes import Planned, planned_by_period
from tests.reference.records import Subject, days_apart

NOT_PLANNED, NOT_STARTED = "NOT PLANNED", "NOT STARTED"


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """One row of `retention`: `day` counts from the start of the course, which is day 1."""

    course: Course
    name: str
    day: int | None
    is_retained: bool | None
    why_unknown: str | None


def landmarks(study: Study, subject: Subject) -> list[Landmark]:
    """Returns the subject's rows of `retention`: each course at each landmark of its parameter."""
    found = assessments(study, subject)
    rows = []
    for course in courses(study, subject):
        parameter = next(one for one in study.durability if one.paramcd == course.paramcd)
        endpoint = next(one for one in study.endpoints if one.name == parameter.endpoint)
        by_period = planned_by_period(study, subject, endpoint, found)
        planned = next(visits for visits in by_period if visits[0].period == course.period)
        days: list[tuple[str, int | None]] = [(f"DAY {day}", day) for day in parameter.landmarks.days]
        visits = list(_at_visits(course, parameter.landmarks.visits, planned))
        rows += [_judged(course, name, day) for name, day in (*days, *visits)]
    return rows


def _at_visits(course: Course, visits: Sequence[str], planned: Sequence[Planned]) -> Iterator[tuple[str, int | None]]:
    """Yields each visit and its day of the course: of the subject's own visit, else of the plan of its version."""
    by_name = {one.visit.visit: one for one in planned}
    for name in visits:
        one = by_name.get(name)
        day = ((one.done.study_day if one.done else None) or one.visit.day) if one else None
        yield name, None if day is None else days_apart(course.clock_start, day) + 1


def _judged(course: Course, name: str, day: int | None) -> Landmark:
    """Judges a course at a day: an event on the day is there by then, and who was followed to it is known."""
    retained: bool | None
    why = None
    if day is None:
        retained, why = None, NOT_PLANNED
    elif day < 1:
        retained, why = None, NOT_STARTED
    elif course.event is not None:
        retained = course.days > day
    elif course.days >= day:
        retained = True
    else:
        retained, why = None, course.censored
    return Landmark(course=course, name=name, day=day, is_retained=retained, why_unknown=why)
