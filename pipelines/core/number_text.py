"""The text of a number that a file holds in binary: the shortest that reads back as the same number."""

from __future__ import annotations

import math

# Whole numbers below this are written without an exponent.
WHOLE = 1e15


def number_text(number: float) -> str:
    """Returns a whole number without a decimal point, nothing for NaN, and else the shortest exact text."""
    if math.isnan(number):
        return ""
    return str(int(number)) if number.is_integer() and abs(number) < WHOLE else repr(number)
