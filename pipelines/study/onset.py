"""How fast a response comes and how steadily it holds: definitions of onset, of sustained and of stable response."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.study.endpoints import Identifier
from pipelines.study.layout import Settings

ParameterCode = Annotated[str, Field(pattern=r"\A[A-Z][A-Z0-9]{0,7}\z")]
Measure = Literal["response", "remission"]


class Rapid(Settings):
    """Until when a first response counts as rapid: exactly one of the three.

    `within_hours` counts from the time of the first dose; where a time is not known, the days that so many hours make.
    """

    within_hours: Annotated[float, Field(gt=0)] | None = None
    by_day: Annotated[int, Field(ge=1)] | None = None
    by_visit: Identifier | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(limit is not None for limit in (self.within_hours, self.by_day, self.by_visit)) != 1:
            msg = "give exactly one of within_hours, by_day, by_visit"
            raise ValueError(msg)
        return self


class Kept(Settings):
    """The first response is kept at every later visit up to `to_visit`, but for so many excursions.

    An excursion is a visit without response; with `excursion_min_reduction_pct` only one at which the score is still
    reduced by so much, else the response is lost there and then. At `to_visit` itself there is none unless
    `excursion_at_end` (TRANSFORM: one excursion with a reduction of at least 25 % before day 28).
    """

    to_visit: Identifier
    excursions: Annotated[int, Field(ge=0)] = 0
    excursion_min_reduction_pct: Annotated[float, Field(gt=0, le=100)] | None = None
    excursion_at_end: bool = False


class Onset(Settings):
    """One named definition of onset (ADTTE): from the first dose to the first response or remission."""

    paramcd: ParameterCode
    param: str
    endpoint: str = "primary"
    of: Measure = "response"
    estimand: str | None = None
    unscheduled: bool = False
    rapid: Rapid | None = None
    kept: Kept | None = None
    missing: Literal["failure", "excursion", "ignored"] = "failure"
    section: str = ""


class Sustained(Settings):
    """One named definition of a response or remission that holds at several visits.

    The visits: all from `from_visit` up to `to_visit` (Goodwin 2022: week 3 and all later visits), those of the list
    `visits`, or the `last_visits` up to `to_visit` (SUSTAIN-1: the last weeks of a phase). At `allowed_misses` of them,
    and only at `misses_at` where that is given, it need not hold. `unless` names a definition that takes precedence.
    """

    paramcd: ParameterCode
    param: str
    endpoint: str = "primary"
    of: Measure = "response"
    estimand: str | None = None
    missing_rule: str | None = None
    from_visit: Identifier | None = None
    to_visit: Identifier | None = None
    visits: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    last_visits: Annotated[int, Field(ge=1)] | None = None
    allowed_misses: Annotated[int, Field(ge=0)] = 0
    misses_at: tuple[Identifier, ...] | None = None
    unless: ParameterCode | None = None
    section: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.from_visit, self.visits, self.last_visits)) != 1:
            msg = "give exactly one of from_visit, visits, last_visits"
            raise ValueError(msg)
        if self.visits is not None and self.to_visit is not None:
            msg = "visits names every visit. Leave to_visit out"
            raise ValueError(msg)
        return self
