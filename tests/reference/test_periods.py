"""The reference's periods of a crossover, each with its own baseline, on tables small enough to be checked by eye."""

from __future__ import annotations

import pytest

from pipelines.study import Study
from tests.reference.assessments import assessments, baseline
from tests.reference.outcomes import outcomes
from tests.reference.records import Dose, Subject
from tests.reference.small import madrs, on, seen, study


@pytest.fixture(scope="module")
def periods(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "periods", "periods")


def crossed_over(*scores: tuple[str, int, int]) -> Subject:
    """Returns a subject dosed with ketamine on day 1 and with placebo on day 22, and these scores."""
    subject = seen(*(madrs(visit, day, value) for visit, day, value in scores))
    doses = (Dose(day=on(1), period=1, arm="KET"), Dose(day=on(22), period=2, arm="PBO"))
    return Subject(usubjid=subject.usubjid, arm="KET", doses=doses, scores=subject.scores)


@pytest.mark.parametrize(
    ("day", "period", "avisit"),
    [
        (-3, 1, "BL"),
        (-4, None, "UNSCHEDULED"),
        (1, 1, "BL"),
        (18, 1, "UNSCHEDULED"),  # four days before the second dose
        (19, 2, "BL"),
        (22, 2, "BL"),
        (23, 2, "D2"),
    ],
)
def test_what_comes_before_a_dose_in_the_window_of_its_baseline_belongs_to_its_period(
    periods: Study, day: int, period: int | None, avisit: str
) -> None:
    (found,) = assessments(periods, crossed_over(("UNSCHEDULED", day, 30)))
    assert (found.period, found.avisit) == (period, avisit)


def test_each_period_has_its_own_baseline(periods: Study) -> None:
    found = assessments(periods, crossed_over(("BL", 1, 30), ("D7", 7, 16), ("BL", 21, 20), ("D7", 28, 16)))
    bases = [baseline(found, "MADRS", period) for period in (1, 2)]
    assert [one.value if one else None for one in bases] == [30, 20]


def test_response_is_a_reduction_from_the_baseline_of_the_period(periods: Study) -> None:
    subject = crossed_over(("BL", 1, 32), ("D7", 7, 16), ("BL", 21, 20), ("D7", 28, 16))
    met = {
        one.period: one.is_met
        for one in outcomes(periods, subject)["response"]
        if (one.endpoint, one.avisit, one.estimand, one.missing_rule)
        == ("primary", "D7", "treatment_policy", "observed")
    }
    assert met == {1: True, 2: False}
