"""Vendors: the randomisation and dispensing service (IRT), the central laboratory (LAB), the tablets (EPRO)."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.simulate.cytokines import ANALYTE, UNIT
from pipelines.simulate.protocol import CSV_SITES, EXPORT
from pipelines.simulate.tables import Table, day, tenths
from pipelines.simulate.trial import Participant

ALLOCATION = ("site", "subject", "randomised_on", "arm", "stratum")
DISPENSING = ("site", "subject", "visit", "given_on", "dose_number", "phase", "kit_number", "drug", "dose_mg")
LABS = ("site", "subject", "visit", "sampled_on", "analyte", "reported", "value", "unit")
CYTOKINES = ("site", "subject", "visit", "sampled_on", "time_point", "analyte", "reported", "value", "unit")
QUESTIONS = ("site", "subject", "visit", "asked_on", "question", "answer", "points")
_ARM_CODES = {"KET": "A", "MDZ": "B"}


def vendor_tables(people: Sequence[Participant]) -> list[Table]:
    """Returns what the vendors deliver for all sites; doses only of the sites that have no hospital pharmacy."""
    return [_allocation(people), _dispensing(people), _labs(people), _cytokines(people), _questions(people)]


def _allocation(people: Sequence[Participant]) -> Table:
    table = Table(site="IRT", kind="allocation", exported=EXPORT, suffix="csv", columns=ALLOCATION)
    for person in people:
        subject = person.subject
        if subject.arm:
            table.add(
                site=subject.site,
                subject=subject.key,
                randomised_on=day(person.randomised),
                arm=_ARM_CODES[subject.arm],
                stratum=subject.stratum,
            )
    return table


def _dispensing(people: Sequence[Participant]) -> Table:
    table = Table(site="IRT", kind="dispensing", exported=EXPORT, suffix="csv", columns=DISPENSING)
    for person in people:
        if person.subject.site not in CSV_SITES:
            continue
        for dose in person.doses:
            table.add(
                site=person.subject.site,
                subject=person.subject.key,
                visit=dose.visit,
                given_on=day(dose.on),
                dose_number=str(dose.number),
                phase=dose.phase,
                kit_number=dose.kit,
                drug=dose.drug,
                dose_mg=tenths(dose.dose_tenths),
            )
    return table


def _labs(people: Sequence[Participant]) -> Table:
    table = Table(site="LAB", kind="labs", exported=EXPORT, suffix="csv", columns=LABS)
    for person in people:
        for result in person.labs:
            table.add(
                site=person.subject.site,
                subject=person.subject.key,
                visit=result.visit,
                sampled_on=day(result.on),
                analyte=result.analyte,
                reported=result.reported,
                value=result.value,
                unit=result.unit,
            )
    return table


def _cytokines(people: Sequence[Participant]) -> Table:
    table = Table(site="LAB", kind="cytokines", exported=EXPORT, suffix="csv", columns=CYTOKINES)
    for person in people:
        for result in person.cytokines:
            table.add(
                site=person.subject.site,
                subject=person.subject.key,
                visit=result.visit,
                sampled_on=day(result.on),
                time_point=result.timepoint,
                analyte=ANALYTE,
                reported=result.reported,
                value=result.value,
                unit=UNIT,
            )
    return table


def _questions(people: Sequence[Participant]) -> Table:
    table = Table(site="EPRO", kind="questions", exported=EXPORT, suffix="csv", columns=QUESTIONS)
    for person in people:
        for one in person.answers:
            table.add(
                site=person.subject.site,
                subject=person.subject.key,
                visit=one.visit,
                asked_on=day(one.on),
                question=one.question,
                answer=one.answer,
                points=one.points,
            )
    return table
