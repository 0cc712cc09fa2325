"""What the study asks: response and remission, estimands, rules for missing data (ICH E9(R1))."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipelines.study.layout import Settings

Identifier = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,31}\z")]
MissingRule = Literal["observed", "locf", "bocf", "nri"]
Strategy = Literal["treatment_policy", "composite", "hypothetical", "while_on_treatment"]


class ResponseRule(Settings):
    """Response: a reduction from baseline of at least (strict: more than) this share."""

    min_reduction_pct: Annotated[float, Field(gt=0, le=100)] = 50
    strict: bool = False
    section: str = ""


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
