"""The baseline: a rule's name or a mapping, and what cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from tests.small_study import STUDY_FILE, make_study

MISTAKES = [
    ("baseline: {of: period}", "baseline.of: only a crossover study has periods."),
    ("design: crossover\nbaseline: {of: period}", "so the visit that says `baseline: true` needs `of_period: true`."),
    ("baseline: {rule: mean_before_first_dose, visits: [W9]}", "baseline.visits: no visit 'W9'. Visits: BL, D2, W1."),
    ("baseline: {visits: [BL]}", "baseline.visits: by the rule `visit` the visit that says `baseline: true` is it."),
    ("baseline: last", "must be one of 'visit', 'last_before_first_dose' or 'mean_before_first_dose'."),
]


def with_baseline(text: str) -> str:
    file = STUDY_FILE.replace("design: parallel\n", "") if "design" in text else STUDY_FILE
    return f"{text}\n{file}"


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_baseline_that_cannot_be_found_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, with_baseline(text))
    assert said in str(error.value)


def test_a_rules_name_alone_is_the_rule(tmp_path: Path) -> None:
    study = make_study(tmp_path, with_baseline("baseline: last_before_first_dose"))
    assert (study.baseline.rule, study.baseline.of, study.baseline.visits) == ("last_before_first_dose", "study", None)


def test_without_the_key_it_is_that_of_the_baseline_visit(tmp_path: Path) -> None:
    assert make_study(tmp_path).baseline.rule == "visit"
