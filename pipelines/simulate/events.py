"""Adverse events: around doses, between them, and those that a relapse event is too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.simulate.clinical import clinical_events, last_day
from pipelines.simulate.courses import Course
from pipelines.simulate.dosing import Dose
from pipelines.simulate.stream import Stream

_NERVOUS, _PSYCHIATRIC, _VASCULAR = "Nervous system disorders", "Psychiatric disorders", "Vascular disorders"
_GUT, _GENERAL, _INFECTION = "Gastrointestinal disorders", "General disorders", "Infections and infestations"
# Reported term, coded term, body system.
_AFTER_DOSE = {
    "KET": (
        ("Felt outside of body", "Dissociation", _PSYCHIATRIC),
        ("Dizzy", "Dizziness", _NERVOUS),
        ("Nausea", "Nausea", _GUT),
        ("Headache", "Headache", _NERVOUS),
        ("Raised blood pressure", "Blood pressure increased", _VASCULAR),
        ("Blurred vision", "Vision blurred", "Eye disorders"),
    ),
    "MDZ": (
        ("Sleepy", "Somnolence", _NERVOUS),
        ("Headache", "Headache", _NERVOUS),
        ("Tired", "Fatigue", _GENERAL),
        ("Dizzy", "Dizziness", _NERVOUS),
    ),
}
_BETWEEN = (
    ("Common cold", "Nasopharyngitis", _INFECTION),
    ("Headache", "Headache", _NERVOUS),
    ("Could not sleep", "Insomnia", _PSYCHIATRIC),
    ("Back pain", "Back pain", "Musculoskeletal and connective tissue disorders"),
    ("Anxious", "Anxiety", _PSYCHIATRIC),
)


@dataclass(frozen=True, kw_only=True)
class AdverseEvent:
    """One adverse event; `end` is None while it goes on."""

    term: str
    coded: str
    body_system: str
    start: date
    end: date | None
    severity: str
    serious: bool
    related: bool


def adverse_events(seed: int, course: Course, doses: Sequence[Dose]) -> list[AdverseEvent]:
    """Returns the subject's adverse events, in order of onset."""
    subject = course.subject
    if not course.dosed:
        return []
    draws = Stream(seed, "adverse", subject.site, subject.number)
    found = []
    for dose in doses:
        if draws.chance(620 if subject.arm == "KET" else 380):
            term = draws.choice(_AFTER_DOSE[subject.arm or "MDZ"])
            severity = draws.choice(("MILD", "MILD", "MODERATE"))
            found.append(
                _event(term, dose.on, dose.on + timedelta(days=draws.below(2)), severity=severity, related=True)
            )
    if draws.chance(60):
        # Before the first dose: an adverse event that is not treatment-emergent.
        start = subject.on(-draws.between(2, 12))
        found.append(_event(draws.choice(_BETWEEN), start, start + timedelta(days=1), severity="MILD", related=False))
    for _ in range(draws.below(3)):
        start = subject.on(draws.between(3, 160))
        end = None if draws.chance(80) else start + timedelta(days=draws.between(1, 10))
        term = draws.choice(_BETWEEN)
        if start <= last_day(course):
            ended = end if end and end <= last_day(course) else None
            found.append(
                _event(term, start, ended, severity=draws.choice(("MILD", "MODERATE")), related=draws.chance(150))
            )
    for event in clinical_events(seed, course):
        if event.coded in {"HOSPITALISATION FOR DEPRESSION", "SUICIDE ATTEMPT"}:
            term = (event.term, "Suicide attempt" if event.coded == "SUICIDE ATTEMPT" else "Depression", _PSYCHIATRIC)
            found.append(_event(term, event.on, None, severity="SEVERE", related=False, serious=True))
    # One event for a term and a day: without a number of its own, a second would be the same record.
    once = {(event.start, event.term): event for event in found}
    return [once[key] for key in sorted(once)]


def _event(
    term: tuple[str, str, str], start: date, end: date | None, *, severity: str, related: bool, serious: bool = False
) -> AdverseEvent:
    return AdverseEvent(
        term=term[0],
        coded=term[1],
        body_system=term[2],
        start=start,
        end=end,
        severity=severity,
        serious=serious,
        related=related,
    )
