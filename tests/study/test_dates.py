"""The rules for partial dates: what a study file may ask for, and what it is told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from tests.small_study import STUDY_FILE, make_study

MISTAKES = [
    ("assessment: {impute: first, not_before: consent}", "assessment.not_before: an assessment's date has no bounds."),
    ("adverse_event_end: {impute: last, not_after: event_end}", "only the start of an adverse event has the event's"),
    ("adverse_event_start: {not_before: first_dose}", "not_before: bounds a date that is not completed."),
    ("adverse_event_start: {impute: first, highest: year}", "highest: a date of which nothing is known is completed"),
    ("adverse_event_end: {impute: mid, highest: year, not_after: death}", "completed from a bound only."),
    ("adverse_event_start: {impute: earliest}", "impute: must be one of 'none', 'first', 'mid' or 'last'."),
]


def with_dates(rule: str) -> str:
    return STUDY_FILE.replace("layouts:\n", f"partial_dates:\n  {rule}\nlayouts:\n", 1)


@pytest.mark.parametrize(("rule", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_rule_that_cannot_be_followed_is_named(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, with_dates(rule))
    assert said in str(error.value)


def test_without_a_rule_no_date_is_completed(tmp_path: Path) -> None:
    rules = make_study(tmp_path).partial_dates
    assert {rules.assessment.impute, rules.adverse_event_start.impute, rules.adverse_event_end.impute} == {"none"}


@pytest.mark.parametrize(
    "rule",
    [
        "adverse_event_start: {impute: first, highest: year, not_before: first_dose, not_after: event_end}",
        "adverse_event_end: {impute: last, highest: year, not_after: death}",
        "assessment: {impute: mid, highest: day, section: SAP 5}",
    ],
)
def test_a_rule_with_bounds_that_it_can_meet_is_taken(tmp_path: Path, rule: str) -> None:
    make_study(tmp_path, with_dates(rule))
