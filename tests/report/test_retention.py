"""The report's shares at landmarks and its episodes: each can be counted from the few rows here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.report import report
from tests.report.cuts import make_cut
from tests.report.test_assembly import rows
from tests.report.trials import CHECKS, PARALLEL, _parallel_tables

LANDMARKS = "relapse: {min_score: 22}, landmarks: {days: [5, 9, 400], visits: [W4]}"
KET = {"paramcd": "TTRELAPS", "trta": "KET", "aperiod": 1, "landmark": "DAY 9", "landmark_days": 9}
EPISODE = {"endpoint": "primary", "trta": "KET", "aperiod": 1, "episode": 1}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    root: Path = tmp_path_factory.mktemp("retention")
    text = PARALLEL.format(title="T", label="Ketamine", signoff="none", simulated="false")
    tables = _parallel_tables(term="Nausea", reason="none") | {
        "retention": [
            KET | {"usubjid": "KET0", "retainfl": "N"},
            KET | {"usubjid": "KET1", "retainfl": None, "missing_reason": "WITHDRAWAL"},
            KET | {"usubjid": "KET2", "retainfl": "Y"},
            KET | {"usubjid": "MDZ0", "trta": "MDZ", "retainfl": "Y"},
        ],
        "response_episodes": [
            EPISODE | {"usubjid": "KET0", "aval": 8.0, "cnsr": 0, "redosedfl": "Y", "days_to_next": 7},
            EPISODE | {"usubjid": "KET0", "episode": 2, "aval": 4.0, "cnsr": 0, "redosedfl": "N"},
            EPISODE | {"usubjid": "KET1", "aval": 30.0, "cnsr": 1, "redosedfl": "N"},
        ],
    }
    study, cut = make_cut(root, text.replace("relapse: {min_score: 22}", LANDMARKS), tables, checks=CHECKS)
    page = report(study, cut.cut_id).path.read_text(encoding="utf-8")
    return json.loads((cut.report / "statistics.json").read_text(encoding="utf-8")), page


def test_a_share_is_of_those_of_whom_it_is_known(made: Any) -> None:
    (found,) = (row for row in made[0]["retention"] if (row["landmark"], row["trta"]) == ("DAY 9", "KET"))
    assert (found["retained"], found["known"], found["not_known"], found["percent"]) == (1, 2, 1, 50)
    shown = rows(made[1], "Time to relapse: still without the event at each landmark")
    assert ["Day 9", "Ketamine", "1/2", "50.0\u00a0%", "9.5 to 90.5", "1"] in shown
    assert shown[-1][0] == "Midazolam"
    assert ["Week 4", "Ketamine", "\u2014", "\u2014", "\u2014", "0"] in shown


def test_kaplan_meier_is_read_at_the_landmarks_of_the_study_file_within_the_follow_up(made: Any) -> None:
    (ket,) = (row for row in made[0]["durability"] if row["trta"] == "KET")
    assert {key for key in ket if key.startswith("day_")} == {"day_5", "day_9"}


def test_what_was_regained_after_a_dose_stands_beside_what_was_without(made: Any) -> None:
    shown = rows(made[1], "Episodes of response")
    assert ["Primary", "Ketamine", "2", "3", "2", "6", "1/1", "0/1"] in shown
    assert ["Midazolam", "0", "0", "0", "\u2014", "\u2014", "\u2014"] in shown
