"""Who relapses and when: the hazard with and without maintenance dosing, and with how much therapy was attended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.simulate.protocol import MAINTENANCE_PERMILLE, RELAPSE_PER_4_WEEKS
from pipelines.simulate.stream import Stream, quantiles, rounded
from pipelines.simulate.subjects import Subject

RESPONSE = 500
Key = tuple[str, int]
# Reduction of MADRS from baseline at day 2 and week 4, in permille, by site and number.
Depth = Mapping[Key, tuple[int, int]]
# A relapse can show from week 8 on; days since the visit before.
_VISITS = {"W8": 14, "W12": 28, "W16": 28, "W20": 28, "W24": 28}


def is_maintained(seed: int, person: Subject) -> bool:
    """Whether the subject, as a responder, is offered maintenance doses."""
    return Stream(seed, "maintenance", person.site, person.number).chance(MAINTENANCE_PERMILLE)


def relapse_ranks(seed: int, people: Sequence[Subject], depth: Depth) -> dict[Key, int]:
    """Returns each responder's rank of frailty in permille (low = early relapse), with and without maintenance."""
    ranks: dict[Key, int] = {}
    for maintained in (False, True):
        keys = [
            (person.site, person.number)
            for person in people
            if person.arm
            and depth[person.site, person.number][1] >= RESPONSE
            and is_maintained(seed, person) == maintained
        ]
        draws = Stream(seed, "relapse", int(maintained))
        ranks.update(zip(keys, quantiles([draws.below(1 << 30) for _ in keys]), strict=True))
    return ranks


def relapses_at(person: Subject, rank: int, *, maintained: bool) -> str | None:
    """Returns the visit at which a responder's relapse shows, None for one who stays well."""
    hazard = RELAPSE_PER_4_WEEKS[maintained]
    if person.attendance_permille < 700:
        hazard = rounded(hazard * 130, 100)
    elif person.attendance_permille >= 900:
        hazard = rounded(hazard * 85, 100)
    surviving = 1_000_000
    for visit, days in _VISITS.items():
        surviving = surviving * (28_000 - hazard * days) // 28_000
        if 1_000_000 - surviving > rank * 1000:
            return visit
    return None
