"""Sites S01 to S08 deliver REDCap-like wide CSV: subjects, visits, dosing, events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipelines.simulate.csv_columns import DOSING, EVENTS, MADRS, PHQ9, SUBJECTS, TIMES, VISITS
from pipelines.simulate.tables import Table, day, tenths
from pipelines.simulate.trial import Participant


def csv_tables(site: str, people: Sequence[Participant], exported: date) -> list[Table]:
    """Returns the site's four files as of the day on which they were exported."""
    return [
        _subjects(site, people, exported),
        _visits(site, people, exported),
        _dosing(site, people, exported),
        _events(site, people, exported),
    ]


def _subjects(site: str, people: Sequence[Participant], exported: date) -> Table:
    table = Table(site=site, kind="subjects", exported=exported, suffix="csv", columns=SUBJECTS)
    for person in people:
        subject, course = person.subject, person.course
        ended = course.ended is not None and course.ended <= exported
        if subject.consented <= exported:
            table.add(
                record_id=subject.key,
                consent_date=day(subject.consented),
                sex=subject.sex,
                age=str(subject.age),
                diagnosis="MDD",
                failed_treatments=subject.stratum.removeprefix("TRD "),
                study_end_date=day(course.ended) if ended else "",
                study_end_reason=course.end_reason or "" if ended else "",
                study_end_note=_NOTES.get(course.end_reason or "", "") if ended else "",
            )
    return table


_NOTES = {
    "SCREEN FAILURE": "MADRS or blood pressure outside the criteria",
    "LACK OF EFFICACY": "Wanted another treatment",
    "LOST TO FOLLOW-UP": "Three calls, no answer",
}


def _visits(site: str, people: Sequence[Participant], exported: date) -> Table:
    table = Table(site=site, kind="visits", exported=exported, suffix="csv", columns=VISITS)
    for person in people:
        for scores in person.scores:
            visit = scores.assessment
            if visit.on <= exported:
                table.add(
                    record_id=person.subject.key,
                    visit=visit.visit,
                    visit_date=day(visit.on),
                    madrs_total=str(sum(scores.madrs)),
                    weight_kg=tenths(person.subject.weight_dg) if visit.visit == "BL" else "",
                    **dict(zip(MADRS, map(str, scores.madrs), strict=True)),
                    # Empty at visits without a PHQ-9.
                    **dict(zip(PHQ9, map(str, scores.phq9), strict=False)),
                )
    return table


def _dosing(site: str, people: Sequence[Participant], exported: date) -> Table:
    table = Table(site=site, kind="dosing", exported=exported, suffix="csv", columns=DOSING)
    for person in people:
        for dose in person.doses:
            if dose.on <= exported:
                values: dict[str, int] = {}
                for vitals in dose.vitals:
                    time = TIMES[vitals.timepoint]
                    values |= {f"sysbp_{time}": vitals.sysbp, f"diabp_{time}": vitals.diabp}
                    values |= {f"pulse_{time}": vitals.pulse, f"cadss_{time}": vitals.cadss}
                table.add(
                    record_id=person.subject.key,
                    visit=dose.visit,
                    dose_date=day(dose.on),
                    session_minutes=str(dose.minutes),
                    therapist=dose.therapist,
                    fidelity=tenths(dose.fidelity_tenths),
                    **{name: str(value) for name, value in values.items()},
                )
    return table


def _events(site: str, people: Sequence[Participant], exported: date) -> Table:
    table = Table(site=site, kind="events", exported=exported, suffix="csv", columns=EVENTS)
    for person in people:
        key = person.subject.key
        for session in person.therapy:
            if session.on <= exported:
                table.add(
                    record_id=key,
                    form="THERAPY",
                    session_type=session.kind,
                    session_date=day(session.on),
                    session_held="Y" if session.held else "N",
                    session_minutes="" if session.minutes is None else str(session.minutes),
                    therapist=session.therapist if session.held else "",
                    fidelity=tenths(session.fidelity_tenths),
                )
        for event in person.adverse:
            if event.start <= exported:
                end = event.end if event.end and event.end <= exported else None
                table.add(
                    record_id=key,
                    form="AE",
                    ae_term=event.term,
                    ae_coded_term=event.coded,
                    ae_body_system=event.body_system,
                    ae_start=day(event.start),
                    ae_end=day(end),
                    ae_severity=event.severity,
                    ae_serious="Y" if event.serious else "N",
                    ae_related="RELATED" if event.related else "NOT RELATED",
                    ae_outcome="RECOVERED/RESOLVED" if end else "NOT RECOVERED/NOT RESOLVED",
                )
        for relapse in person.clinical:
            if relapse.on <= exported:
                table.add(
                    record_id=key,
                    form="RELAPSE",
                    relapse_term=relapse.term,
                    relapse_event=relapse.coded,
                    relapse_date=day(relapse.on),
                )
    return table
