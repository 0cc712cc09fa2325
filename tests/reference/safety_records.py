"""What is collected beside scores, of the made-up trial that has it: sessions, laboratory results, events, signs."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reference.records import Dose, Source

TERMS = ("Nausea", "Dissociation", "Headache", "Dysuria", "Fatigue")
SEVERITIES = ("MILD", "MODERATE", "SEVERE")
# The lower limit in thousandths of the unit of analysis, and the units delivered.
ANALYTES = {
    "BDNF": (500, ("ng/mL", "pg/mL")),
    "CRP": (300, ("mg/L", "mg/dL")),
    "TNFA": (400, ("pg/mL",)),
}
TIMEPOINTS = {"pre": "PRE-DOSE", "40": "40 MIN", "90": "90 MIN"}


@dataclass(frozen=True, kw_only=True)
class Session:
    """A therapy session; `held` is Y, N or not said."""

    kind: str
    day: str
    held: str = ""
    minutes: int | None = None
    fidelity: int | None = None
    source: Source = ("", 0)


@dataclass(frozen=True, kw_only=True)
class Result:
    """A laboratory result: as reported (`< 0.3`), and the number in the unit delivered, in thousandths of it."""

    analyte: str
    visit: str
    day: str
    thousandths: int
    unit: str
    mark: str = ""
    source: Source = ("", 0)


@dataclass(frozen=True, kw_only=True)
class AdverseEvent:
    """An adverse event with its severity, and what that was before the first dose."""

    term: str
    start: str
    end: str
    severity: str
    before: str
    source: Source = ("", 0)


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Blood pressure around the dose of a day, by time point; what was not measured is not there."""

    day: str
    systolic: dict[str, int]
    source: Source = ("", 0)


def sessions(chance: random.Random, first_dose: datetime.date) -> Iterator[Session]:
    """Yields sessions around the doses, each day and type once."""
    days = sorted(chance.sample(range(-5, 50), chance.randrange(6)))
    for day in days:
        yield Session(
            kind=chance.choice(["PREPARATION", "INTEGRATION", "INTEGRATION", "DOSING"]),
            day=(first_dose + datetime.timedelta(days=day)).isoformat(),
            held=chance.choice(["Y", "Y", "N", ""]),
            minutes=chance.choice([None, 30, 50, 90]),
            fidelity=chance.choice([None, 1, 3, 4, 5]),
        )


def results(chance: random.Random, first_dose: datetime.date) -> Iterator[Result]:
    """Yields results near the planned visits, some beyond a limit, each analyte and day once."""
    for analyte, (limit, units) in ANALYTES.items():
        for target in sorted({chance.randint(-6, 0), *chance.sample(range(40), chance.randrange(4))}):
            unit = chance.choice(units)
            # The limit itself, just below and above it, in the unit of analysis.
            value = chance.choice([limit, limit - 1, limit + 1, 0, 90_000, 90_001, chance.randint(0, 100_000)])
            delivered = {"pg/mL": value * 1000 if analyte == "BDNF" else value, "mg/dL": value // 10}.get(unit, value)
            yield Result(
                analyte=analyte,
                visit="UNSCHEDULED",
                day=(first_dose + datetime.timedelta(days=target)).isoformat(),
                thousandths=delivered,
                unit=unit,
                mark=chance.choice(["", "", "", "", "<", ">"]),
            )


def adverse_events(chance: random.Random, first_dose: datetime.date) -> Iterator[AdverseEvent]:
    """Yields events around the first and after the last dose, each term once; dates as well as they are known."""
    for term in chance.sample(TERMS, chance.randrange(4)):
        start = first_dose + datetime.timedelta(days=chance.choice([-1, 0, 1, *[chance.randint(-40, 120)] * 5]))
        end = start + datetime.timedelta(days=chance.randrange(30))
        severity, before = chance.choice(SEVERITIES), chance.choice(["", *SEVERITIES])
        yield AdverseEvent(
            term=term,
            start=start.isoformat()[: chance.choice([10, 10, 10, 7, 4, 0])],
            end=end.isoformat()[: chance.choice([10, 10, 7, 4, 0, 0])],
            severity=severity,
            before=before,
        )


def signs(chance: random.Random, doses: tuple[Dose, ...]) -> Iterator[Signs]:
    """Yields the blood pressure around some doses."""
    for dose in doses:
        if chance.random() < 0.8:
            measured = {point: chance.choice([139, 140, 141, 160, 179, 180, 181]) for point in TIMEPOINTS}
            yield Signs(day=dose.day, systolic={point: one for point, one in measured.items() if chance.random() < 0.8})
