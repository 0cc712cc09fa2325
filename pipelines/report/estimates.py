"""The report's estimates and intervals, each from SciPy or exact arithmetic.

Rule    sums are exactly rounded (`math.fsum`), so that the order of rows changes no byte
Rule    what cannot be estimated is None, never 0 or nan
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median, quantiles

CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """Events out of a total, as a percentage with its Wilson interval."""

    events: int
    total: int
    percent: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean with its standard deviation and t interval; `n` values went in."""

    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of two percentages, in percentage points, with its interval."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Median, quartiles and range of `n` values."""

    n: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    low: float | None
    high: float | None


def proportion(events: int, total: int) -> Proportion:
    """Returns the percentage with its 95 % Wilson score interval (no continuity correction)."""
    from scipy.stats import binomtest

    if total == 0:
        return Proportion(events=events, total=0, percent=None, low=None, high=None)
    # The test itself is not used; with the estimate as its null, SciPy skips the search for its p-value.
    bounds = binomtest(events, total, p=events / total).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return Proportion(
        events=events, total=total, percent=100 * events / total, low=100 * bounds.low, high=100 * bounds.high
    )


def difference(one: Proportion, other: Proportion) -> Difference | None:
    """Returns `one` minus `other` with Newcombe's hybrid score interval (1998, method 10) for independent groups."""
    if one.percent is None or one.low is None or one.high is None:
        return None
    if other.percent is None or other.low is None or other.high is None:
        return None
    point = one.percent - other.percent
    return Difference(
        difference=point,
        low=point - math.hypot(one.percent - one.low, other.high - other.percent),
        high=point + math.hypot(one.high - one.percent, other.percent - other.low),
    )


def mean(values: Iterable[float]) -> Mean:
    """Returns mean, standard deviation (n - 1) and the 95 % t interval."""
    from scipy.stats import t

    numbers = list(values)
    n = len(numbers)
    if n == 0:
        return Mean(n=0, mean=None, sd=None, low=None, high=None)
    centre = math.fsum(numbers) / n
    if n == 1:
        return Mean(n=1, mean=centre, sd=None, low=None, high=None)
    sd = math.sqrt(math.fsum((value - centre) ** 2 for value in numbers) / (n - 1))
    half = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * sd / math.sqrt(n)
    return Mean(n=n, mean=centre, sd=sd, low=centre - half, high=centre + half)


def spread(values: Iterable[float]) -> Spread:
    """Returns median, quartiles (inclusive method) and range."""
    numbers = sorted(values)
    if not numbers:
        return Spread(n=0, median=None, lower_quartile=None, upper_quartile=None, low=None, high=None)
    quarters = quantiles(numbers, n=4, method="inclusive") if len(numbers) > 1 else [numbers[0]] * 3
    return Spread(
        n=len(numbers),
        median=median(numbers),
        lower_quartile=quarters[0],
        upper_quartile=quarters[2],
        low=numbers[0],
        high=numbers[-1],
    )
