"""The reference's areas under the response curve, small enough to be checked by eye."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pipelines.study import Study
from tests.reference.curves import Area, areas
from tests.reference.records import Score
from tests.reference.small import madrs, seen, study


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def area(study: Study, rule: str, *scores: Score) -> Area:
    """Returns the area up to W2 (day 15) under a rule."""
    (one,) = [
        one
        for one in areas(study, seen(*scores))
        if (one.endpoint, one.avisit, one.missing_rule) == ("primary", "W2", rule)
    ]
    return one


BASE = madrs("BL", 1, 30)


def test_the_curve_starts_on_day_1_without_a_reduction_and_joins_the_scores_by_straight_lines(parallel: Study) -> None:
    # Reductions of 50 % on day 3 and of 0 on day 15: 50 * 2 / 2 + 50 * 12 / 2.
    found = area(parallel, "observed", BASE, madrs("D2", 3, 15), madrs("W2", 15, 30), madrs("W4", 29, 0))
    assert [found.area, found.days, found.mean, found.seen] == [350, 14, 25, 2]


def test_a_missed_visit_has_no_area_or_the_last_score_before_it(parallel: Study) -> None:
    scores = (BASE, madrs("D2", 3, 15), madrs("W4", 29, 0))
    missed, carried = area(parallel, "observed", *scores), area(parallel, "locf", *scores)
    assert (missed.area, missed.why_missing, missed.seen) == (None, "NOT ASSESSED AT THE VISIT", 1)
    # 50 * 2 / 2 + 50 * 12.
    assert [carried.area, carried.days, carried.is_carried] == [650, 14, True]


def test_a_worse_score_counts_against_a_better_one(parallel: Study) -> None:
    found = area(parallel, "observed", BASE, madrs("W1", 8, 15), madrs("W2", 15, 60))
    assert found.area == Fraction(50 * 7, 2) + Fraction((50 - 100) * 7, 2)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ((madrs("W2", 15, 10),), "NO BASELINE"),
        ((madrs("BL", 1, 0), madrs("W2", 15, 10)), "BASELINE IS 0"),
        ((BASE, madrs("W4", 29, 10)), "NOT ASSESSED AFTER BASELINE"),
    ],
)
def test_without_a_curve_it_is_said_why(parallel: Study, scores: tuple[Score, ...], why: str) -> None:
    for rule in ("observed", "locf"):
        assert (area(parallel, rule, *scores).area, area(parallel, rule, *scores).why_missing) == (None, why)
