"""What the study measures beside its endpoints: instruments in use, psychotherapy, biomarkers, vital signs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipelines.study.layout import Settings


class InstrumentUse(Settings):
    """How the study uses a catalogue instrument: which total counts, at which visits it is planned."""

    analysed_total: Literal["items", "collected"] = "items"
    visits: tuple[str, ...] | None = None


class Therapy(Settings):
    """Planned psychotherapy sessions by type, and the integration window in days after a dose."""

    planned: dict[str, int] = Field(default_factory=dict)
    integration_window_days: tuple[int, int] = (1, 3)
    section: str = ""


class Biomarker(Settings):
    """A laboratory analyte: its one analysis unit, and what other units are multiplied by to reach it.

    `predictor` puts its level at baseline, or its change, into the report's model of what goes with response.
    """

    label: str
    unit: str
    conversions: dict[str, float] = Field(default_factory=dict)
    lower_limit: float | None = None
    predictor: Literal["none", "baseline", "change"] = "none"


class VitalSign(Settings):
    """A vital sign: its unit and the limit above which (strict) or from which on it is an alert."""

    label: str
    unit: str
    alert_above: float | None = None
    strict: bool = True
    section: str = ""
