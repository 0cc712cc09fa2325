"""SDTM findings of one subject: questionnaires (qs) and vital signs (vs), and what every SDTM row starts with."""

from __future__ import annotations

from datetime import date

from pipelines.simulate.protocol import STUDY, VISIT_NUMBERS
from pipelines.simulate.tables import Table, day, tenths
from pipelines.simulate.trial import Participant


def keys(person: Participant, domain: str) -> dict[str, str]:
    """Returns the identifying variables of a row."""
    return {"STUDYID": STUDY, "DOMAIN": domain.upper(), "USUBJID": person.usubjid}


def visit_of(code: str, after: str = "") -> dict[str, str]:
    """Returns VISIT and VISITNUM of a visit; `after` is the planned visit before an unscheduled one."""
    # As SDTM does it, an unscheduled visit after visit 10 is number 10.1.
    if code == "UNSCHEDULED":
        number = f"{VISIT_NUMBERS[after]}.1"
        return {"VISIT": code, "VISITNUM": number}
    return {"VISIT": code, "VISITNUM": str(VISIT_NUMBERS[code])}


def add_scores(qs: Table, person: Participant, exported: date) -> None:
    """Adds the subject's item scores, collected totals and CADSS."""

    def put(testcd: str, category: str, value: int, visit: dict[str, str], on: date, timepoint: str = "") -> None:
        qs.add(
            **keys(person, "qs"),
            **visit,
            QSTESTCD=testcd,
            QSCAT=category,
            QSORRES=str(value),
            QSSTRESN=str(value),
            QSDTC=day(on),
            QSTPT=timepoint,
        )

    before = ""
    for scores in person.scores:
        code, on = scores.assessment.visit, scores.assessment.on
        visit = visit_of(code, before)
        before = before if code == "UNSCHEDULED" else code
        if on <= exported:
            for number, value in enumerate(scores.madrs, start=1):
                put(f"MADRS{number:02d}", "MADRS", value, visit, on)
            put("MADRSTOT", "MADRS", sum(scores.madrs), visit, on)
            for number, value in enumerate(scores.phq9, start=1):
                put(f"PHQ9{number:02d}", "PHQ9", value, visit, on)
    for dose in person.doses:
        if dose.on <= exported:
            for vitals in dose.vitals:
                put("CADSSTOT", "CADSS", vitals.cadss, visit_of(dose.visit), dose.on, vitals.timepoint)


def add_vitals(vs: Table, person: Participant, exported: date) -> None:
    """Adds weight at baseline, and blood pressure and pulse around each dose."""

    def put(testcd: str, value: str, unit: str, visit: str, on: date, timepoint: str = "") -> None:
        vs.add(
            **keys(person, "vs"),
            **visit_of(visit),
            VSTESTCD=testcd,
            VSSTRESN=value,
            VSSTRESU=unit,
            VSDTC=day(on),
            VSTPT=timepoint,
        )

    baseline = person.course.at("BL")
    if baseline is not None and baseline.on <= exported:
        put("WEIGHT", tenths(person.subject.weight_dg), "kg", "BL", baseline.on)
    for dose in person.doses:
        if dose.on <= exported:
            for vitals in dose.vitals:
                put("SYSBP", str(vitals.sysbp), "mmHg", dose.visit, dose.on, vitals.timepoint)
                put("DIABP", str(vitals.diabp), "mmHg", dose.visit, dose.on, vitals.timepoint)
                put("PULSE", str(vitals.pulse), "beats/min", dose.visit, dose.on, vitals.timepoint)
