"""What the study asks: response and remission, estimands, rules for missing data, durability (ICH E9(R1), ADTTE)."""

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


class Estimand(Settings):
    """How intercurrent events count (ICH E9(R1)); events are DSDECOD or CEDECOD values."""

    name: Identifier
    strategy: Strategy = "treatment_policy"
    events: tuple[str, ...] = ()


class RelapseByScore(Settings):
    """A score of at least (strict: above) `min_score` at so many assessments in a row, `days_apart` from each other."""

    min_score: float
    strict: bool = False
    assessments: Annotated[int, Field(ge=1, le=2)] = 2
    days_apart: tuple[int, int] = (5, 15)


class LossOfResponse(Settings):
    """The reduction falls below the response threshold, at one assessment or (`confirmed`) at two in a row."""

    confirmed: bool = False


class Durability(Settings):
    """One time-to-event parameter (ADTTE): from the first response or remission to relapse or loss of response."""

    paramcd: Annotated[str, Field(pattern=r"\A[A-Z][A-Z0-9]{0,7}\z")]
    param: str
    endpoint: str = "primary"
    start: Literal["response", "remission"] = "response"
    relapse: RelapseByScore | None = None
    loss_of_response: LossOfResponse | None = None
    events: tuple[str, ...] = ()
    section: str = ""
