"""What the study measures beside its endpoints: psychotherapy, biomarkers, vital signs."""

from __future__ import annotations

from pydantic import Field

from pipelines.study.layout import Settings


class Therapy(Settings):
    """Planned psychotherapy sessions by type, and the integration window in days after a dose."""

    planned: dict[str, int] = Field(default_factory=dict)
    integration_window_days: tuple[int, int] = (1, 3)
    section: str = ""


class Biomarker(Settings):
    """A laboratory analyte: its one analysis unit, and what other units are multiplied by to reach it."""

    label: str
    unit: str
    conversions: dict[str, float] = Field(default_factory=dict)
    lower_limit: float | None = None


class VitalSign(Settings):
    """A vital sign: its unit and the limit above which (strict) or from which on it is an alert."""

    label: str
    unit: str
    alert_above: float | None = None
    strict: bool = True
    section: str = ""
