"""The time of now, which only records of what was done hold: nothing that is derived from data asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal


def utc_now(timespec: Literal["seconds", "milliseconds", "microseconds"] = "seconds") -> str:
    """Returns the time of now in UTC as ISO 8601 with a Z."""
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def utc_today() -> date:
    """Returns the day of now in UTC."""
    return datetime.now(UTC).date()
