"""Who takes part: consent, strata, blocks, baseline severity, and how each leaves the trial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.simulate.protocol import (
    FIRST_CONSENT,
    RANDOMISED_PER_SITE,
    SCREEN_FAILURES_PER_SITE,
    SCREENED_DAYS_APART,
    SITES,
    STRATA,
)
from pipelines.simulate.stream import Stream

# Blocks of four within site and stratum: three blocks of the one, two of the other.
_BLOCKS_OF_STRATUM = (3, 2)
LEAVE_REASONS = (
    *("WITHDRAWAL BY SUBJECT",) * 4,
    *("LOST TO FOLLOW-UP",) * 3,
    *("ADVERSE EVENT",) * 1,
    *("LACK OF EFFICACY",) * 2,
)
_LEAVE_AFTER = ("BL", "D2", "W1", "W2", "W3", "W4", "W4", "W6", "W6", "W8", "W8", "W12", "W12", "W16", "W20")
_LEAVES_PER_SITE = ((1, 2), (2, 1))


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One screened person; `arm` is None after a screen failure, `leaves_after` the last visit of an early end."""

    site: str
    number: int
    sex: str
    age: int
    stratum: str
    arm: str | None
    baseline: int
    weight_dg: int
    consented: date
    day_1: date
    leaves_after: str | None = None
    leave_reason: str | None = None
    hypertensive: bool = False
    attendance_permille: int = 900

    @property
    def key(self) -> str:
        """The subject's number within its site."""
        return f"{self.number:03d}"

    def on(self, day: int) -> date:
        """Returns the date of a study day (day 1 = first dose; there is no day 0)."""
        return self.day_1 + timedelta(days=day - 1 if day > 0 else day)


def screened(seed: int) -> list[Subject]:
    """Returns all screened persons, by site and number."""
    return [subject for site in SITES for subject in _site(seed, site)]


def _site(seed: int, site: str) -> list[Subject]:
    draws = Stream(seed, "site", site)
    slots = _allocated(draws)
    total = RANDOMISED_PER_SITE + SCREEN_FAILURES_PER_SITE
    failures = sorted(draws.shuffled(range(2, total))[:SCREEN_FAILURES_PER_SITE])
    enrolled = [number for number in range(1, total + 1) if number not in failures]
    few, many = _LEAVES_PER_SITE[SITES.index(site) % 2]
    # One arm loses one, the other two, and the sites take turns.
    by_arm = {"KET": few, "MDZ": many}
    leavers: set[int] = set()
    for own, count in by_arm.items():
        leavers.update(draws.shuffled([n for n, slot in zip(enrolled, slots, strict=True) if slot[1] == own])[:count])
    people = []
    for number in range(1, total + 1):
        failed = number in failures
        stratum = draws.choice(STRATA) if failed else slots[enrolled.index(number)][0]
        arm = None if failed else slots[enrolled.index(number)][1]
        people.append(_person(seed, site, number, stratum=stratum, arm=arm, leaves=number in leavers))
    return people


def _allocated(draws: Stream) -> list[tuple[str, str]]:
    slots: list[tuple[str, str]] = []
    for stratum, blocks in zip(STRATA, _BLOCKS_OF_STRATUM, strict=True):
        for _ in range(blocks):
            slots += [(stratum, arm) for arm in draws.shuffled(("KET", "KET", "MDZ", "MDZ"))]
    return draws.shuffled(slots)


def _person(seed: int, site: str, number: int, *, stratum: str, arm: str | None, leaves: bool) -> Subject:
    draws = Stream(seed, "person", site, number)
    consented = FIRST_CONSENT + timedelta(days=(number - 1) * SCREENED_DAYS_APART + draws.between(0, 6))
    leaves_after = draws.choice(_LEAVE_AFTER) if leaves else None
    return Subject(
        site=site,
        number=number,
        sex="F" if draws.chance(600) else "M",
        age=min(max(draws.normal(44, 12), 19), 74),
        stratum=stratum,
        arm=arm,
        baseline=min(max(draws.normal(33, 5), 22), 48),
        weight_dg=min(max(draws.normal(760, 130), 480), 1250),
        consented=consented,
        day_1=consented + timedelta(days=draws.between(15, 22)),
        leaves_after=leaves_after,
        leave_reason=draws.choice(LEAVE_REASONS) if leaves else None,
        hypertensive=draws.chance(60),
        attendance_permille=draws.choice((600, 820, 900, 950, 970)),
    )
