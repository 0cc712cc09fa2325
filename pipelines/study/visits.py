"""When things are asked, and what is compared with what: visits, protocol versions, day 1, the baseline (ADaM).

A protocol's later versions change the days and windows of visits, drop some and add others (`since`); which version a
subject follows is decided by a date of the subject and by when the version came into force at its site.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from pipelines.study.endpoints import Identifier
from pipelines.study.layout import Settings

Milestone = Literal["first_dose", "randomisation", "consent"]
Version = Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,31}\z")]


class Visit(Settings):
    """A planned visit. `day` and `window` are study days (there is no day 0); `since`: planned from this version on."""

    visit: Identifier
    visitnum: float
    label: str
    day: int | None = None
    window: tuple[int, int] | None = None
    baseline: bool = False
    of_period: bool = False
    since: Version | None = None
    section: str = ""


class AmendedVisit(Settings):
    """A visit's target day and window from a version of the protocol on."""

    visit: Identifier
    day: int | None = None
    window: tuple[int, int] | None = None
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
                    changed = {"day": one.day, "window": one.window}
                    current[one.visit] = current[one.visit].model_copy(update=changed)
        began = protocol.versions[: number + 1]
        found[version] = tuple(
            visit
            for visit in current.values()
            if visit.visit not in dropped and (visit.since is None or visit.since in began)
        )
    return found
