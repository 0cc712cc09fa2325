"""Central laboratory: BDNF, CRP and IL-6, some in the units of the older analyser, some below quantification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.simulate.courses import Course
from pipelines.simulate.protocol import LAB_VISITS
from pipelines.simulate.stream import Stream, rounded

# The analyser was changed on this day; samples before it carry the older unit.
NEW_ANALYSER = date(2025, 10, 1)
# By analyte: decimals and unit now, decimals and unit before, the number before for one of now (up, down), and the
# limit of quantification in hundredths of the unit now.
_ANALYTES = {
    "BDNF": ((2, "ng/mL"), (0, "pg/mL"), (1000, 100), 50),
    "CRP": ((2, "mg/L"), (3, "mg/dL"), (100, 100), 30),
    "IL6": ((2, "pg/mL"), (2, "ng/L"), (100, 100), 70),
}
_BDNF_RISE_PERCENT = {"D2": 8, "W4": 14, "W12": 10}


@dataclass(frozen=True, kw_only=True)
class LabResult:
    """One result as the laboratory reports it; `value` is empty below the limit of quantification."""

    visit: str
    on: date
    analyte: str
    reported: str
    value: str
    unit: str


def lab_results(seed: int, course: Course) -> list[LabResult]:
    """Returns the subject's results, in order of visit and analyte."""
    subject = course.subject
    draws = Stream(seed, "labs", subject.site, subject.number)
    # In hundredths of ng/mL, mg/L and pg/mL; CRP is skewed: a third of the sample is inflamed.
    usual = {
        "BDNF": max(draws.normal(2300, 500), 700),
        "CRP": draws.between(20, 180) if draws.chance(650) else draws.between(200, 900),
        "IL6": max(draws.normal(220, 90), 40),
    }
    results = []
    for visit in LAB_VISITS:
        assessment = course.at(visit)
        if subject.arm is None or assessment is None:
            continue
        for analyte, centre in usual.items():
            level = max(rounded(centre * (1000 + draws.normal(0, 90)), 1000), 5)
            if analyte == "BDNF" and subject.arm == "KET" and course.responder:
                level = rounded(level * (100 + _BDNF_RISE_PERCENT.get(visit, 0)), 100)
            if draws.chance(985):
                results.append(_reported(visit, assessment.on, analyte, level))
    return results


def _reported(visit: str, on: date, analyte: str, hundredths: int) -> LabResult:
    (decimals, unit), (old_decimals, old_unit), (up, down), limit = _ANALYTES[analyte]
    below, shown = hundredths < limit, max(hundredths, limit)
    if on >= NEW_ANALYSER:
        text = decimal(shown, decimals)
    else:
        unit, text = old_unit, decimal(shown * up // down, old_decimals)
    return LabResult(
        visit=visit,
        on=on,
        analyte=analyte,
        reported=f"<{text}" if below else text,
        value="" if below else text,
        unit=unit,
    )


def decimal(whole: int, decimals: int) -> str:
    """Returns `whole` with its last `decimals` digits behind the point: 1234, 2 gives 12.34."""
    if decimals == 0:
        return str(whole)
    return f"{whole // 10**decimals}.{whole % 10**decimals:0{decimals}d}"
