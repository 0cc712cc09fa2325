"""Sites S09 to S12 deliver SDTM as SAS transport files, one for each domain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pipelines.simulate.sdtm_events import add_events, add_sessions
from pipelines.simulate.sdtm_findings import add_scores, add_vitals, keys, visit_of
from pipelines.simulate.tables import Table, day, tenths
from pipelines.simulate.trial import Participant

_COLUMNS = {
    "dm": "STUDYID DOMAIN USUBJID SUBJID SITEID RFICDTC RFSTDTC AGE AGEU SEX DX STRATUM",
    "ds": "STUDYID DOMAIN USUBJID DSSEQ DSTERM DSDECOD DSCAT DSSTDTC",
    "qs": "STUDYID DOMAIN USUBJID QSSEQ QSTESTCD QSCAT QSORRES QSSTRESN VISITNUM VISIT QSDTC QSTPT",
    "vs": "STUDYID DOMAIN USUBJID VSSEQ VSTESTCD VSSTRESN VSSTRESU VISITNUM VISIT VSDTC VSTPT",
    "ex": "STUDYID DOMAIN USUBJID EXSEQ EXTRT EXDOSE EXDOSU EXROUTE EXCAT VISITNUM VISIT EXSTDTC",
    "ae": "STUDYID DOMAIN USUBJID AESEQ AETERM AEDECOD AEBODSYS AESEV AESER AEREL AEOUT AESTDTC AEENDTC",
    "ce": "STUDYID DOMAIN USUBJID CESEQ CETERM CEDECOD CECAT CESTDTC",
    "pr": "USUBJID PRSEQ PRTRT PROCCUR VISIT PRSTDTC MINUTES FIDELITY THERAP",
}
_NUMERIC = frozenset(
    {
        *("DSSEQ", "QSSEQ", "VSSEQ", "EXSEQ", "AESEQ", "CESEQ", "PRSEQ"),
        *("AGE", "QSSTRESN", "VSSTRESN", "EXDOSE", "VISITNUM", "MINUTES", "FIDELITY"),
    }
)


def xpt_tables(site: str, people: Sequence[Participant], exported: date) -> list[Table]:
    """Returns the site's domains as of the day on which they were exported."""
    tables = {name: _empty(name, site, exported) for name in _COLUMNS}
    for person in people:
        if person.subject.consented <= exported:
            _subject(tables["dm"], tables["ds"], person, exported)
            add_scores(tables["qs"], person, exported)
            add_vitals(tables["vs"], person, exported)
            _doses(tables["ex"], person, exported)
            add_events(tables["ae"], tables["ce"], person, exported)
            add_sessions(tables["pr"], person, exported)
    for name, table in tables.items():
        _numbered(table, f"{name.upper()}SEQ")
    return list(tables.values())


def _empty(name: str, site: str, exported: date) -> Table:
    columns = tuple(_COLUMNS[name].split())
    return Table(site=site, kind=name, exported=exported, suffix="xpt", columns=columns, numeric=_NUMERIC)


def _subject(dm: Table, ds: Table, person: Participant, exported: date) -> None:
    subject, course = person.subject, person.course
    first_dose = person.doses[0].on if person.doses and person.doses[0].on <= exported else None
    dm.add(
        **keys(person, "dm"),
        SUBJID=subject.key,
        SITEID=subject.site,
        RFICDTC=day(subject.consented),
        RFSTDTC=day(first_dose),
        AGE=str(subject.age),
        AGEU="YEARS",
        SEX=subject.sex,
        DX="MDD",
        STRATUM=subject.stratum,
    )
    if course.ended is not None and course.ended <= exported:
        reason = course.end_reason or ""
        ds.add(
            **keys(person, "ds"), DSTERM=reason, DSDECOD=reason, DSCAT="DISPOSITION EVENT", DSSTDTC=day(course.ended)
        )


def _doses(ex: Table, person: Participant, exported: date) -> None:
    for dose in person.doses:
        if dose.on <= exported:
            ex.add(
                **keys(person, "ex"),
                **visit_of(dose.visit),
                EXTRT=dose.drug,
                EXDOSE=tenths(dose.dose_tenths),
                EXDOSU="mg",
                EXROUTE="INTRAVENOUS",
                EXCAT=dose.phase,
                EXSTDTC=day(dose.on),
            )


def _numbered(table: Table, sequence: str) -> None:
    # --SEQ counts within a subject, in the order of the rows.
    if sequence in table.columns:
        counts: dict[str, int] = {}
        for row in table.rows:
            key = table.value(row, "USUBJID")
            counts[key] = counts.get(key, 0) + 1
            table.put(row, sequence, str(counts[key]))
