"""The reference's episodes of response, on courses small enough to be checked by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.study import Study
from tests.reference.episodes import Episode, episodes
from tests.reference.records import Event, Score
from tests.reference.small import ended, event, madrs, on, seen, study

LEFT = "WITHDRAWAL BY SUBJECT"


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def course(
    study: Study, *scores: Score, events: tuple[Event, ...] = (), doses: tuple[int, ...] = (1,)
) -> list[Episode]:
    """Returns the episodes of the primary endpoint of a subject with a baseline of 40 (20 responds, 22 relapses)."""
    subject = seen(madrs("BL", 1, 40), *scores, events=events, doses=tuple(on(day) for day in doses))
    return [one for one in episodes(study, subject) if one.endpoint == "primary"]


def other(day: int, value: int) -> Score:
    return madrs("UNSCHEDULED", day, value)


def test_a_response_that_is_lost_and_regained_is_two_episodes(parallel: Study) -> None:
    first, second = course(parallel, other(8, 20), other(15, 12), other(22, 21), other(29, 22), other(36, 20))
    assert (first.number, first.start, first.end, first.last, first.event, first.seen) == (
        1, 8, 22, 15, "LOSS OF RESPONSE", 2,
    )  # fmt: skip
    assert [first.lowest_change, first.days, first.lower_days, first.days_to_next] == [-70, 15, 8, 14]
    assert (second.number, second.start, second.end, second.event, second.censored) == (
        2, 36, 36, None, "DATA CUTOFF",
    )  # fmt: skip


def test_a_score_that_reaches_the_lowest_relapse_score_is_a_relapse(parallel: Study) -> None:
    assert [one.event for one in course(parallel, other(8, 20), other(15, 22))] == ["RELAPSE BY SCORE"]


def test_a_score_that_is_missing_parts_nothing(parallel: Study) -> None:
    assert [one.seen for one in course(parallel, other(8, 20), madrs("W2", 15, None), other(22, 20))] == [2]


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ((event("SUICIDE ATTEMPT", 10),), [("SUICIDE ATTEMPT", None, 10), (None, "DATA CUTOFF", 15)]),
        ((event("SUICIDE ATTEMPT", 8),), [("SUICIDE ATTEMPT", None, 8), (None, "DATA CUTOFF", 15)]),
        ((event("SUICIDE ATTEMPT", 40),), [("SUICIDE ATTEMPT", None, 40)]),
        ((ended(LEFT, 10),), [(None, LEFT, 10), (None, "WITHDRAWAL", 15)]),
        ((ended(LEFT, 15),), [(None, LEFT, 15)]),
        ((ended(LEFT, 16),), [(None, "WITHDRAWAL", 15)]),  # nobody saw the subject in between
        ((event("RESCUE MEDICATION", 16),), [("RESCUE MEDICATION", None, 16)]),  # to TTHELD it is an event
        ((event("PANIC ATTACK", 10),), [(None, "DATA CUTOFF", 15)]),
        ((ended("LACK OF EFFICACY", 30),), [(None, "WITHDRAWAL", 15)]),
    ],
)
def test_what_comes_first_ends_an_episode(
    parallel: Study, events: tuple[Event, ...], ends: list[tuple[str | None, str | None, int]]
) -> None:
    found = course(parallel, other(8, 20), other(15, 20), events=events)
    assert [(one.event, one.censored, one.end) for one in found] == ends


def test_on_one_day_an_event_comes_after_a_response_and_before_a_score_that_is_none(parallel: Study) -> None:
    scores = (other(8, 20), other(15, 25))
    assert [one.event for one in course(parallel, *scores, events=(event("SUICIDE ATTEMPT", 15),))] == [
        "SUICIDE ATTEMPT"
    ]


def test_doses_are_counted_within_an_episode_and_after_it(parallel: Study) -> None:
    scores = (other(8, 20), other(22, 25), other(36, 20))
    first, second = course(parallel, *scores, doses=(1, 8, 15, 22))
    # That on the day of its start is the last one before it, that on the day of its end comes after it.
    assert (first.doses, first.days_since_dose, first.is_redosed) == (1, 0, True)
    assert (second.doses, second.days_since_dose, second.is_redosed) == (0, 14, False)


def test_a_score_before_the_first_dose_is_no_response_and_on_its_day_only_at_a_later_visit(tmp_path: Path) -> None:
    by_code = study(tmp_path / "parallel", "parallel", (", window: [5, 11]", ""))
    for score, number in ((madrs("W1", -1, 10), 0), (madrs("W1", 1, 10), 1), (madrs("W1", 2, 10), 1)):
        subject = seen(madrs("BL", -7, 40), score)
        assert len([one for one in episodes(by_code, subject) if one.endpoint == "primary"]) == number
