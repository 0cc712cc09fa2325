"""The estimates against hand-made and published values."""

from __future__ import annotations

import pytest

from pipelines.report.estimates import difference, mean, proportion, spread


@pytest.mark.parametrize(
    ("events", "total", "percent", "low", "high"),
    [
        (6, 27, 22.2222, 10.607, 40.757),  # MADRS response on day 2 after ketamine, NIMH-KET
        (0, 10, 0.0, 0.0, 27.7533),  # z^2 / (n + z^2)
        (10, 10, 100.0, 72.2467, 100.0),
        (81, 263, 30.7985, 25.53, 36.62),  # Newcombe 1998, table I, method 3: 0.2553 to 0.3662
    ],
)
def test_a_proportion_has_its_wilson_interval(events: int, total: int, percent: float, low: float, high: float) -> None:
    found = proportion(events, total)
    assert (found.percent, found.low, found.high) == pytest.approx((percent, low, high), abs=0.005)


def test_a_proportion_of_nobody_is_missing() -> None:
    found = proportion(0, 0)
    assert (found.percent, found.low, found.high) == (None, None, None)
    assert difference(found, proportion(1, 2)) is None
    assert difference(proportion(1, 2), found) is None


def test_a_difference_has_newcombes_interval() -> None:
    # Newcombe 1998 (interval estimation for the difference), example (a), method 10: 56/70 and 48/80.
    found = difference(proportion(56, 70), proportion(48, 80))
    assert found is not None
    assert (found.difference, found.low, found.high) == pytest.approx((20.0, 5.24, 33.39), abs=0.005)


def test_a_mean_has_its_t_interval() -> None:
    found = mean([1.0, 2.0, 3.0])
    # The half width is t(0.975; 2 degrees of freedom), 4.302653, over the root of 3.
    assert (found.n, found.mean, found.sd) == (3, 2.0, 1.0)
    assert (found.low, found.high) == pytest.approx((-0.484138, 4.484138), abs=1e-6)


def test_one_value_has_a_mean_and_no_interval_and_no_value_has_neither() -> None:
    assert (mean([4.0]).mean, mean([4.0]).sd, mean([4.0]).low) == (4.0, None, None)
    assert (mean([]).n, mean([]).mean) == (0, None)
    assert (spread([]).n, spread([]).median) == (0, None)
    assert spread([7.0]).upper_quartile == 7.0


def test_the_order_of_values_changes_no_bit() -> None:
    values = [0.1 * number for number in range(1000)]
    shuffled = values[1::2] + values[-2::-2]
    assert mean(values) == mean(shuffled)
    assert spread(values) == spread(shuffled)
