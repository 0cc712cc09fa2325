"""Therapy sessions and what a subject had of each type, in plain Python, from docs/study-file.md (Therapy)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction

from pipelines.study import Study
from tests.reference.records import Source, Subject, full_date
from tests.reference.safety_records import Session


@dataclass(frozen=True, kw_only=True)
class Held:
    """One row of `therapy`."""

    session: Session
    number: int
    days_since_dose: int | None
    is_attended: bool
    is_in_window: bool | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One row of `therapy_summary`."""

    kind: str
    planned: int | None
    recorded: int
    attended: int
    in_window: int
    attended_pct: Fraction | None
    minutes: int
    mean_fidelity: Fraction | None
    first: datetime.date | None
    last: datetime.date | None
    source: Source | None


def held(study: Study, subject: Subject) -> list[Held]:
    """Returns the subject's sessions; a session that is not marked as missed took place."""
    numbers: dict[str, int] = {}
    rows = []
    first, last = study.therapy.integration_window_days
    for session in sorted(subject.sessions, key=lambda one: (one.day, one.source)):
        numbers[session.kind] = numbers.get(session.kind, 0) + 1
        since = days_since_dose(subject, full_date(session.day))
        attended = session.held != "N"
        in_window = None
        if session.kind == "INTEGRATION" and attended:
            in_window = since is not None and first <= since <= last
        rows.append(
            Held(
                session=session,
                number=numbers[session.kind],
                days_since_dose=since,
                is_attended=attended,
                is_in_window=in_window,
            )
        )
    return rows


def summaries(study: Study, subject: Subject) -> list[Summary]:
    """Returns the subject's rows of `therapy_summary`: each type that is planned or recorded."""
    planned = dict(study.therapy.planned)
    rows = held(study, subject)
    return [
        _summary(kind, planned.get(kind), [one for one in rows if one.session.kind == kind])
        for kind in sorted({*planned, *(one.session.kind for one in rows)})
    ]


def _summary(kind: str, planned: int | None, rows: list[Held]) -> Summary:
    attended = [one.session for one in rows if one.is_attended]
    rated = [one.fidelity for one in attended if one.fidelity is not None]
    days = [day for day in (full_date(one.day) for one in attended) if day is not None]
    return Summary(
        kind=kind,
        planned=planned,
        recorded=len(rows),
        attended=len(attended),
        in_window=sum(bool(one.is_in_window) for one in rows),
        attended_pct=Fraction(100 * len(attended), planned) if planned else None,
        minutes=sum(one.minutes or 0 for one in attended),
        mean_fidelity=Fraction(sum(rated), len(rated)) if rated else None,
        first=min(days, default=None),
        last=max(days, default=None),
        source=rows[-1].session.source if rows else None,
    )


def days_since_dose(subject: Subject, date: datetime.date | None) -> int | None:
    """Returns the days from the last dose on or before a date."""
    doses = [full_date(dose.day) for dose in subject.doses]
    before = [dose for dose in doses if dose is not None and date is not None and dose <= date]
    return (date - max(before)).days if date is not None and before else None
