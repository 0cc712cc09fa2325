"""The reference's retention, on courses small enough to be checked by eye."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.study import Study
from tests.reference.records import Event, Score
from tests.reference.retention import landmarks
from tests.reference.small import event, madrs, seen, study


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def at(
    study: Study, name: str, *scores: Score, events: tuple[Event, ...] = ()
) -> tuple[int | None, bool | None, str | None]:
    """Returns day, flag and reason at a landmark of TTREL for who had 40 and responds on day 2, which is day 1."""
    found = landmarks(study, seen(madrs("BL", 1, 40), madrs("D2", 2, 20), *scores, events=events))
    (one,) = [one for one in found if (one.course.paramcd, one.name) == ("TTREL", name)]
    return one.day, one.is_retained, one.why_unknown


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (28, (28, False, None)),  # on day 27 of the time
        (29, (28, False, None)),  # on day 28 itself
        (30, (28, True, None)),  # on day 29
    ],
)
def test_an_event_on_the_day_of_the_landmark_has_come_by_then(
    parallel: Study, day: int, expected: tuple[int, bool, None]
) -> None:
    assert at(parallel, "DAY 28", madrs("W8", 57, 15), events=(event("SUICIDE ATTEMPT", day),)) == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(29, (28, True, None)), (28, (28, None, "DATA CUTOFF")), (2, (28, None, "DATA CUTOFF"))]
)
def test_who_was_followed_to_the_landmark_is_known_and_who_was_not_is_not(
    parallel: Study, day: int, expected: tuple[int, bool | None, str | None]
) -> None:
    assert at(parallel, "DAY 28", *([madrs("UNSCHEDULED", day, 15)] if day > 2 else [])) == expected


def test_a_visit_is_a_landmark_on_its_own_day_else_on_its_target_day(parallel: Study) -> None:
    assert at(parallel, "W1", madrs("W1", 10, 15)) == (9, True, None)
    assert at(parallel, "W1", madrs("W2", 15, 15)) == (7, True, None)


def test_a_visit_before_the_start_is_no_landmark_of_it(parallel: Study) -> None:
    subject = seen(madrs("BL", 1, 40), madrs("W1", 8, 30), madrs("W2", 15, 10))
    found = [one for one in landmarks(parallel, subject) if (one.course.paramcd, one.name) == ("TTREL", "W1")]
    assert [(one.day, one.is_retained, one.why_unknown) for one in found] == [(-6, None, "NOT STARTED")]


def test_a_visit_that_the_version_of_the_subject_does_not_plan_is_no_landmark(tmp_path: Path) -> None:
    withdrawal = study(tmp_path / "withdrawal", "withdrawal")
    subject = replace(seen(madrs("BL", 1, 40), madrs("D2", 2, 10)), site="01", consent="2026-03-10")
    found = {one.name: one for one in landmarks(withdrawal, subject) if one.course.paramcd == "TTREL"}
    assert (found["W1"].day, found["W1"].is_retained, found["W1"].why_unknown) == (None, None, "NOT PLANNED")
    assert found["W2"].day == 16  # day 17 by the amendment
