"""What was collected of one subject, before anything is derived from it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.reference.safety_records import AdverseEvent, Result, Session, Signs

Source = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One assessment with one instrument: items (none where only totals are collected), the total as written down.

    `visit` is the site's own code; `day` is ISO 8601, maybe partial, maybe empty; `arm` is what a crossover's visit
    code may say beside the visit; `source` is the file and the row in it (1 = first data row).
    """

    instrument: str
    visit: str
    day: str
    items: tuple[int | None, ...] = ()
    total: int | None = None
    arm: str | None = None
    source: Source = ("", 0)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A clinical event (CE) or a disposition (DS), by its coded term."""

    term: str
    day: str
    domain: Literal["CE", "DS"]
    source: Source = ("", 0)


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One dose; `period` and `arm` in a crossover; `category` as in EXCAT."""

    day: str
    period: int = 1
    arm: str | None = None
    category: str | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One subject: everything that counts as delivered last."""

    usubjid: str
    site: str = ""
    arm: str | None = None
    consent: str = ""
    randomised: str = ""
    randomised_source: Source = ("", 0)
    doses: tuple[Dose, ...] = ()
    scores: tuple[Score, ...] = ()
    events: tuple[Event, ...] = ()
    sessions: tuple[Session, ...] = ()
    results: tuple[Result, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    signs: tuple[Signs, ...] = ()


def full_date(text: str) -> datetime.date | None:
    """Returns the day of an ISO 8601 text that names one; None where it is partial or empty."""
    return datetime.date.fromisoformat(text) if len(text) == 10 else None


def study_day(day: datetime.date, first_dose: datetime.date) -> int:
    """Returns the study day: 1 is the day of the first dose, -1 the day before, and there is no day 0."""
    days = (day - first_dose).days
    return days + 1 if days >= 0 else days


def days_apart(first: int, last: int) -> int:
    """Returns the days from one study day to another, over the day 0 that there is not."""
    return (last if last > 0 else last + 1) - (first if first > 0 else first + 1)


def date_of_study_day(study_day: int, first_dose: datetime.date) -> datetime.date:
    """Returns the date of a study day."""
    return first_dose + datetime.timedelta(days=study_day - 1 if study_day > 0 else study_day)


def first_doses(subject: Subject) -> dict[int, datetime.date]:
    """Returns the date of the first dose of each period in which there is one, in the order of periods."""
    found: dict[int, datetime.date] = {}
    for dose in subject.doses:
        day = full_date(dose.day)
        if day is not None:
            found[dose.period] = min(day, found.get(dose.period, day))
    return dict(sorted(found.items()))
