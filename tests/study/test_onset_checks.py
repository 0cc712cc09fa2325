"""Definitions of onset and of sustained response: what names nothing, or could never fail, is a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study import Study
from tests.small_study import STUDY_FILE, make_study

ONSET = "  - {{paramcd: TTRESP, param: Onset{more}}}"
SUSTAINED = "  - {{paramcd: SUS, param: Sustained{more}}}"
# What is written into a definition, and what the error must say of it.
MISTAKES = [
    ("onset", ONSET, ", endpoint: other", "onset[0].endpoint: no such endpoint. Endpoints: primary."),
    ("onset", ONSET, ", estimand: other", "onset[0].estimand: no such estimand. Estimands: treatment_policy."),
    ("onset", ONSET, ", kept: {to_visit: BL}", "onset[0].kept.to_visit: 'BL' is no visit after baseline"),
    ("onset", ONSET, ", rapid: {by_visit: W9}", "onset[0].rapid.by_visit: 'W9' is no visit after baseline"),
    ("onset", ONSET, ", rapid: {by_day: 2, within_hours: 24}", "give exactly one of within_hours, by_day, by_visit."),
    ("onset", ONSET, ", rapid: {}", "give exactly one of within_hours, by_day, by_visit."),
    ("onset", ONSET, "}\n" + ONSET.format(more="").rstrip("}"), "onset[0].paramcd: two parameters have this code."),
    ("sustained", SUSTAINED, "", "give exactly one of from_visit, visits, last_visits."),
    ("sustained", SUSTAINED, ", visits: [D2], to_visit: W1", "visits names every visit. Leave to_visit out."),
    ("sustained", SUSTAINED, ", visits: [D2, W2]", "sustained[0].visits: 'W2' is no visit after baseline"),
    ("sustained", SUSTAINED, ", from_visit: D2, missing_rule: bocf", "no such rule. Rules: observed, locf, nri."),
    ("sustained", SUSTAINED, ", from_visit: D2, unless: SUS", "sustained[0].unless: no definition above this one"),
    ("sustained", SUSTAINED, ", last_visits: 2, allowed_misses: 2", "as many misses as visits: it would always hold."),
]


def study_with(root: Path, key: str, entry: str) -> Study:
    return make_study(root, STUDY_FILE.replace("layouts:\n", f"{key}:\n{entry}\nlayouts:\n", 1))


@pytest.mark.parametrize(("key", "entry", "more", "said"), MISTAKES, ids=[said for *_, said in MISTAKES])
def test_a_mistake_in_a_definition_is_named(tmp_path: Path, key: str, entry: str, more: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        study_with(tmp_path, key, entry.format(more=more))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("asked", "visits"),
    [
        (", from_visit: D2", ["D2", "W1"]),
        (", from_visit: D2, to_visit: D2", ["D2"]),
        (", last_visits: 1", ["W1"]),
        (", last_visits: 1, to_visit: D2", ["D2"]),
        (", visits: [W1, D2]", ["D2", "W1"]),
    ],
)
def test_a_definition_asks_for_visits_after_baseline_in_their_order(
    tmp_path: Path, asked: str, visits: list[str]
) -> None:
    study = study_with(tmp_path, "sustained", SUSTAINED.format(more=asked))
    assert [visit.visit for visit in study.visits_of(study.sustained[0])] == visits
