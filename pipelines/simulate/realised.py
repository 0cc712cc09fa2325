"""What came out in the simulated sample, observed cases, before any defect was planted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.simulate.protocol import ARMS
from pipelines.simulate.trial import Participant

_REMISSION = 10
_VISITS = ("D2", "W1", "W4", "W8", "W12", "W24")


def realised_effects(people: Sequence[Participant]) -> dict[str, Any]:
    """Returns counts by arm: assessed, responders (MADRS reduced by at least half) and remitters; and relapses."""
    randomised = [person for person in people if person.subject.arm]
    return {
        "randomised": {arm: sum(person.subject.arm == arm for person in randomised) for arm in ARMS},
        "by_visit": {
            visit: {arm: _counts([p for p in randomised if p.subject.arm == arm], visit) for arm in ARMS}
            for visit in _VISITS
        },
        "week_4_responders_relapsing": {
            name: _relapses([p for p in randomised if p.course.responder and p.course.maintenance == maintained])
            for name, maintained in (("without_maintenance", False), ("with_maintenance", True))
        },
    }


def _counts(people: Sequence[Participant], visit: str) -> dict[str, int]:
    pairs = [
        (baseline.madrs, assessment.madrs)
        for person in people
        if (baseline := person.course.at("BL")) and (assessment := person.course.at(visit))
    ]
    return {
        "assessed": len(pairs),
        "response": sum(2 * score <= baseline for baseline, score in pairs),
        "remission": sum(score <= _REMISSION for _, score in pairs),
    }


def _relapses(people: Sequence[Participant]) -> dict[str, int]:
    return {"subjects": len(people), "relapsed": sum(person.course.relapse is not None for person in people)}
