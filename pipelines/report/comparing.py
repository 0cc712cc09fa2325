"""Two arms compared: each estimate with its interval, its p-value, its n and its method, from statsmodels or Greenwood.

Rule    what cannot be estimated (one arm empty, no event, a model that separates) is None, never 0 or infinity
Rule    an effect is of the experimental arm against the control, the first and the second value of a pair
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.report.estimates import CONFIDENCE, Difference


@dataclass(frozen=True, kw_only=True)
class Effect:
    """An effect with its interval and two-sided p-value; `n` subjects went in."""

    name: str
    estimate: float
    low: float
    high: float
    p: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Events and total of one arm in one stratum."""

    events: int
    total: int


def number_needed_to_treat(found: Difference) -> tuple[float, float | None, float | None]:
    """Returns 1 / risk difference and the limits of its interval; a limit is None where the difference may be 0.

    Negative is a number needed to harm. Where the interval of the difference holds 0, that of its reciprocal goes over
    infinity (Altman 1998, BMJ 317:1309), and both limits are None.
    """
    point = math.inf if found.difference == 0 else 100 / found.difference
    if found.low <= 0 <= found.high:
        return point, None, None
    return point, 100 / found.high, 100 / found.low


def mantel_haenszel(strata: Sequence[tuple[Outcome, Outcome]]) -> Effect | None:
    """Returns the common odds ratio over strata, and the Cochran-Mantel-Haenszel test without continuity correction.

    Strata in which one arm or one outcome is empty say nothing and are left out, from `n` too.
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = [
        [[one.events, one.total - one.events], [other.events, other.total - other.events]]
        for one, other in strata
        if one.total and other.total and 0 < one.events + other.events < one.total + other.total
    ]
    if not tables:
        return None
    with warnings.catch_warnings():
        # A pooled table with an empty cell has no odds ratio: it becomes None below.
        warnings.simplefilter("ignore", RuntimeWarning)
        table = StratifiedTable([np.array(each) for each in tables])
        low, high = table.oddsratio_pooled_confint(alpha=1 - CONFIDENCE)
        p = table.test_null_odds(correction=False).pvalue
        return _effect("odds ratio", table.oddsratio_pooled, low, high, p, int(np.sum(tables)))


def ancova(
    changes: Sequence[float], treated: Sequence[bool], baselines: Sequence[float], sites: Sequence[str]
) -> Effect | None:
    """Returns the difference of adjusted mean changes: least squares on arm, baseline and site, t interval.

    A site is a term of its own; None where there are as many terms as subjects, or where a term cannot be told from
    another (each site has one arm only).
    """
    from statsmodels.regression.linear_model import OLS

    named = sorted(set(sites))
    columns = [
        np.ones(len(changes)),
        np.array(treated, dtype=float),
        np.array(baselines, dtype=float),
        *(np.array([site == one for site in sites], dtype=float) for one in named[1:]),
    ]
    design = np.column_stack(columns)
    if len(set(treated)) < 2 or len(changes) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    fitted = OLS(np.array(changes, dtype=float), design).fit()
    low, high = fitted.conf_int(alpha=1 - CONFIDENCE)[1]
    return _effect("difference", fitted.params[1], low, high, fitted.pvalues[1], len(changes))


def hazard_ratio(times: Sequence[float], censored: Sequence[bool], treated: Sequence[bool]) -> Effect | None:
    """Returns the Cox model's hazard ratio with its Wald interval; ties by Efron's method."""
    from greenwood import CoxPH, Surv

    if len(set(treated)) < 2 or not _both_have_events(censored, treated):
        return None
    arm = np.array(treated, dtype=float).reshape(-1, 1)
    fitted = CoxPH(ties="efron", conf_level=CONFIDENCE).fit(Surv(list(times), event=[not one for one in censored]), arm)
    ratio, low, high = (float(np.exp(each[0])) for each in (fitted.coef_, fitted.conf_low_, fitted.conf_high_))
    return _effect("hazard ratio", ratio, low, high, fitted.p_value_[0], len(times))


def restricted_mean_difference(
    times: Sequence[float], censored: Sequence[bool], treated: Sequence[bool], horizon: float
) -> Effect | None:
    """Returns the difference of mean event-free days up to `horizon`, by the areas under the Kaplan-Meier curves."""
    from greenwood import Surv, rmst_test

    if len(set(treated)) < 2 or horizon <= 0:
        return None
    response = Surv(list(times), event=[not one for one in censored])
    # The library subtracts the second group from the first, in the order of their labels.
    found = rmst_test(response, horizon, group=["1" if arm else "2" for arm in treated], conf_level=CONFIDENCE)
    name = "difference of restricted means"
    return _effect(name, found.estimate, found.lower_ci, found.upper_ci, found.p_value, len(times))


def logistic(reached: Sequence[bool], factors: dict[str, Sequence[float]]) -> tuple[Effect, ...]:
    """Returns the odds ratio of each factor in one logistic model of an outcome; empty where none can be fitted.

    `factors` are values a subject, in the unit that an odds ratio is for (a standard deviation, 10 sessions).
    """
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationError, PerfectSeparationWarning

    design = np.column_stack([np.ones(len(reached)), *(np.array(each, dtype=float) for each in factors.values())])
    # Ten of the rarer outcome a term: with fewer, a model says more about its noise (Peduzzi 1996).
    rarer = min(sum(reached), len(reached) - sum(reached))
    if rarer < 10 * len(factors) or np.linalg.matrix_rank(design) < design.shape[1]:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PerfectSeparationWarning)
            # Read from the result below.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = Logit(np.array(reached, dtype=float), design).fit(disp=0, maxiter=100)
    except (PerfectSeparationError, PerfectSeparationWarning, np.linalg.LinAlgError):
        return ()
    if not fitted.mle_retvals["converged"]:
        return ()
    limits = np.exp(fitted.conf_int(alpha=1 - CONFIDENCE))
    effects = (
        _effect(name, np.exp(fitted.params[at]), limits[at][0], limits[at][1], fitted.pvalues[at], len(reached))
        for at, name in enumerate(factors, start=1)
    )
    return tuple(effect for effect in effects if effect)


def _both_have_events(censored: Sequence[bool], treated: Sequence[bool]) -> bool:
    return {arm for arm, is_censored in zip(treated, censored, strict=True) if not is_censored} == {True, False}


def _effect(name: str, estimate: float, low: float, high: float, p: float, n: int) -> Effect | None:
    if not all(math.isfinite(each) for each in (estimate, low, high)):
        return None
    known = float(p) if math.isfinite(p) else None
    return Effect(name=name, estimate=float(estimate), low=float(low), high=float(high), p=known, n=n)
