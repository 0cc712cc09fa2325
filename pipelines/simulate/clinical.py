"""Clinical events: what counts as relapse or as an intercurrent event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.simulate.courses import Course
from pipelines.simulate.protocol import EXPORT
from pipelines.simulate.stream import Stream

_TERMS = {
    "HOSPITALISATION FOR DEPRESSION": "Admitted to hospital, depression worse",
    "SUICIDE ATTEMPT": "Suicide attempt",
    "OTHER RELAPSE EVENT": "Crisis team called",
}


@dataclass(frozen=True, kw_only=True)
class ClinicalEvent:
    """A relapse event or the start of rescue medication."""

    term: str
    coded: str
    on: date


def clinical_events(seed: int, course: Course) -> list[ClinicalEvent]:
    """Returns relapse events and rescue medication: some time after a relapse shows, and rarely without response."""
    subject = course.subject
    draws = Stream(seed, "clinical", subject.site, subject.number)
    shown = course.at(course.relapse) if course.relapse else None
    found = []
    if shown is not None:
        if draws.chance(320):
            on = shown.on + timedelta(days=draws.between(1, 9))
            kind = draws.choice(
                (
                    "HOSPITALISATION FOR DEPRESSION",
                    "HOSPITALISATION FOR DEPRESSION",
                    "SUICIDE ATTEMPT",
                    "OTHER RELAPSE EVENT",
                )
            )
            found.append(ClinicalEvent(term=_TERMS[kind], coded=kind, on=on))
        if draws.chance(400):
            found.append(_rescue(shown.on + timedelta(days=draws.between(10, 25))))
    elif course.dosed and not course.responder and draws.chance(120):
        found.append(_rescue(subject.on(draws.between(32, 120))))
    return [event for event in found if event.on <= last_day(course)]


def _rescue(on: date) -> ClinicalEvent:
    return ClinicalEvent(term="Started an antidepressant", coded="RESCUE MEDICATION", on=on)


def last_day(course: Course) -> date:
    """Returns the last day on which anything of the subject can have been recorded."""
    return min(course.ended or EXPORT, EXPORT)
