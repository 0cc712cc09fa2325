"""A missing number is an em dash, and rounding is the same everywhere."""

from __future__ import annotations

import math

import pytest

from pipelines.report.formats import MISSING, count, interval, number, percent, plain, ratio, short, text


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (22.25, 1, "22.2"),  # half to even
        (22.35, 1, "22.4"),  # as written, not as the nearest binary fraction
        (-0.04, 1, "0.0"),  # no negative zero
        (-3.5, 1, "\u22123.5"),
        (1234.5, 0, "1,234"),
        (None, 1, MISSING),
        (math.nan, 1, MISSING),
        (math.inf, 1, MISSING),
    ],
)
def test_a_number_is_rounded_half_to_even_and_a_missing_one_is_a_dash(
    value: float | None, places: int, shown: str
) -> None:
    assert number(value, places) == shown


def test_what_cannot_be_counted_is_a_dash_and_never_zero() -> None:
    assert (count(None), percent(None), ratio(0, 0), ratio(None, 5), text(""), text(None), short(None)) == (
        MISSING,
    ) * 7
    assert (count(0), percent(0.0), ratio(0, 5), plain(50.0)) == ("0", "0.0\u00a0%", "0/5", "50")


def test_an_interval_with_one_open_end_shows_the_other() -> None:
    assert interval(6.0, None, 0) == f"6 to {MISSING}"
    assert interval(None, None) == MISSING
