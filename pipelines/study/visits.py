"""When things are asked, and what is compared with what: planned visits, the baseline (ADaM: AVISIT, BASETYPE)."""

from __future__ import annotations

from typing import Literal

from pipelines.study.endpoints import Identifier
from pipelines.study.layout import Settings


class Visit(Settings):
    """A planned visit. `day` and `window` are study days (day 1 = first dose; there is no day 0)."""

    visit: Identifier
    visitnum: float
    label: str
    day: int | None = None
    window: tuple[int, int] | None = None
    baseline: bool = False
    of_period: bool = False
    section: str = ""


class Baseline(Settings):
    """Which score is the baseline, and whether a crossover has one in all or one in each period.

    `visits` are the visits whose assessments may be it, where it is not that of the visit marked `baseline`.
    """

    rule: Literal["visit", "last_before_first_dose", "mean_before_first_dose"] = "visit"
    of: Literal["study", "period"] = "study"
    visits: tuple[str, ...] | None = None
    section: str = ""


def ruled(value: object) -> object:
    """Returns a rule's name alone as the mapping that it is short for."""
    return {"rule": value} if isinstance(value, str) else value
