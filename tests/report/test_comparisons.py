"""Which arms are compared, at which visit, and what the section says where none are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report import comparisons, predictors
from pipelines.report.tables import opened
from tests.report.trials import parallel


def test_arms_are_compared_at_the_visit_with_the_experimental_one_first(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    with opened(study, cut) as data:
        made = comparisons.records(data, "W4")
        section = comparisons.section(data, made)
    risk = next(row for row in made if row["what"] == "response, endpoint primary")
    # Observed: 2 of 4 under ketamine, 1 of 4 under midazolam.
    assert (risk["effect"], risk["estimate"], risk["n"]) == ("Risk difference, percentage points", 25.0, 8)
    assert section.tables[0].caption == "Ketamine against Midazolam: effects with 95 % intervals"
    # The interval of the difference holds 0: the number needed to treat stands without limits.
    assert section.tables[0].rows[1][1:4] == ("Number needed to treat", "4.00", "\u2014")


@pytest.mark.requirement("BLD-5")
def test_a_blinded_cut_compares_nothing_and_says_why(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, blinded=True)
    with opened(study, cut) as data:
        made = comparisons.records(data, "W4")
        section = comparisons.section(data, made)
    assert made == []
    assert section.notes == ("No comparison: the cut is blinded.",)


def test_a_trial_too_small_for_a_model_has_no_forest_plot(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    with opened(study, cut) as data:
        made = predictors.records(data, "W4")
        assert made == []
        assert predictors.section(data, made) is None
