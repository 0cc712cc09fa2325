"""How long it lasts: what starts the time, what ends it, and what is read off it (ADTTE)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pipelines.study.endpoints import Identifier
from pipelines.study.layout import Settings

RESCUE = "RESCUE MEDICATION"

DaysApart = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class Start(Settings):
    """What starts the time: the first visit in the state, or the randomisation of whoever was in it then.

    `assessments`: in the state at so many in a row. At the first visit they follow each other from it on, and it is the
    first of them that starts the time; at randomisation they are the last ones on or before its day (as SUSTAIN-1's
    stable remission and stable response). Scores are as observed, or what an estimand and a missing-data rule make of
    them.
    """

    state: Literal["response", "remission"] = "response"
    at: Literal["first_visit", "randomisation"] = "first_visit"
    assessments: Annotated[int, Field(ge=1)] = 1
    estimand: Identifier | None = None
    missing_rule: Identifier = "observed"

    @property
    def words(self) -> str:
        """The start in words, to follow an article: `first response`."""
        if self.at == "randomisation":
            seen = f", seen at the last {self.assessments} assessments" if self.assessments > 1 else ""
            return f"randomisation in {self.state}{seen}"
        in_a_row = f" that holds at {self.assessments} visits in a row" if self.assessments > 1 else ""
        of = f" (estimand {self.estimand}, missing data {self.missing_rule})" if self.estimand else ""
        return f"first {self.state}{in_a_row}{of}"


class RelapseByScore(Settings):
    """A score of at least (strict: above) `min_score` at so many assessments in a row, `days_apart` from each other.

    In a row are assessments with a value: one that was missed between them does not part them, `days_apart` does.
    """

    min_score: float
    strict: bool = False
    assessments: Annotated[int, Field(ge=1)] = 2
    days_apart: DaysApart = (5, 15)
    dated_at: Literal["last", "first"] = "last"


class LossOfResponse(Settings):
    """The state is lost at one assessment or (`confirmed`) at two in a row, `days_apart` from each other where given.

    Lost is a response whose reduction falls below the response threshold, or below `below_reduction_pct`; `of` says
    remission where it is the remission that is lost.
    """

    of: Literal["response", "remission"] = "response"
    below_reduction_pct: Annotated[float, Field(le=100)] | None = None
    confirmed: bool = False
    days_apart: DaysApart | None = None
    dated_at: Literal["last", "first"] = "last"


class Landmarks(Settings):
    """When it is counted who is still without the event: days of the time (the start is day 1), and planned visits."""

    days: tuple[Annotated[int, Field(ge=1)], ...] = ()
    visits: tuple[str, ...] = ()


class Maintenance(Settings):
    """For how many days after a maintenance dose somebody counts as on maintenance.

    A maintenance dose is one of the `category` (EXCAT), or without it every dose from the start of the time on.
    """

    window_days: Annotated[int, Field(ge=1)]
    category: str | None = None


def _start(value: object) -> object:
    # `start: remission` and `start: randomisation` are short for a mapping with defaults.
    if value == "randomisation":
        return {"at": value}
    return {"state": value} if isinstance(value, str) else value


class Durability(Settings):
    """One time-to-event parameter (ADTTE): from response, remission or randomisation to relapse or loss of response.

    `censoring_events` end the time without an event. `censor_after_gap_days`: so does a time of more days than this
    without an assessment, as of the one before it; with `censor_gap_at_end` also from the last one to the end of
    observation.
    """

    paramcd: Annotated[str, Field(pattern=r"\A[A-Z][A-Z0-9]{0,7}\z")]
    param: str
    endpoint: str = "primary"
    start: Annotated[Start, BeforeValidator(_start)] = Start()
    relapse: RelapseByScore | None = None
    loss_of_response: LossOfResponse | None = None
    events: tuple[str, ...] = ()
    censoring_events: tuple[str, ...] = (RESCUE,)
    censor_after_gap_days: Annotated[int, Field(ge=1)] | None = None
    censor_gap_at_end: bool = False
    landmarks: Landmarks = Landmarks()
    maintenance: Maintenance | None = None
    section: str = ""
