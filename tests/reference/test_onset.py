"""The reference's onset and sustained response, on courses small enough to be checked by eye."""

from __future__ import annotations

import pytest

from pipelines.study import Study
from tests.reference.onset import onsets
from tests.reference.records import Score
from tests.reference.small import madrs, seen, study
from tests.reference.sustained import held

BASE, DAY2, WEEK1 = madrs("BL", 1, 40), madrs("D2", 2, 20), madrs("W1", 8, 20)


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


@pytest.mark.parametrize(
    ("scores", "avisit", "is_rapid", "is_kept"),
    [
        ([DAY2, WEEK1, madrs("W2", 15, 20), madrs("W4", 29, 20)], "D2", True, True),
        ([DAY2, WEEK1, madrs("W2", 15, 30), madrs("W4", 29, 20)], "D2", True, True),  # an excursion, reduced by 25 %
        ([DAY2, WEEK1, madrs("W2", 15, 31), madrs("W4", 29, 20)], "D2", True, False),  # reduced by less
        ([DAY2, madrs("W1", 8, 30), madrs("W2", 15, 30), madrs("W4", 29, 20)], "D2", True, False),  # two
        ([DAY2, WEEK1, madrs("W2", 15, 20), madrs("W4", 29, 21)], "D2", True, False),  # at the end itself
        ([DAY2, WEEK1, madrs("W4", 29, 20)], "D2", True, False),  # a missed visit is a failure
        ([madrs("D2", 3, 20), WEEK1, madrs("W2", 15, 20), madrs("W4", 29, 20)], "D2", False, False),  # 48 hours
        ([madrs("D2", 2, 21), WEEK1], "W1", False, False),
        ([madrs("D2", 2, 21)], None, False, False),
    ],
)
def test_a_rapid_response_is_kept_but_for_one_excursion(
    parallel: Study, scores: list[Score], avisit: str | None, is_rapid: bool, is_kept: bool
) -> None:
    found = next(one for one in onsets(parallel, seen(BASE, *scores)) if one.paramcd == "ONRESP")
    assert (found.avisit, found.is_rapid, found.is_kept) == (avisit, is_rapid, is_kept)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([madrs("W2", 15, 20), madrs("W4", 29, 20), madrs("W8", 57, 20)], True),
        ([madrs("W2", 15, 20), madrs("W4", 29, 21), madrs("W8", 57, 20)], False),
        ([madrs("W2", 15, 20), madrs("W8", 57, 20)], None),
        ([madrs("W2", 15, 21), madrs("W8", 57, 20)], False),  # whatever the missed visit was
    ],
)
def test_response_at_a_visit_and_all_later_ones(parallel: Study, scores: list[Score], expected: bool | None) -> None:
    found = next(one for one in held(parallel, seen(BASE, DAY2, WEEK1, *scores)) if one.paramcd == "FROMW2")
    assert found.is_met is expected
