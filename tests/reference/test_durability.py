"""The reference's durability, on courses small enough to be checked by eye."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.study import Study
from tests.reference.durability import Course, courses
from tests.reference.records import Event, Score
from tests.reference.small import ended, event, madrs, on, seen, study


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def course(study: Study, paramcd: str, scores: list[Score], *events: Event) -> Course | None:
    """Returns the course of a subject with a baseline of 40 that responds on day 2 (20)."""
    subject = seen(madrs("BL", 1, 40), madrs("D2", 2, 20), *scores, events=events)
    return next((one for one in courses(study, subject) if one.paramcd == paramcd), None)


def other(day: int, value: int) -> Score:
    return madrs("UNSCHEDULED", day, value)


@pytest.mark.parametrize(
    ("scores", "days", "lower", "upper"),
    [
        ([other(8, 10), other(20, 22), other(25, 22)], 24, 7, 24),  # 5 days apart, dated at the second
        ([other(20, 22), other(35, 30)], 34, 1, 34),  # 15 days apart, no score without in between
        ([other(20, 22), other(24, 22), other(29, 22)], 28, 1, 28),  # 4 days are too few, the next 5 are enough
    ],
)
def test_a_relapse_is_two_high_scores_in_a_row_5_to_15_days_apart(
    parallel: Study, scores: list[Score], days: int, lower: int, upper: int
) -> None:
    found = course(parallel, "TTREL", scores)
    assert found is not None
    assert (found.event, found.days, found.lower_days, found.upper_days) == ("RELAPSE BY SCORE", days, lower, upper)


@pytest.mark.parametrize(
    "scores",
    [
        [other(20, 22), other(24, 22)],
        [other(20, 22), other(36, 22)],
        [other(20, 22), other(24, 21), other(28, 22)],
        [other(20, 21), other(27, 21)],
    ],
)
def test_high_scores_otherwise_are_no_relapse(parallel: Study, scores: list[Score]) -> None:
    found = course(parallel, "TTREL", scores)
    assert found is not None
    assert (found.event, found.censored, found.upper_days) == (None, "DATA CUTOFF", None)


def test_response_is_lost_at_the_first_score_above_half_or_at_the_second_where_it_must_be_confirmed(
    parallel: Study,
) -> None:
    scores = [other(8, 20), other(15, 21), other(22, 19), other(29, 10), other(36, 21), other(43, 21)]
    lost, confirmed = course(parallel, "TTLOSS", scores), course(parallel, "TTLOSS2", scores)
    assert lost is not None
    assert (lost.event, lost.days, lost.lower_days) == ("LOSS OF RESPONSE", 14, 7)
    # It starts at the first planned visit in remission, and unscheduled ones are none: day 29 is in the window of W4.
    assert confirmed is not None
    assert (confirmed.start_day, confirmed.event, confirmed.days) == (29, "LOSS OF RESPONSE", 15)


@pytest.mark.parametrize(
    ("events", "event_text", "censored", "days"),
    [
        ((), None, "DATA CUTOFF", 28),
        ((ended("COMPLETED", 60),), None, "END OF FOLLOW-UP", 28),
        ((ended("LACK OF EFFICACY", 60),), None, "WITHDRAWAL", 28),
        ((ended("DEATH", 60),), None, "DEATH", 28),
        ((event("SUICIDE ATTEMPT", 20),), "SUICIDE ATTEMPT", None, 19),
        ((event("SUICIDE ATTEMPT", 40),), "SUICIDE ATTEMPT", None, 39),
        ((event("SUICIDE ATTEMPT", 1),), None, "DATA CUTOFF", 28),  # before the response
        ((event("RESCUE MEDICATION", 20),), None, "RESCUE MEDICATION", 19),
        ((event("RESCUE MEDICATION", 40),), None, "DATA CUTOFF", 28),  # nobody saw the subject in between
        ((event("RESCUE MEDICATION", 20), event("SUICIDE ATTEMPT", 21)), None, "RESCUE MEDICATION", 19),
        ((event("RESCUE MEDICATION", 20), event("SUICIDE ATTEMPT", 20)), "SUICIDE ATTEMPT", None, 19),
        ((event("RESCUE MEDICATION", 35), event("SUICIDE ATTEMPT", 40)), None, "DATA CUTOFF", 28),
    ],
)
def test_what_comes_first_ends_the_time(
    parallel: Study, events: tuple[Event, ...], event_text: str | None, censored: str | None, days: int
) -> None:
    found = course(parallel, "TTREL", [other(29, 10)], *events)
    assert found is not None
    assert (found.event, found.censored, found.days) == (event_text, censored, days)


def test_without_a_response_there_is_no_course(parallel: Study) -> None:
    assert courses(parallel, seen(madrs("BL", 1, 40), madrs("D2", 2, 21))) == []


@pytest.fixture(scope="module")
def withdrawal(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "withdrawal", "withdrawal")


@pytest.mark.parametrize(
    ("scores", "starts"),
    [
        ([other(20, 10), other(29, 10)], True),
        ([other(20, 10), other(30, 10)], False),  # the second comes after the randomisation
        ([other(20, 10), other(24, 11), other(29, 10)], False),  # not in a row
        ([other(8, 11), other(20, 10), other(29, 10)], True),
        ([other(29, 10)], False),
    ],
)
def test_a_randomisation_starts_the_time_of_who_was_in_the_state_at_the_last_assessments(
    withdrawal: Study, scores: list[Score], starts: bool
) -> None:
    subject = replace(seen(madrs("BL", 1, 40), *scores, other(60, 30)), randomised=on(29), randomised_source=("s", 1))
    found = [(one.start_day, one.days) for one in courses(withdrawal, subject) if one.paramcd == "TTRAND"]
    assert found == ([(29, 32)] if starts else [])


def test_who_is_not_seen_after_the_randomisation_is_followed_to_its_day(withdrawal: Study) -> None:
    subject = replace(
        seen(madrs("BL", 1, 40), other(20, 9), other(28, 9)), randomised=on(29), randomised_source=("s", 1)
    )
    (found,) = [one for one in courses(withdrawal, subject) if one.paramcd == "TTRAND"]
    assert (found.days, found.censored, found.source) == (1, "DATA CUTOFF", ("s", 1))
