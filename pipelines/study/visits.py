"""When things are asked, and what is compared with what: visits, protocol versions, day 1, the baseline (ADaM).

A protocol's later versions change the days and windows of visits, drop some and add others (`since`); which version a
subject follows is decided by a date of the subject and by when the version came into force at its site.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.study.endpoints import Identifier
from pipelines.study.layout import Settings

Milestone = Literal["first_dose", "randomisation", "consent"]
Version = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,31}\z")]


# A month where a protocol counts in months: a twelfth of a year of 365.25 days.
_DAYS_OF = {"week": 7.0, "month": 365.25 / 12}


class Timed(Settings):
    """When a visit is planned: `day` and `window` in study days (there is no day 0).

    In their place a protocol's own words: `week` or `month` after day 1, and `within_days`, how many days before and
    after still count.
    """

    day: int | None = None
    week: Annotated[float, Field(ge=-520, le=5200)] | None = None
    month: Annotated[float, Field(ge=-120, le=1200)] | None = None
    window: tuple[int, int] | None = None
    within_days: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _in_study_days(self) -> Timed:
        named = [unit for unit in ("day", *_DAYS_OF) if getattr(self, unit) is not None]
        if len(named) > 1:
            msg = f"{' and '.join(named)} say the same thing twice. Keep one"
            raise ValueError(msg)
        if self.within_days and (self.window or not named):
            msg = "within_days counts around day, week or month, in place of window. Name the day, keep one of the two"
            raise ValueError(msg)
        return self

    def in_study_days(self) -> dict[str, Any]:
        """Returns `day` and `window` as study days, whichever way they were said."""
        day = self.day
        for unit, days in _DAYS_OF.items():
            if (number := getattr(self, unit)) is not None:
                day = _study_day(math.floor(number * days + 0.5))
        window = self.window
        if self.within_days and day is not None:
            elapsed = day - 1 if day > 0 else day
            window = (_study_day(elapsed - self.within_days[0]), _study_day(elapsed + self.within_days[1]))
        return {"day": day, "window": window}


def _study_day(elapsed: int) -> int:
    return elapsed + 1 if elapsed >= 0 else elapsed


class Visit(Timed):
    """A planned visit; `since`: planned from this version on."""

    visit: Identifier
    visitnum: float
    label: str
    baseline: bool = False
    of_period: bool = False
    since: Version | None = None
    section: str = ""


class AmendedVisit(Timed):
    """A visit's target day and window from a version of the protocol on."""

    visit: Identifier
    section: str = ""


class Amendment(Settings):
    """A later version of the protocol, in force from a day on; at some sites from a day of their own."""

    version: Version
    in_force: Annotated[dt.date, Field(alias="from")]
    sites: dict[Identifier, dt.date] = Field(default_factory=dict)
    visits: tuple[AmendedVisit, ...] = ()
    dropped: tuple[str, ...] = ()
    section: str = ""


class Protocol(Settings):
    """The protocol's first version, its amendments, and by which date of a subject its version is told."""

    version: Version = "1"
    version_by: Milestone = "consent"
    amendments: tuple[Amendment, ...] = ()
    section: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version, the first one first."""
        return (self.version, *(one.version for one in self.amendments))


class DayOne(Settings):
    """Which date is study day 1: the first of these that is known. A crossover's periods have their own."""

    first_of: Annotated[tuple[Milestone, ...], Field(min_length=1)] = ("first_dose",)
    section: str = ""


class Baseline(Settings):
    """Which score is the baseline, and whether a crossover has one in all or one in each period.

    `visits` are the visits whose assessments may be it, where it is not that of the visit marked `baseline`.
    """

    rule: Literal["visit", "last_before_first_dose", "mean_before_first_dose"] = "visit"
    of: Literal["study", "period"] = "study"
    visits: tuple[str, ...] | None = None
    section: str = ""


def in_study_days(visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    """Returns the visits with `day` and `window`, whichever way the study file says them."""
    return tuple(visit.model_copy(update=visit.in_study_days()) for visit in visits)


def ruled(value: object) -> object:
    """Returns a rule's name alone as the mapping that it is short for."""
    return {"rule": value} if isinstance(value, str) else value


def dated(value: object) -> object:
    """Returns a date's name, or a list of them, as the mapping that it is short for."""
    if isinstance(value, str):
        return {"first_of": [value]}
    return {"first_of": value} if isinstance(value, list) else value


def visits_by_version(visits: Sequence[Visit], protocol: Protocol) -> dict[str, tuple[Visit, ...]]:
    """Returns the visits planned by each version; an amendment changes the version before it."""
    current = {visit.visit: visit for visit in visits}
    dropped: set[str] = set()
    found: dict[str, tuple[Visit, ...]] = {}
    for number, version in enumerate(protocol.versions):
        if number:
            amendment = protocol.amendments[number - 1]
            dropped |= set(amendment.dropped)
            for one in amendment.visits:
                dropped.discard(one.visit)
                if one.visit in current:
                    current[one.visit] = current[one.visit].model_copy(update=one.in_study_days())
        began = protocol.versions[: number + 1]
        found[version] = tuple(
            visit
            for visit in current.values()
            if visit.visit not in dropped and (visit.since is None or visit.since in began)
        )
    return found
