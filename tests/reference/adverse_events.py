"""Adverse events that are treatment-emergent, in plain Python, from docs/study-file.md (Safety, Partial dates)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from pipelines.study import Study
from tests.reference.dates import completed, possible
from tests.reference.records import Subject, first_doses, full_date
from tests.reference.safety_records import SEVERITIES, AdverseEvent
from tests.reference.therapy import days_since_dose


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One row of `adae`: the dates that analyses use, what was completed of them, and whether it is emergent."""

    event: AdverseEvent
    start: datetime.date | None
    start_part: str | None
    end: datetime.date | None
    end_part: str | None
    days_since_dose: int | None
    reason: str | None
    interest: str | None


def judged(study: Study, subject: Subject) -> list[Judged]:
    """Returns the subject's rows of `adae`."""
    rows = []
    for event in subject.adverse_events:
        end, end_part = completed(event.end, study.partial_dates.adverse_event_end, subject)
        # Only an end whose day was collected bounds the start.
        start, start_part = completed(
            event.start, study.partial_dates.adverse_event_start, subject, full_date(event.end)
        )
        groups = study.safety.special_interest
        of_group = [one.name for one in groups if event.term.lower() in {term.lower() for term in one.terms}]
        rows.append(
            Judged(
                event=event,
                start=start,
                start_part=start_part,
                end=end,
                end_part=end_part,
                days_since_dose=days_since_dose(subject, start),
                reason=_reason(study, subject, event),
                interest=of_group[0] if of_group else None,
            )
        )
    return rows


def _reason(study: Study, subject: Subject, event: AdverseEvent) -> str | None:
    """Returns why it is treatment-emergent, by what is known of its dates and never by what they were completed to."""
    first_dose = min(first_doses(subject).values(), default=None)
    is_over = len(event.start) < 10 and _is_before(event.end, first_dose) if first_dose else True
    if first_dose is None or is_over:
        return None
    rule = study.safety.treatment_emergent
    if not _is_before(event.start, first_dose):
        doses = [full_date(dose.day) for dose in subject.doses]
        last_dose = max(dose for dose in doses if dose is not None)
        allowed = rule.until_days_after_last_dose
        is_late = (
            allowed is not None
            and event.start
            and possible(event.start)[0] > last_dose + datetime.timedelta(days=allowed)
        )
        return None if is_late else "STARTED"
    if _is_before(event.end, first_dose):
        return None
    is_worse = event.before and SEVERITIES.index(event.severity) > SEVERITIES.index(event.before)
    return "WORSENED" if rule.rule == "started_or_worsened" and is_worse else None


def _is_before(text: str, date: datetime.date) -> bool:
    """Returns whether what is known of a date lies before another."""
    return bool(text) and possible(text)[1] < date
