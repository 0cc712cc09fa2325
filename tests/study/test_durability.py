"""Durability in the study file: short forms, and mistakes that types do not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study.durability import Durability
from tests.small_study import STUDY_FILE, make_study

PARAMETER = "durability:\n  - {{paramcd: TT, param: Time, {keys}}}\nlayouts:\n"
LOSS = "loss_of_response: {}"

MISTAKES = [
    (f"{LOSS}, endpoint: other", "durability[0].endpoint: no such endpoint. Endpoints: primary."),
    ("section: '9'", "durability[0]: says no event. Add relapse, loss_of_response or events."),
    (f"{LOSS}, start: randomisation", "start: only in a randomised withdrawal does the time start there."),
    (f"{LOSS}, start: {{estimand: other}}", "start.estimand: no such estimand. Estimands: treatment_policy."),
    (f"{LOSS}, start: {{missing_rule: nri}}", "start.missing_rule: goes with an estimand."),
    (
        f"{LOSS}, start: {{estimand: treatment_policy, missing_rule: bocf}}",
        "start.missing_rule: not among missing_rules: observed, locf, nri.",
    ),
    ("relapse: {min_score: 22, days_apart: [15, 5]}", "relapse.days_apart: the fewest days are more than the most."),
    ("loss_of_response: {days_apart: [5, 15]}", "loss_of_response.days_apart: one assessment has none. Add"),
    (
        "loss_of_response: {confirmed: true, days_apart: [15, 5]}",
        "loss_of_response.days_apart: the fewest days are more than the most.",
    ),
    (
        "loss_of_response: {of: remission, below_reduction_pct: 25}",
        "loss_of_response.below_reduction_pct: is about a response.",
    ),
    (f"{LOSS}, censor_gap_at_end: true", "censor_gap_at_end: says no days. Add censor_after_gap_days, or remove it."),
    (f"{LOSS}, landmarks: {{visits: [W9]}}", "landmarks.visits: no visit 'W9'. Visits: BL, D2, W1."),
]


@pytest.mark.parametrize(("keys", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_mistake_in_durability_is_named_with_key_and_remedy(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, STUDY_FILE.replace("layouts:\n", PARAMETER.format(keys=keys)))
    assert said in str(error.value)


def test_a_parameter_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    twice = PARAMETER.format(keys=LOSS).replace("layouts:\n", f"  - {{paramcd: TT, param: Again, {LOSS}}}\nlayouts:\n")
    with pytest.raises(StudyFileError, match=r"durability\[1\]\.paramcd: two parameters have this code"):
        make_study(tmp_path, STUDY_FILE.replace("layouts:\n", twice))


def test_a_landmark_visit_needs_a_day(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("layouts:\n", PARAMETER.format(keys=f"{LOSS}, landmarks: {{visits: [W1]}}"))
    with pytest.raises(StudyFileError, match="visit 'W1' has no day"):
        make_study(tmp_path, text.replace(", day: 8, window: [5, 11]", ""))


def test_an_area_under_the_curve_needs_a_visit_and_stands_once(tmp_path: Path) -> None:
    areas = "  area_under_curve: [{visit: W1}, {visit: W1}, {visit: W9}, {visit: BL}]\n"
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, STUDY_FILE.replace("missing_rules:", f"{areas}missing_rules:"))
    assert "area_under_curve[1]: this area stands twice." in str(error.value)
    assert "area_under_curve[2].visit: no visit 'W9'." in str(error.value)
    assert "area_under_curve[3].visit: the curve starts on day 1." in str(error.value)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("response", "first response"),
        ("remission", "first remission"),
        ("randomisation", "randomisation in response"),
        ({"state": "remission", "assessments": 2}, "first remission that holds at 2 visits in a row"),
        (
            {"estimand": "composite", "missing_rule": "nri"},
            "first response (estimand composite, missing data nri)",
        ),
        (
            {"at": "randomisation", "state": "remission", "assessments": 3},
            "randomisation in remission, seen at the last 3 assessments",
        ),
    ],
)
def test_a_start_is_one_word_or_says_more(start: object, words: str) -> None:
    one = Durability.model_validate({"paramcd": "TT", "param": "Time", "start": start, "loss_of_response": {}})
    assert one.start.words == words
