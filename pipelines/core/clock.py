"""The time of now, which only records of what was done hold: nothing that is derived from data asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal


def utc_now(timespec: Literal["seconds", "milliseconds", "microseconds"] = "seconds") -> str:
    """Returns the time of now in UTC as ISO 8601 with a Z."""
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def utc_after(known: str) -> str:
    """Returns the time of now to the microsecond; where the clock is behind `known`, the microsecond after that.

    So that of two records the one that was made later has the later time, though somebody put the clock back between.
    """
    now = utc_now("microseconds")
    if now > known:
        return now
    after = datetime.fromisoformat(known) + timedelta(microseconds=1)
    return after.isoformat(timespec="microseconds").replace("+00:00", "Z")


def utc_today() -> date:
    """Returns the day of now in UTC."""
    return datetime.now(UTC).date()
