"""TNF-alpha around the first dose and later: before it, four hours after it, and at three visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.simulate.courses import Course
from pipelines.simulate.labs import decimal
from pipelines.simulate.stream import Stream, rounded

ANALYTE, UNIT = "TNFA", "pg/mL"
# In hundredths of pg/mL.
_LIMIT = 40
_SAMPLES = (("BL", "PRE-DOSE"), ("BL", "4 H"), ("D2", "24 H"), ("W4", ""), ("W12", ""))
# Level after ketamine in per cent of the usual one: inflammation falls in responders, and comes back.
_LEVEL_PERCENT = {"4 H": 92, "24 H": 84}


@dataclass(frozen=True, kw_only=True)
class Cytokine:
    """One result; `value` is empty below the limit of quantification, and `timepoint` where none is planned."""

    visit: str
    timepoint: str
    on: date
    reported: str
    value: str


def cytokines(seed: int, course: Course) -> list[Cytokine]:
    """Returns a dosed subject's results, in order of sampling."""
    subject = course.subject
    if not course.dosed:
        return []
    draws = Stream(seed, "cytokines", subject.site, subject.number)
    usual = max(draws.normal(130, 60), 20)
    found = []
    for visit, timepoint in _SAMPLES:
        assessment = course.at(visit)
        if assessment is None:
            continue
        level = max(rounded(usual * (1000 + draws.normal(0, 80)), 1000), 5)
        if subject.arm == "KET" and course.responder:
            level = rounded(level * _LEVEL_PERCENT.get(timepoint, 100), 100)
        below, shown = level < _LIMIT, decimal(max(level, _LIMIT), 2)
        found.append(
            Cytokine(
                visit=visit,
                timepoint=timepoint,
                on=assessment.on,
                reported=f"<{shown}" if below else shown,
                value="" if below else shown,
            )
        )
    return found
