"""What the study asks: response and remission, estimands, rules for missing data (ICH E9(R1))."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pipelines.study.layout import Settings

Identifier = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,31}\z")]
MissingMethod = Literal["observed", "locf", "wocf", "bocf", "nri", "worst_case", "best_case"]
Strategy = Literal["treatment_policy", "composite", "hypothetical", "while_on_treatment"]


class FurtherScore(Settings):
    """What a response asks of another instrument at the same visit: a total of at most, at least, or between.

    `strict`: below or above these, and not equal to them.
    """

    instrument: str
    max_score: float | None = None
    min_score: float | None = None
    strict: bool = False

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.max_score is None and self.min_score is None:
            msg = "asks nothing of the instrument. Add max_score or min_score"
            raise ValueError(msg)
        return self


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class ResponseRule(Settings):
    """Response: a reduction from baseline of at least (strict: more than) this share, this many points, or both.

    `max_score` asks for a total of at most (strict: less than) so many points besides, `also` for totals of other
    instruments. What is given must all hold.
    The share is 50 % where neither share nor points are given; with points alone there is none.
    """

    min_reduction_pct: Annotated[float, Field(gt=0, le=100)] | None = None
    min_reduction_points: Annotated[float, Field(gt=0)] | None = None
    max_score: Annotated[float, Field(ge=0)] | None = None
    also: Annotated[tuple[FurtherScore, ...], BeforeValidator(_listed)] = ()
    strict: bool = False
    section: str = ""

    @model_validator(mode="before")
    @classmethod
    def _half_unless_said(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("min_reduction_pct") is given.get("min_reduction_points") is None:
            return {**given, "min_reduction_pct": 50}
        return given


class RemissionRule(Settings):
    """Remission: a score of at most (strict: less than) this."""

    max_score: float
    strict: bool = False
    section: str = ""


class ResponseArea(Settings):
    """The area under the response curve, from the first dose to a visit.

    `missing_rule` is for the visit itself: `observed` gives no area where it was missed, `locf` carries the last score
    of before to its target day.
    """

    visit: str
    missing_rule: Literal["observed", "locf"] = "observed"
    section: str = ""


class Endpoint(Settings):
    """One named definition of response and remission on one instrument.

    `visit` is the one that the protocol's question is asked at: the report's first figures are taken there. Without it,
    they are taken at the last visit up to study day 29.
    """

    name: Identifier = "primary"
    instrument: str
    visit: str | None = None
    response: ResponseRule
    remission: RemissionRule
    area_under_curve: tuple[ResponseArea, ...] = ()


class Estimand(Settings):
    """How intercurrent events count (ICH E9(R1)); events are DSDECOD or CEDECOD values."""

    name: Identifier
    strategy: Strategy = "treatment_policy"
    events: tuple[str, ...] = ()


class MissingRule(Settings):
    """How a missing assessment counts.

    `baseline` and `unscheduled` belong to what carries a value forward (`locf`, `wocf`): whether the baseline is
    carried where nothing later was seen, and whether unscheduled assessments are.
    """

    name: Identifier
    rule: MissingMethod
    baseline: bool = False
    unscheduled: bool = False
    section: str = ""

    @model_validator(mode="after")
    def _carries(self) -> Self:
        if (self.baseline or self.unscheduled) and self.rule not in {"locf", "wocf"}:
            msg = "baseline and unscheduled say what locf and wocf carry forward. Leave them out"
            raise ValueError(msg)
        return self
