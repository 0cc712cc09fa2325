"""Definitions of onset and of sustained response as tables, with each rule in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.build.parameters.onset import TABLES
from tests.small_study import STUDY_FILE, make_study

DEFINITIONS = """\
onset:
  - {paramcd: A, param: Onset, rapid: {within_hours: 24},
     kept: {to_visit: W1, excursions: 1, excursion_min_reduction_pct: 25}, missing: excursion}
  - {paramcd: B, param: Onset, rapid: {within_hours: 30}}
  - {paramcd: C, param: Onset, of: remission, rapid: {by_visit: W1}}
  - {paramcd: D, param: Onset}
sustained:
  - {paramcd: E, param: Stable remission, of: remission, last_visits: 2, allowed_misses: 1, misses_at: [W1]}
  - {paramcd: F, param: Stable response, visits: [W1], missing_rule: nri, unless: E}
layouts:
"""


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    study = make_study(tmp_path, STUDY_FILE.replace("layouts:\n", DEFINITIONS, 1))
    made = {name: maker(study) for name, maker in TABLES.items()}
    return {name: [dict(zip(one.columns, row, strict=True)) for row in one.rows] for name, one in made.items()}


def test_hours_fall_back_on_the_days_that_they_make(tables: dict[str, list[dict[str, Any]]]) -> None:
    limits = [(row["rapid_hours"], row["rapid_day"], row["rapid_visitnum"]) for row in tables["onset"]]
    assert limits == [(24, 2, None), (30, 3, None), (None, None, 2), (None, None, None)]


def test_each_definition_is_written_in_words(tables: dict[str, list[dict[str, Any]]]) -> None:
    assert [(row["crit1"], row["crit2"]) for row in tables["onset"]] == [
        (
            "first response within 24 hours",
            (
                "first response within 24 hours, kept to visit W1, at most 1 excursion with a reduction of at least"
                " 25 %; a missed visit is an excursion"
            ),
        ),
        ("first response within 30 hours", None),
        ("first remission by visit W1", None),
        (None, None),
    ]
    assert [row["crit1"] for row in tables["sustained"]] == [
        "remission at D2, W1, but for 1 (only at W1)",
        "response at W1; not E",
    ]


def test_a_miss_is_allowed_only_where_the_definition_says(tables: dict[str, list[dict[str, Any]]]) -> None:
    assert [tuple(row.values()) for row in tables["sustained_visits"]] == [
        ("E", "D2", False),
        ("E", "W1", True),
        ("F", "W1", False),
    ]
    assert [row["missing_rule"] for row in tables["sustained"]] == ["observed", "nri"]
