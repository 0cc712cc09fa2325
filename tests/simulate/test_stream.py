"""The random numbers: fixed for ever, and shaped as they say."""

from __future__ import annotations

from statistics import mean, stdev

import pytest

from pipelines.simulate.scores import MADRS_PROFILE, items, tilt
from pipelines.simulate.stream import Stream, interpolated, quantiles, rounded


def test_a_named_stream_gives_the_same_numbers_with_every_numpy() -> None:
    draws = Stream(20260115, "example", 1)
    assert [draws.below(1000) for _ in range(5)] == [667, 63, 806, 146, 925]


def test_streams_of_other_names_or_seeds_differ() -> None:
    streams = [Stream(1, "a"), Stream(2, "a"), Stream(1, "b"), Stream(1, "a", 1)]
    assert len({tuple(stream.below(1 << 30) for _ in range(3)) for stream in streams}) == 4


def test_normal_numbers_have_the_mean_and_the_spread_they_were_asked_for() -> None:
    draws = Stream(1, "normal")
    sample = [draws.normal(3300, 500) for _ in range(20_000)]
    assert mean(sample) == pytest.approx(3300, abs=15)
    assert stdev(sample) == pytest.approx(500, rel=0.02)


def test_items_add_up_to_every_possible_total_within_their_range() -> None:
    draws = Stream(1, "items")
    for total in range(61):
        scores = items(draws, total, tilt(draws, MADRS_PROFILE), 6)
        assert sum(scores) == total
        assert all(0 <= score <= 6 for score in scores)


def test_halves_are_rounded_up() -> None:
    assert [rounded(5, 2), rounded(-5, 2), rounded(7, 3), rounded(0, 9)] == [3, -2, 2, 0]


def test_quantiles_are_mid_ranks_in_permille() -> None:
    assert quantiles([30, 10, 20, 40]) == [625, 125, 375, 875]


def test_interpolation_meets_its_knots_and_ends_at_the_last() -> None:
    knots = ((0, -100), (500, 500), (1000, 900))
    assert [interpolated(knots, at) for at in (0, 250, 500, 1000, 1200)] == [-100, 200, 500, 900, 900]
