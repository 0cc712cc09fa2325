"""Subjects that nobody wrote down: seeded, so that one found to disagree can be made again."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from typing import Any

from pipelines.study import Study
from pipelines.study.catalogue import catalogue
from tests.reference.records import Dose, Event, Score, Subject, date_of_study_day
from tests.reference.safety_records import adverse_events, results, sessions, signs

FIRST = datetime.date(2026, 3, 2)
EVENTS = ("RESCUE MEDICATION", "HOSPITALISATION FOR DEPRESSION", "SUICIDE ATTEMPT", "PANIC ATTACK")
ENDS = ("COMPLETED", "WITHDRAWAL BY SUBJECT", "LACK OF EFFICACY", "LOST TO FOLLOW-UP", "DEATH")
# What is collected item by item; of the others only the total is.
BY_ITEM = {"MADRS", "HAMD17"}
# Where rules change their answer.
BOUNDARIES = (0, 4, 5, 6, 9, 10, 11, 12, 13, 20, 21, 22, 23)


def subject(study: Study, seed: int, number: int) -> Subject:
    """Returns subject `number` of a made-up trial: dosed or not, followed or lost, written down well or badly."""
    chance = random.Random(f"{seed} {study.study} {number}")  # noqa: S311 - a seed is wanted
    first_dose = FIRST + datetime.timedelta(days=chance.randrange(60))
    arms = list(study.arms)
    chance.shuffle(arms)
    doses = tuple(_doses(study, chance, first_dose, arms))
    starts = [datetime.date.fromisoformat(dose.day) for dose in doses if len(dose.day) == 10] or [first_dose]
    scores = [
        score
        for instrument in study.instruments
        for score in _scores(study, chance, instrument, starts, arms, _base(chance, instrument))
    ]
    # A row is told by its instrument, visit and day: a second one would be set aside.
    told = {(score.instrument, score.visit, score.arm, score.day): score for score in scores}
    consent, randomised = _dates(chance, first_dose) if study.design == "randomised_withdrawal" else ("", "")
    return Subject(
        usubjid=f"{number:06d}",
        site=f"{number % 2 + 1:02d}",
        arm=arms[0],
        consent=consent,
        randomised=randomised,
        doses=doses,
        scores=tuple(told.values()),
        events=tuple(_events(chance, first_dose)),
        **_safety(study, chance, first_dose, doses),
    )


def _safety(study: Study, chance: random.Random, first_dose: datetime.date, doses: tuple[Dose, ...]) -> dict[str, Any]:
    if not study.biomarkers:
        return {}
    return {
        "sessions": tuple(sessions(chance, first_dose)),
        "results": tuple(results(chance, first_dose)),
        "adverse_events": tuple(adverse_events(chance, first_dose)),
        "signs": tuple(signs(chance, doses)),
    }


def _dates(chance: random.Random, first_dose: datetime.date) -> tuple[str, str]:
    """Returns the days of consent and of randomisation, as far as they are known."""
    consent = first_dose - datetime.timedelta(days=chance.choice([0, 1, 7, 14, 20, 28, chance.randint(0, 40)]))
    randomised = first_dose + datetime.timedelta(days=chance.choice([27, 28, 29, chance.randint(-2, 70)]))
    return (
        consent.isoformat() if chance.random() < 0.9 else "",
        randomised.isoformat() if chance.random() < 0.9 else "",
    )


def _base(chance: random.Random, instrument: str) -> int:
    most = int(catalogue()[instrument].total_range[1])
    return chance.choice(
        [most // 2, most // 2 - 1, chance.randint(most // 4, most), *([0] if chance.random() < 0.1 else [])]
    )


def _doses(study: Study, chance: random.Random, first_dose: datetime.date, arms: list[str]) -> Iterator[Dose]:
    if study.design == "crossover":
        for period in (1, 2)[: chance.choice([0, 1, 2, 2, 2, 2, 2])]:
            day = first_dose + datetime.timedelta(days=(period - 1) * chance.choice([14, 21, 28]))
            yield Dose(day=day.isoformat(), period=period, arm=arms[period - 1])
        return
    for after in sorted({0, *chance.sample(range(1, 90), chance.randrange(3))}) if chance.random() < 0.93 else ():
        category = "MAINTENANCE" if after and chance.random() < 0.7 else "INITIAL"
        yield Dose(day=(first_dose + datetime.timedelta(days=after)).isoformat(), category=category)


def _scores(
    study: Study, chance: random.Random, instrument: str, starts: list[datetime.date], arms: list[str], base: int
) -> Iterator[Score]:
    leaves = chance.choice([len(study.visits)] * 4 + list(range(len(study.visits))))
    for period, start in enumerate(starts if study.design == "crossover" else starts[:1], 1):
        for visit in study.visits[: leaves + 1]:
            if (visit.of_period or period == 1) and chance.random() > 0.15:
                for _ in range(chance.choice([1, 1, 1, 1, 2, 3])):
                    target = visit.day or 1
                    moved = target + chance.choice([0, 0, 0, 0, -1, 1, -2, 2, -3, 3, chance.randint(-12, 12)])
                    day = date_of_study_day(moved or 1, start)
                    value = _before(chance, base, period) if visit.baseline else _value(chance, instrument, base)
                    coded = visit if chance.random() < 0.9 else chance.choice(study.visits)
                    code = "UNSCHEDULED" if chance.random() < 0.05 else coded.visit
                    arm = (
                        arms[period - 1]
                        if study.design == "crossover" and coded.of_period and code != "UNSCHEDULED"
                        else None
                    )
                    yield _score(chance, instrument, code, _written(chance, day), arm, value)
    for _ in range(chance.choice([0, 0, 1, 3])):
        day = date_of_study_day(chance.randint(2, 120), starts[0])
        yield _score(chance, instrument, "UNSCHEDULED", day.isoformat(), None, _value(chance, instrument, base))


def _before(chance: random.Random, base: int, period: int) -> int:
    """Returns a score before a period's dose: what the first one did may still be there before the second."""
    return base if period == 1 else chance.choice([base, base * 3 // 4, base // 2, 0])


def _value(chance: random.Random, instrument: str, base: int) -> int:
    most = int(catalogue()[instrument].total_range[1])
    near = [base // 2, (base + 1) // 2, base // 2 + 1, base * 3 // 5, *BOUNDARIES]
    return min(most, chance.choice([*near, chance.randint(0, most), chance.randint(0, most)]))


def _written(chance: random.Random, day: datetime.date) -> str:
    """Returns the day as a site may know it."""
    return day.isoformat()[: chance.choice([10] * 36 + [7, 7, 4, 0])]


def _score(chance: random.Random, instrument: str, visit: str, day: str, arm: str | None, value: int) -> Score:
    ranges = list(catalogue()[instrument].item_ranges.values())
    if instrument not in BY_ITEM:
        return Score(instrument=instrument, visit=visit, day=day, arm=arm, total=value)
    items: list[int | None] = _items([int(highest) for _, highest in ranges], value)
    kind = chance.random()
    total = value if kind < 0.5 else chance.randint(0, value) if kind < 0.6 else None
    if chance.random() < 0.1:
        for n in chance.sample(range(len(ranges)), chance.choice([1, 1, 2, 3, len(ranges)])):
            items[n] = None
    return Score(instrument=instrument, visit=visit, day=day, arm=arm, items=tuple(items), total=total)


def _items(highest: list[int], value: int) -> list[int | None]:
    """Returns items that make this sum, as even as their ranges allow."""
    items = [0] * len(highest)
    while sum(items) < value:
        open_items = [n for n, most in enumerate(highest) if items[n] < most]
        items[min(open_items, key=lambda n: items[n])] += 1
    return list(items)


def _events(chance: random.Random, first_dose: datetime.date) -> Iterator[Event]:
    for term in chance.sample(EVENTS, chance.choice([0, 0, 0, 1, 1, 2])):
        day = first_dose + datetime.timedelta(days=chance.randint(-10, 120))
        yield Event(term=term, day=_written(chance, day), domain="CE")
    if chance.random() < 0.7:
        day = first_dose + datetime.timedelta(days=chance.randint(-5, 120))
        yield Event(term=chance.choice(ENDS), day=_written(chance, day), domain="DS")
