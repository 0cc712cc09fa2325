"""Comparisons of two arms against published examples, and where there is nothing to compare."""

from __future__ import annotations

import math

import pytest

from pipelines.report.comparing import (
    Outcome,
    ancova,
    hazard_ratio,
    logistic,
    mantel_haenszel,
    number_needed_to_treat,
    restricted_mean_difference,
)
from pipelines.report.estimates import Difference, difference, proportion
from tests.report.test_survival import PLACEBO, SIX_MP

TIMES = [float(time) for time, _ in SIX_MP] + [float(time) for time in PLACEBO]
CENSORED = [bool(censored) for _, censored in SIX_MP] + [False] * len(PLACEBO)
TREATED = [True] * len(SIX_MP) + [False] * len(PLACEBO)


def test_cox_gives_the_published_hazard_ratio_of_the_remission_trial() -> None:
    found = hazard_ratio(TIMES, CENSORED, TREATED)
    assert found is not None
    # R's coxph, ties by Efron: coefficient -1.5721, standard error 0.4124.
    assert math.log(found.estimate) == pytest.approx(-1.5721, abs=1e-4)
    assert found.low == pytest.approx(math.exp(-1.5721 - 1.959964 * 0.4124), rel=1e-3)
    assert found.p == pytest.approx(0.000138, rel=0.01)
    assert found.n == 42


def test_restricted_means_differ_by_the_area_between_the_curves() -> None:
    found = restricted_mean_difference([2.0, 4.0, 4.0, 4.0], [False, True, False, True], [True, True, False, False], 4)
    assert found is not None
    # Treated: 1 up to day 2, then one half up to day 4: 3 days. Control: 4 days.
    assert found.estimate == pytest.approx(-1.0)


def test_cochran_mantel_haenszel_gives_the_published_odds_ratio_of_berkeley_admissions() -> None:
    # Bickel 1975, departments A to F: admitted and applied, men and women. R's mantelhaen.test: 0.9046968, X2 1.5246.
    men = [(512, 825), (353, 560), (120, 325), (138, 417), (53, 191), (22, 373)]
    women = [(89, 108), (17, 25), (202, 593), (131, 375), (94, 393), (24, 341)]
    strata = [
        (Outcome(events=one, total=total), Outcome(events=other, total=of))
        for (one, total), (other, of) in zip(men, women, strict=True)
    ]
    found = mantel_haenszel(strata)
    assert found is not None
    assert found.estimate == pytest.approx(0.9046968, abs=1e-6)
    assert [found.low, found.high] == pytest.approx([0.7719074, 1.0603298], abs=1e-4)
    assert found.n == 4526


def test_a_stratum_with_one_arm_or_one_outcome_says_nothing() -> None:
    full = (Outcome(events=5, total=10), Outcome(events=2, total=10))
    mute = [
        (Outcome(events=3, total=9), Outcome(events=0, total=0)),
        (Outcome(events=4, total=4), Outcome(events=4, total=4)),
    ]
    alone, beside = mantel_haenszel([full]), mantel_haenszel([full, *mute])
    assert alone == beside
    assert alone is not None
    assert alone.n == 20
    assert mantel_haenszel(mute) is None


def test_number_needed_to_treat_is_the_reciprocal_with_its_limits_turned() -> None:
    found = difference(proportion(69, 100), proportion(52, 100))
    assert found is not None
    point, low, high = number_needed_to_treat(found)
    assert [point, low, high] == pytest.approx([100 / 17, 100 / found.high, 100 / found.low])


def test_number_needed_to_treat_has_no_limits_where_the_difference_may_be_none() -> None:
    assert number_needed_to_treat(Difference(difference=5, low=-1, high=11))[1:] == (None, None)


def test_adjusted_change_is_the_difference_at_equal_baselines() -> None:
    # change = -0.5 x baseline - 4 x treated + site: nothing is left over but one point up and one down in each arm.
    baselines = [20.0, 30.0, 24.0, 36.0] * 4
    treated = [True] * 8 + [False] * 8
    sites = (["S01"] * 4 + ["S02"] * 4) * 2
    noise = [1, -1, -1, 1] * 4
    changes = [
        -0.5 * base - 4 * arm + (2 if site == "S02" else 0) + error
        for base, arm, site, error in zip(baselines, treated, sites, noise, strict=True)
    ]
    found = ancova(changes, treated, baselines, sites)
    assert found is not None
    assert found.estimate == pytest.approx(-4.0)
    assert found.low < -4 < found.high
    assert found.n == 16
    assert ancova(changes[:8], treated[:8], baselines[:8], sites[:8]) is None
    assert ancova(changes[6:10], treated[6:10], baselines[6:10], sites[6:10]) is None


def test_a_logistic_model_of_one_factor_gives_the_table_s_odds_ratio() -> None:
    reached = [True] * 30 + [False] * 20 + [True] * 15 + [False] * 35
    factor = [1.0] * 50 + [0.0] * 50
    (found,) = logistic(reached, {"treated": factor})
    assert found.estimate == pytest.approx((30 * 35) / (20 * 15), rel=1e-6)


def test_a_model_that_separates_or_has_too_few_outcomes_is_not_fitted() -> None:
    assert logistic([True] * 20 + [False] * 20, {"x": [float(one) for one in range(40)]}) == ()
    assert logistic([True] * 9 + [False] * 40, {"x": [float(one % 7) for one in range(49)]}) == ()
    assert logistic([True, False] * 20, {"x": [1.0] * 40}) == ()


def test_nobody_or_no_event_in_an_arm_gives_no_ratio() -> None:
    assert hazard_ratio([1.0, 2.0], [False, True], [True, False]) is None
    assert hazard_ratio([1.0, 2.0], [False, False], [True, True]) is None
    assert restricted_mean_difference([1.0], [False], [True], 1) is None
