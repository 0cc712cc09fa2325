"""What the study watches for: adverse events, peaks around dosing, alarming scores, whether the blind held."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.study.layout import Settings

TestCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,7}$")]


class TreatmentEmergent(Settings):
    """When an adverse event counts as treatment-emergent, and until how many days after the last dose."""

    rule: Literal["started", "started_or_worsened"] = "started"
    until_days_after_last_dose: Annotated[int, Field(ge=0)] | None = None
    section: str = ""


class SpecialInterest(Settings):
    """A group of adverse events that the protocol follows closely, by their coded terms (AEDECOD)."""

    name: str
    terms: Annotated[tuple[str, ...], Field(min_length=1)]
    section: str = ""


class SessionPeak(Settings):
    """A score or vital sign whose worst value after each dose is looked for, and the limit beyond which it counts."""

    paramcd: str
    worst: Literal["highest", "lowest"] = "highest"
    limit: float | None = None
    strict: bool = True
    section: str = ""


class ScoreAlert(Settings):
    """Items or totals that call for action from a score on: suicidal ideation, suicidal behaviour."""

    name: str
    tests: Annotated[tuple[TestCode, ...], Field(min_length=1)]
    at_least: float
    section: str = ""


class BlindingAssessment(Settings):
    """A question that shows whether the blind held: who guesses which arm, or what was expected of the treatment.

    `testcd` is the QSTESTCD under which answers land. `answers` maps an answer (QSORRES) to an arm or to `unknown`.
    """

    testcd: TestCode
    label: str
    kind: Literal["guess", "expectancy"] = "guess"
    by: Literal["subject", "rater", "therapist"] = "subject"
    answers: dict[str, str] = Field(default_factory=dict)
    certainty_testcd: TestCode | None = None
    section: str = ""


class Safety(Settings):
    """What the safety tables count and flag."""

    treatment_emergent: TreatmentEmergent = TreatmentEmergent()
    special_interest: tuple[SpecialInterest, ...] = ()
    session_peaks: tuple[SessionPeak, ...] = ()
    score_alerts: tuple[ScoreAlert, ...] = ()
