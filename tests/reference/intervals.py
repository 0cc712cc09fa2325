"""Durability as a counting process: its time cut where doses and maintenance change, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from pipelines.study import Study
from pipelines.study.durability import Maintenance
from tests.reference.durability import Course, courses
from tests.reference.records import Dose, Subject, days_apart, first_doses, full_date, study_day


@dataclass(frozen=True, kw_only=True)
class Interval:
    """One row of `durability_intervals`: the days after `start` up to `stop` of a course whose first day is 1."""

    course: Course
    number: int
    start: int
    stop: int
    is_event: bool
    doses: int | None
    days_since_dose: int | None
    on_maintenance: bool | None


def intervals(study: Study, subject: Subject) -> list[Interval]:
    """Returns the subject's rows of `durability_intervals`.

    A dose counts from the day after it: what happens on the day of a dose happened under the exposure before it.
    """
    rows = []
    for course in courses(study, subject):
        maintenance = next(one.maintenance for one in study.durability if one.paramcd == course.paramcd)
        doses = _doses(subject, course)
        ends = [] if doses is None else _changes(doses, maintenance)
        cuts = sorted({0, course.days, *(day for day in ends if 0 < day < course.days)})
        for number, (start, stop) in enumerate(pairwise(cuts), 1):
            before = [day for day, _ in doses or [] if day <= start]
            rows.append(
                Interval(
                    course=course,
                    number=number,
                    start=start,
                    stop=stop,
                    is_event=course.event is not None and stop == course.days,
                    doses=None if doses is None else len(before),
                    days_since_dose=start + 1 - max(before) if before else None,
                    on_maintenance=None
                    if doses is None or maintenance is None
                    else _is_maintained(start + 1, doses, maintenance),
                )
            )
    return rows


def _doses(subject: Subject, course: Course) -> list[tuple[int, Dose]] | None:
    """Returns the period's doses with their day of the course; None where nobody knows when it started."""
    first = first_doses(subject).get(course.period)
    if course.start_date is None:
        return None
    if first is None:
        return []
    dated = [(full_date(dose.day), dose) for dose in subject.doses if dose.period == course.period]
    return [(days_apart(course.clock_start, study_day(day, first)) + 1, dose) for day, dose in dated if day is not None]


def _is_maintained(day: int, doses: list[tuple[int, Dose]], maintenance: Maintenance) -> bool:
    return any(
        0 < day - given <= maintenance.window_days
        for given, dose in doses
        if (given >= 1 if maintenance.category is None else dose.category == maintenance.category)
    )


def _changes(doses: list[tuple[int, Dose]], maintenance: Maintenance | None) -> list[int]:
    """Returns the last days before the exposure changes: those of doses, and the last one on maintenance."""
    given = [day for day, _ in doses]
    if maintenance is None:
        return given
    ends = [day + maintenance.window_days for day in given]
    return [
        *given,
        *(
            end
            for end in ends
            if _is_maintained(end, doses, maintenance) and not _is_maintained(end + 1, doses, maintenance)
        ),
    ]
