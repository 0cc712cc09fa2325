"""What a date becomes of which only a part is known, in plain Python, from docs/study-file.md (Partial dates)."""

from __future__ import annotations

import calendar
import datetime

from pipelines.study.dates import PartialDate
from tests.reference.records import Subject, first_doses, full_date

PARTS = {0: "Y", 4: "M", 7: "D"}
ALLOWED = {"day": "D", "month": "DM", "year": "DMY"}


def completed(
    text: str, rule: PartialDate, subject: Subject, event_end: datetime.date | None = None
) -> tuple[datetime.date | None, str | None]:
    """Returns the date and the highest part of it that was completed (`adtf`); None and None where it stays open."""
    if full_date(text) is not None:
        return full_date(text), None
    flag = PARTS[len(text)]
    bounds = _named(rule.not_before, subject, event_end), _named(rule.not_after, subject, event_end)
    if rule.impute == "none" or flag not in ALLOWED[rule.highest]:
        return None, None
    if not text:
        # Nothing is known: it is dated at its bound.
        date = bounds[0] or bounds[1]
        return date, flag if date else None
    first, last = possible(text)
    date = {"first": first, "last": last, "mid": _middle(text)}[rule.impute]
    not_before, not_after = bounds
    if not_before is not None and date < not_before <= last:
        date = not_before
    if not_after is not None and first <= not_after < date:
        date = not_after
    return date, flag


def possible(text: str) -> tuple[datetime.date, datetime.date]:
    """Returns the first and the last day that a date can be, by what is known of it."""
    if len(text) == 10:
        return datetime.date.fromisoformat(text), datetime.date.fromisoformat(text)
    year = int(text[:4])
    if len(text) == 4:
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    month = int(text[5:])
    return datetime.date(year, month, 1), datetime.date(year, month, calendar.monthrange(year, month)[1])


def _middle(text: str) -> datetime.date:
    return datetime.date(int(text), 6, 30) if len(text) == 4 else datetime.date.fromisoformat(f"{text}-15")


def _named(bound: str | None, subject: Subject, event_end: datetime.date | None) -> datetime.date | None:
    """Returns the date of the subject that a bound names."""
    if bound == "first_dose":
        return min(first_doses(subject).values(), default=None)
    if bound == "event_end":
        return event_end
    if bound == "consent":
        return full_date(subject.consent)
    ends = [full_date(event.day) for event in subject.events if event.domain == "DS"]
    if bound == "end_of_study":
        return max((day for day in ends if day is not None), default=None)
    return None
