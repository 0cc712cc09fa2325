"""When the next delivery of an export is due, by the newest one's day and the site's `cadence`, and which came late."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from typing import Literal

from pipelines.land.receipts import DeliveryReceipt
from pipelines.land.store import Arrival

Delivered = tuple[Arrival, DeliveryReceipt]
Cadence = Literal["once", "daily", "weekly", "monthly"]
_DAYS = {"daily": 1, "weekly": 7}


def expected_on(delivered_on: str, cadence: Cadence) -> dt.date | None:
    """Returns the day on which the next one is due; None where none is, or the newest names no day.

    A month on is the same day of the next month, and its last day where that has no such day.
    """
    if not delivered_on or cadence == "once":
        return None
    day = dt.date.fromisoformat(delivered_on)
    if cadence in _DAYS:
        return day + dt.timedelta(days=_DAYS[cadence])
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def newest_day(days: Iterable[str]) -> dt.date | None:
    """Returns the last of these days; None where none is known."""
    known = [day for day in days if day]
    return dt.date.fromisoformat(max(known)) if known else None


def out_of_order(accepted: Iterable[Delivered]) -> list[Delivered]:
    """Returns those of one site's accepted deliveries that arrived after a newer one of the same export."""
    late: list[Delivered] = []
    newest: dict[str, str] = {}
    for arrival, receipt in sorted(accepted, key=lambda pair: (pair[0].received_at, pair[1].delivered_on)):
        before = newest.get(receipt.layout_file, "")
        if receipt.delivered_on and receipt.delivered_on < before:
            late.append((arrival, receipt))
        newest[receipt.layout_file] = max(before, receipt.delivered_on)
    return late
