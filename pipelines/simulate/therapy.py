"""Psychotherapy between doses: two preparation sessions, and integration sessions in the days after each dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.simulate.courses import Course
from pipelines.simulate.dosing import Dose
from pipelines.simulate.protocol import EXPORT
from pipelines.simulate.stream import Stream


@dataclass(frozen=True, kw_only=True)
class TherapySession:
    """One planned session; minutes, therapist and fidelity are those of one that was held."""

    kind: str
    visit: str
    on: date
    held: bool
    minutes: int | None
    therapist: str
    fidelity_tenths: int | None


def therapy_sessions(seed: int, course: Course, doses: Sequence[Dose]) -> list[TherapySession]:
    """Returns the subject's preparation and integration sessions, in order of date."""
    subject = course.subject
    if subject.arm is None:
        return []
    draws = Stream(seed, "therapy", subject.site, subject.number)
    planned = [
        ("PREPARATION", "SCR", subject.on(-draws.between(8, 12))),
        ("PREPARATION", "SCR", subject.on(-draws.between(2, 6))),
    ]
    for dose in doses:
        planned.append(("INTEGRATION", dose.visit, dose.on + timedelta(days=1)))
        if dose.phase == "INITIAL":
            # At most three days later: before the next dose, so that no two sessions fall on one day.
            planned.append(("INTEGRATION", dose.visit, dose.on + timedelta(days=draws.between(2, 3))))
    therapist = f"{subject.site}-T{draws.between(1, 3)}"
    sessions = []
    for kind, visit, on in planned:
        held = draws.chance(980 if kind == "PREPARATION" else subject.attendance_permille)
        minutes = 5 * draws.between(10, 19) if kind == "PREPARATION" else 5 * draws.between(9, 15)
        fidelity = min(max(draws.normal(41, 5), 20), 50)
        if on <= EXPORT and (course.ended is None or on <= course.ended):
            sessions.append(
                TherapySession(
                    kind=kind,
                    visit=visit,
                    on=on,
                    held=held,
                    minutes=minutes if held else None,
                    therapist=therapist,
                    fidelity_tenths=fidelity if held else None,
                )
            )
    return sessions
