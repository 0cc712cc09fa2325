"""The reference's response and remission, on tables small enough to be checked by eye."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pipelines.study import Study
from pipelines.study.endpoints import Endpoint, RemissionRule, ResponseRule
from tests.reference.outcomes import outcomes, remits, responds
from tests.reference.records import Subject
from tests.reference.small import ended, event, madrs, seen, study


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def flags(study: Study, subject: Subject, table: str, estimand: str, rule: str) -> str:
    """Returns the primary endpoint's flags at D2, W1, W2, W4, W8, a dot where it cannot be known."""
    rows = [
        one
        for one in outcomes(study, subject)[table]
        if (one.endpoint, one.estimand, one.missing_rule) == ("primary", estimand, rule)
    ]
    assert [one.avisit for one in rows] == ["D2", "W1", "W2", "W4", "W8"]
    return "".join("." if one.is_met is None else "Y" if one.is_met else "N" for one in rows)


@pytest.mark.parametrize(("strict", "value", "is_met"), [(False, 15, True), (False, 16, False), (True, 15, False)])
def test_response_at_half_of_the_baseline_depends_on_strictness(strict: bool, value: int, is_met: bool) -> None:
    endpoint = Endpoint(
        instrument="MADRS",
        response=ResponseRule(min_reduction_pct=50, strict=strict),
        remission=RemissionRule(max_score=10),
    )
    assert responds(endpoint, Fraction(30), Fraction(value)) is is_met
    assert responds(endpoint, None, Fraction(value)) is None
    assert responds(endpoint, Fraction(0), Fraction(0)) is None


@pytest.mark.parametrize(("strict", "value", "is_met"), [(False, 10, True), (False, 11, False), (True, 10, False)])
def test_remission_at_the_cutoff_depends_on_strictness(strict: bool, value: int, is_met: bool) -> None:
    endpoint = Endpoint(
        instrument="MADRS", response=ResponseRule(), remission=RemissionRule(max_score=10, strict=strict)
    )
    assert remits(endpoint, Fraction(value)) is is_met
    assert remits(endpoint, None) is None


# W1 is missed, W4 lacks an item, W8 was not reached.
COURSE = (madrs("BL", 1, 30), madrs("D2", 2, 15), madrs("W2", 15, 16), madrs("W4", 29, None))


@pytest.mark.parametrize(
    ("rule", "expected"), [("observed", "Y.N.."), ("locf", "YYNNN"), ("bocf", "YNNNN"), ("nri", "YNNNN")]
)
def test_each_rule_for_missing_data_fills_the_same_gaps_in_its_way(parallel: Study, rule: str, expected: str) -> None:
    assert flags(parallel, seen(*COURSE), "response", "treatment_policy", rule) == expected


@pytest.mark.parametrize(
    ("rule", "expected"), [("observed", "Y...."), ("locf", "YYYYY"), ("bocf", "YNNNN"), ("nri", "YNNNN")]
)
def test_a_value_that_is_carried_forward_may_be_the_only_one(parallel: Study, rule: str, expected: str) -> None:
    assert flags(parallel, seen(*COURSE[:2]), "response", "treatment_policy", rule) == expected


@pytest.mark.parametrize(
    ("rule", "expected"), [("observed", "....."), ("locf", "....."), ("bocf", "....."), ("nri", "NNNNN")]
)
def test_without_a_baseline_response_is_unknown_or_imputed(parallel: Study, rule: str, expected: str) -> None:
    assert flags(parallel, seen(*COURSE[1:]), "response", "treatment_policy", rule) == expected


def test_without_a_baseline_remission_is_known(parallel: Study) -> None:
    assert flags(parallel, seen(madrs("D2", 2, 10)), "remission", "treatment_policy", "observed") == "Y...."


# All visits done: response from day 2 on, remission at the end; then an event of each kind on day 15.
WELL = (
    madrs("BL", 1, 30),
    madrs("D2", 2, 15),
    madrs("W1", 8, 16),
    madrs("W2", 15, 14),
    madrs("W4", 29, 13),
    madrs("W8", 57, 5),
)
RESCUE, LEFT = event("RESCUE MEDICATION", 15), ended("WITHDRAWAL BY SUBJECT", 15)


@pytest.mark.parametrize(
    ("estimand", "rule", "expected"),
    [
        ("treatment_policy", "observed", "YNYYY"),
        ("failure", "observed", "YNNNN"),
        ("failure", "locf", "YNNNN"),
        ("without_rescue", "observed", "YN..."),
        ("without_rescue", "locf", "YNNNN"),
        ("without_rescue", "nri", "YNNNN"),
        ("on_treatment", "observed", "YNYYY"),
    ],
)
def test_each_estimand_counts_rescue_from_its_day_on_in_its_way(
    parallel: Study, estimand: str, rule: str, expected: str
) -> None:
    assert flags(parallel, seen(*WELL, events=(RESCUE,)), "response", estimand, rule) == expected


def test_while_on_treatment_the_last_value_before_the_event_stands(parallel: Study) -> None:
    early = ended("WITHDRAWAL BY SUBJECT", 8)
    assert flags(parallel, seen(*WELL, events=(early,)), "response", "on_treatment", "observed") == "YYYYY"


def test_an_event_before_the_first_dose_is_no_intercurrent_event(parallel: Study) -> None:
    for day, expected in ((-1, "YNYYY"), (1, "NNNNN")):
        subject = seen(*WELL, events=(event("RESCUE MEDICATION", day),))
        assert flags(parallel, subject, "response", "failure", "observed") == expected


def test_a_missed_visit_counts_as_of_its_planned_day(parallel: Study) -> None:
    missed = tuple(score for score in WELL if score.visit != "W2")
    for day, expected in ((15, "YNNNN"), (16, "YN.NN")):
        subject = seen(*missed, events=(ended("WITHDRAWAL BY SUBJECT", day),))
        assert flags(parallel, subject, "response", "failure", "observed") == expected
