"""Numbers as text: fixed rounding, an en dash for ranges, an em dash for what is missing.

Rule    a missing number is never 0, blank or nan
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

MISSING = "\u2014"
# A no-break space: a number and its unit stay on one line.
GAP = "\u00a0"


def number(value: float | None, places: int = 1) -> str:
    """Returns `value` with `places` decimals; a true minus sign, and no negative zero."""
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    text = f"{abs(rounded):,.{places}f}"
    return f"\u2212{text}" if rounded < 0 else text


def count(value: int | None) -> str:
    """Returns a count with thousands separated."""
    return MISSING if value is None else f"{value:,d}"


def percent(value: float | None) -> str:
    """Returns a share (0 to 100) with one decimal."""
    text = number(value, 1)
    return text if text == MISSING else f"{text}{GAP}%"


def interval(low: float | None, high: float | None, places: int = 1) -> str:
    """Returns `low to high`; an open end is an em dash, and an interval without either is one em dash."""
    low_text, high_text = number(low, places), number(high, places)
    return MISSING if low_text == high_text == MISSING else f"{low_text} to {high_text}"


def ratio(events: int | None, total: int | None) -> str:
    """Returns `events/total`; with nobody to count, an em dash."""
    return MISSING if events is None or not total else f"{count(events)}/{count(total)}"


def p_value(value: float | None) -> str:
    """Returns a p-value with three decimals."""
    if value is None:
        return MISSING
    return "< 0.001" if value < 0.001 else number(value, 3)


def text(value: object) -> str:
    """Returns `value` as text, missing as an em dash."""
    return MISSING if value is None or value == "" else str(value)


def plain(value: float) -> str:
    """Returns a parameter as the study file writes it: 50, not 50.0."""
    return f"{value:g}" if math.isfinite(value) else MISSING


def short(hexadecimal: str | None) -> str:
    """Returns the first 12 digits of a hash."""
    return MISSING if not hexadecimal else hexadecimal[:12]
