"""Kaplan-Meier estimates with log-log intervals, medians, landmark rates and the log-rank test (SciPy).

Rule    a rate after the last observed time is not known, unless nobody was left
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.report.estimates import CONFIDENCE

_TRACE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One group's survival curve; the sequences run over its distinct times."""

    n: int
    events: int
    times: tuple[float, ...]
    survival: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    ends: tuple[float, ...]
    censored: tuple[float, ...]

    def at_risk(self, time: float) -> int:
        """Returns how many were still observed and without the event just before `time`."""
        return sum(end >= time for end in self.ends)

    def rate(self, time: float) -> tuple[float | None, float | None, float | None]:
        """Returns the share (0 to 1) without the event at `time`, with its interval."""
        if not self.ends or (time > max(self.ends) and self.survival[-1] > 0):
            return None, None, None
        step = sum(known <= time for known in self.times) - 1
        return (1.0, None, None) if step < 0 else (self.survival[step], self.low[step], self.high[step])

    @property
    def median(self) -> tuple[float | None, float | None, float | None]:
        """The median time with the interval that inverts the log-log limits (Brookmeyer-Crowley)."""
        return self._first(self.survival), self._first(self.low), self._first(self.high)

    def censored_survival(self) -> list[tuple[float, float]]:
        """Returns where the ticks of censored times stand: time and survival."""
        return [(time, self.rate(time)[0] or 0.0) for time in sorted(set(self.censored))]

    def _first(self, values: Sequence[float | None]) -> float | None:
        reached = (time for time, value in zip(self.times, values, strict=True) if value is not None and value <= 0.5)
        return next(reached, None)


def curve(times: Sequence[float], censored: Sequence[bool]) -> Curve:
    """Returns the Kaplan-Meier estimate of (time, censored) pairs, in days."""
    from scipy.stats import CensoredData, ecdf

    pairs = sorted(zip(times, censored, strict=True))
    ends = tuple(time for time, _ in pairs)
    if not pairs:
        return Curve(n=0, events=0, times=(), survival=(), low=(), high=(), ends=(), censored=())
    estimate = ecdf(CensoredData.right_censored(list(ends), [is_censored for _, is_censored in pairs])).sf
    with warnings.catch_warnings():
        # The log-log limits are undefined where survival is exactly 1 or 0; they become None below.
        warnings.filterwarnings("ignore", message="The confidence interval is undefined", category=RuntimeWarning)
        bounds = estimate.confidence_interval(confidence_level=CONFIDENCE, method="log-log")
    return Curve(
        n=len(pairs),
        events=sum(not is_censored for _, is_censored in pairs),
        times=tuple(float(time) for time in estimate.quantiles),
        survival=tuple(float(value) for value in estimate.probabilities),
        low=tuple(_known(value) for value in bounds.low.probabilities),
        high=tuple(_known(value) for value in bounds.high.probabilities),
        ends=ends,
        censored=tuple(time for time, is_censored in pairs if is_censored),
    )


@dataclass(frozen=True, kw_only=True)
class IntervalCurve:
    """A survival curve from times known only to lie between two assessments: bounds of the share without the event.

    Within an interval of `steps` (after, up to) the curve falls by its mass, and nothing says where.
    """

    n: int
    steps: tuple[tuple[float, float], ...]
    survival: tuple[float, ...]

    def rate(self, time: float) -> tuple[float, float]:
        """Returns the lowest and the highest share (0 to 1) without the event at `time`; alike where it is known."""
        highest, lowest = 1.0, 1.0
        for (after, up_to), left in zip(self.steps, self.survival, strict=True):
            if up_to <= time:
                highest = left
            if after < time or up_to <= time:
                lowest = left
        return lowest, highest


def interval_curve(lower: Sequence[float], upper: Sequence[float | None]) -> IntervalCurve:
    """Returns Turnbull's estimate (1976); an event lies after `lower` and up to `upper`, None: censored at `lower`.

    An event whose day is known has both alike.
    """
    from greenwood import Surv, Turnbull

    if not lower:
        return IntervalCurve(n=0, steps=(), survival=())
    highs = [math.inf if high is None else high for high in upper]
    fitted = Turnbull().fit(Surv(list(lower), time2=highs, type="interval2"))
    found = [
        (float(low), float(high), float(left))
        for low, high, mass, left in zip(
            fitted.interval_low_, fitted.interval_high_, fitted.prob_mass_, fitted.survival_, strict=True
        )
        # The algorithm leaves traces of mass where the estimate has none.
        if mass > _TRACE and math.isfinite(high)
    ]
    return IntervalCurve(
        n=len(lower), steps=tuple(each[:2] for each in found), survival=tuple(each[2] for each in found)
    )


def logrank_p(one: Curve, other: Curve) -> float | None:
    """Returns the two-sided log-rank p-value of two independent groups; None when either holds no subject."""
    from scipy.stats import logrank

    if not one.n or not other.n or one.events + other.events == 0:
        return None
    return _known(logrank(_sample(one), _sample(other)).pvalue)


def _sample(group: Curve) -> object:
    from collections import Counter

    from scipy.stats import CensoredData

    events = Counter(group.ends) - Counter(group.censored)
    return CensoredData(uncensored=sorted(events.elements()), right=list(group.censored))


def _known(value: float) -> float | None:
    # SciPy gives nan where the log-log limits are not defined (survival of exactly 1 or 0).
    return float(value) if math.isfinite(value) else None
