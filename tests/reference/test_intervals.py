"""The reference's start-stop rows, on courses small enough to be checked by eye."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.study import Study
from tests.reference.intervals import intervals
from tests.reference.records import Dose
from tests.reference.small import event, madrs, on, seen, study


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def rows(study: Study, *days: int, paramcd: str = "TTREL", ends: int = 57) -> list[tuple[object, ...]]:
    """Returns the rows of who responds on day 8, which is day 1 of the time, given these doses, to an attempt.

    A dose on day 1 is the first one; the later ones are for maintenance.
    """
    doses = tuple(Dose(day=on(day), category="INITIAL" if day == 1 else "MAINTENANCE") for day in days)
    subject = seen(madrs("BL", 1, 40), madrs("W1", 8, 10), events=(event("SUICIDE ATTEMPT", ends),))
    found = intervals(study, replace(subject, doses=doses))
    return [
        (one.start, one.stop, one.is_event, one.doses, one.days_since_dose, one.on_maintenance)
        for one in found
        if one.course.paramcd == paramcd
    ]


def test_without_a_later_dose_the_time_is_one_interval(parallel: Study) -> None:
    assert rows(parallel, 1) == [(0, 50, True, 1, 7, False)]


def test_a_dose_counts_from_the_day_after_it_and_maintenance_ends_after_so_many_days(parallel: Study) -> None:
    # The dose of day 17 is on day 10 of the time, and its 14 days end with day 24.
    assert rows(parallel, 1, 17) == [
        (0, 10, False, 1, 7, False),
        (10, 24, False, 2, 1, True),
        (24, 50, True, 2, 15, False),
    ]


def test_maintenance_that_goes_on_with_the_next_dose_does_not_end_between(parallel: Study) -> None:
    assert rows(parallel, 1, 17, 31) == [
        (0, 10, False, 1, 7, False),
        (10, 24, False, 2, 1, True),
        (24, 38, False, 3, 1, True),
        (38, 50, True, 3, 15, False),
    ]


def test_an_event_on_the_day_of_a_dose_came_under_the_exposure_before_it(parallel: Study) -> None:
    assert rows(parallel, 1, 57) == [(0, 50, True, 1, 7, False)]


def test_without_a_category_a_dose_from_the_start_on_is_for_maintenance(parallel: Study) -> None:
    # On day 1 of the time; TTLOSS ends with the last assessment, which is that of its start.
    assert rows(parallel, 1, 8, paramcd="TTLOSS") == [(0, 1, False, 1, 7, False)]


def test_who_was_never_dosed_has_no_doses(parallel: Study) -> None:
    assert [row[3:] for row in rows(parallel)] == [(0, None, False)]
