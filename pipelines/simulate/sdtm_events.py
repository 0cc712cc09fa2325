"""SDTM events and procedures of one subject: adverse events (ae), clinical events (ce), therapy (pr)."""

from __future__ import annotations

from datetime import date

from pipelines.simulate.sdtm_findings import keys
from pipelines.simulate.tables import Table, day, tenths
from pipelines.simulate.trial import Participant


def add_events(ae: Table, ce: Table, person: Participant, exported: date) -> None:
    """Adds adverse events, relapse events and rescue medication."""
    for event in person.adverse:
        if event.start <= exported:
            end = event.end if event.end and event.end <= exported else None
            ae.add(
                **keys(person, "ae"),
                AETERM=event.term,
                AEDECOD=event.coded,
                AEBODSYS=event.body_system,
                AESEV=event.severity,
                AESER="Y" if event.serious else "N",
                AEREL="RELATED" if event.related else "NOT RELATED",
                AEOUT="RECOVERED/RESOLVED" if end else "NOT RECOVERED/NOT RESOLVED",
                AESTDTC=day(event.start),
                AEENDTC=day(end),
            )
    for clinical in person.clinical:
        if clinical.on <= exported:
            ce.add(
                **keys(person, "ce"),
                CETERM=clinical.term,
                CEDECOD=clinical.coded,
                CECAT="RELAPSE",
                CESTDTC=day(clinical.on),
            )


def add_sessions(pr: Table, person: Participant, exported: date) -> None:
    """Adds therapy sessions of every kind, in order of date."""
    held = [
        (
            session.on,
            session.kind,
            session.visit,
            "Y" if session.held else "N",
            "" if session.minutes is None else str(session.minutes),
            tenths(session.fidelity_tenths),
            session.therapist if session.held else "",
        )
        for session in person.therapy
    ]
    held += [
        (dose.on, "DOSING", dose.visit, "Y", str(dose.minutes), tenths(dose.fidelity_tenths), dose.therapist)
        for dose in person.doses
    ]
    for on, kind, visit, occurred, minutes, fidelity, therapist in sorted(held):
        if on <= exported:
            pr.add(
                USUBJID=person.usubjid,
                PRTRT=kind,
                PROCCUR=occurred,
                VISIT=visit,
                PRSTDTC=day(on),
                MINUTES=minutes,
                FIDELITY=fidelity,
                THERAP=therapist,
            )
