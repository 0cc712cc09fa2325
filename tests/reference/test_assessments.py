"""The reference's totals, visits and baselines, on tables small enough to be checked by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.study import Study
from pipelines.study.instruments import InstrumentUse
from tests.reference.assessments import assessments, baseline
from tests.reference.records import Score, days_apart, full_date, study_day
from tests.reference.small import FIRST_DOSE, madrs, on, seen, study
from tests.reference.totals import total


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "parallel")


def test_the_day_before_the_first_dose_is_minus_one() -> None:
    first = full_date(FIRST_DOSE)
    assert first is not None
    days = [study_day(day, first) for day in map(full_date, ("2026-03-09", "2026-03-10", "2026-03-11")) if day]
    assert days == [-1, 1, 2]
    assert [days_apart(-1, 1), days_apart(1, 2), days_apart(-3, 2)] == [1, 1, 4]


@pytest.mark.parametrize(
    ("items", "collected", "by_items", "by_collected"),
    [
        ((3,) * 10, 30, 30, 30),
        ((3,) * 10, 31, 30, 31),
        ((3,) * 9 + (None,), 30, 30, 30),
        ((3,) * 9 + (None,), None, None, None),
        ((3,) * 10, None, 30, 30),
        ((0,) * 10, None, 0, 0),
        ((), None, None, None),
    ],
)
def test_a_total_is_of_all_items_or_as_collected_and_never_of_some_items(
    items: tuple[int | None, ...], collected: int | None, by_items: int | None, by_collected: int | None
) -> None:
    score = Score(instrument="MADRS", visit="BL", day="", items=items, total=collected)
    uses = InstrumentUse(), InstrumentUse(analysed_total="collected")
    assert [total(score, use) for use in uses] == [by_items, by_collected]


@pytest.mark.parametrize(
    ("coded", "day", "avisit"),
    [
        ("W1", on(5), "W1"),
        ("W1", on(11), "W1"),
        ("W1", on(12), "W2"),
        ("W1", on(19), "UNSCHEDULED"),
        ("W1", on(-7), "BL"),
        ("W1", on(-8), "UNSCHEDULED"),
        ("UNSCHEDULED", on(8), "W1"),
        ("SCR", on(8), "SCR"),  # it has no window: the site's code stands
        ("W1", "2026-03", "W1"),
        ("UNSCHEDULED", "", "UNSCHEDULED"),
    ],
)
def test_the_date_decides_the_visit_where_there_is_a_window_and_a_day(
    parallel: Study, coded: str, day: str, avisit: str
) -> None:
    (found,) = assessments(parallel, seen(madrs(coded, day, 20)))
    assert found.avisit == avisit


@pytest.mark.parametrize(
    ("scores", "counting"),
    [
        ([madrs("W1", 5, 20), madrs("W1", 9, 21)], 2),  # closer to day 8
        ([madrs("W1", 7, 20), madrs("W1", 9, 21)], 2),  # as close, and later
        ([madrs("W1", 8, None), madrs("W1", 11, 21)], 2),  # a missing total never displaces a value
        ([madrs("W1", "2026-03", 20), madrs("W1", 11, 21)], 2),  # whose day is known
        ([madrs("W1", 8, 20), madrs("UNSCHEDULED", 8, 21)], 2),  # delivered last
        ([madrs("W1", 8, None)], 1),
    ],
)
def test_one_assessment_counts_for_a_visit(parallel: Study, scores: list[Score], counting: int) -> None:
    found = assessments(parallel, seen(*scores))
    assert [one.score.source[1] for one in found if one.is_analysed] == [counting]


def test_two_equally_close_scores_are_decided_by_the_tie_of_the_study_file(tmp_path: Path) -> None:
    earlier = study(
        tmp_path / "earlier",
        "parallel",
        ("baseline: true}\n", "baseline: true}\n"),
        ("visits:\n  - {visit: SCR", "tie: earlier\nvisits:\n  - {visit: SCR"),
    )
    found = assessments(earlier, seen(madrs("W1", 7, 20), madrs("W1", 9, 21)))
    assert [one.value for one in found if one.is_analysed] == [20]


@pytest.mark.parametrize(
    ("name", "scores", "base"),
    [
        ("parallel", [madrs("BL", -3, 30), madrs("BL", 1, 28)], 28),
        ("parallel", [madrs("BL", -3, 30), madrs("BL", 1, None)], 30),
        ("parallel", [madrs("SCR", -14, 30)], None),  # no score at the baseline visit
        ("codes", [madrs("SCR", -14, 30)], 30),  # the last score before the first dose, whatever visit it is of
        ("codes", [madrs("SCR", -14, 30), madrs("UNSCHEDULED", -10, 26)], 26),
        ("codes", [madrs("SCR", -14, 30), madrs("D2", 2, 26)], 30),
    ],
)
def test_the_baseline_is_what_the_study_file_says(
    tmp_path: Path, name: str, scores: list[Score], base: int | None
) -> None:
    found = baseline(assessments(study(tmp_path / name, name), seen(*scores)), "MADRS", 1)
    assert (found.value if found else None) == base
