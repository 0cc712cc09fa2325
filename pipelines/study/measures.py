"""What the study gives and measures beside its endpoints: psychotherapy, doses, biomarkers, vital signs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.study.layout import Settings


class Therapy(Settings):
    """Planned psychotherapy sessions by type, and the integration window in days after a dose."""

    planned: dict[str, int] = Field(default_factory=dict)
    integration_window_days: tuple[int, int] = (1, 3)
    section: str = ""


class PlannedDose(Settings):
    """What the protocol has an arm given at each dose, by body weight or not, and how far a dose may differ from it."""

    mg_per_kg: Annotated[float, Field(gt=0)] | None = None
    mg: Annotated[float, Field(gt=0)] | None = None
    tolerance_pct: Annotated[float, Field(ge=0)] = 10


class Exposure(Settings):
    """Dosing: planned doses by arm, how long an infusion takes, and from when on a dose is a maintenance dose."""

    planned: dict[str, PlannedDose] = Field(default_factory=dict)
    infusion_minutes: Annotated[float, Field(gt=0)] | None = None
    maintenance_after_day: int | None = None
    section: str = ""


class Biomarker(Settings):
    """A laboratory analyte: its one analysis unit, what other units are multiplied by, its limits of quantification.

    `below_limit` and `above_limit` say which value is analysed where a result lies beyond them. `predictor` puts its
    level at baseline, or its change, into the report's model of what goes with response.
    """

    label: str
    unit: str
    conversions: dict[str, float] = Field(default_factory=dict)
    lower_limit: float | None = None
    below_limit: Literal["as_reported", "half_limit", "limit", "missing"] = "as_reported"
    upper_limit: float | None = None
    above_limit: Literal["as_reported", "limit", "missing"] = "as_reported"
    predictor: Literal["none", "baseline", "change"] = "none"
    section: str = ""


class VitalSign(Settings):
    """A vital sign: its unit, and the limits beyond which (strict) or from which on it is an alert.

    `alert_rise` and `alert_fall` are limits of the change since before the dose, both written as positive numbers.
    """

    label: str
    unit: str
    alert_above: float | None = None
    alert_below: float | None = None
    alert_rise: Annotated[float, Field(gt=0)] | None = None
    alert_fall: Annotated[float, Field(gt=0)] | None = None
    strict: bool = True
    section: str = ""
