"""Peaks, alerts and guesses: each figure can be counted in the rows written here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.report import report
from pipelines.report.blinding_indices import bang_index, james_index
from tests.report.cuts import Row
from tests.report.trials import parallel

PEAKS: list[Row] = [
    {"usubjid": f"{arm}{place}", "trta": arm, "paramcd": "CADSS", "crit1": "CADSS peak > 4", "dose_number": 1}
    | {"aval": float(value), "crit1fl": "Y" if value > 4 else "N"}
    for arm, values in {"KET": (4, 5, 30), "MDZ": (0, 4)}.items()
    for place, value in enumerate(values)
]
ALERT: Row = {"alert": "SUICIDAL IDEATION", "rule": "CSSRS05 >= 1", "section": "8.4", "after_first_dose_fl": "Y"}
ALERTS: list[Row] = [
    ALERT | {"usubjid": "KET0", "trta": "KET"},
    ALERT | {"usubjid": "KET0", "trta": "KET"},
    ALERT | {"usubjid": "MDZ0", "trta": "MDZ", "after_first_dose_fl": "N"},
]
GUESS: Row = {"param": "Which", "assessor": "SUBJECT", "kind": "GUESS", "avisit": "W4"}
GUESSES: list[Row] = [
    GUESS | {"usubjid": f"{arm}{place}", "trta": arm, "guess": guess, "correctfl": flag}
    for arm, guesses in {"KET": ("KET", "KET", "MDZ", "UNKNOWN"), "MDZ": ("KET", "MDZ")}.items()
    for place, guess in enumerate(guesses)
    for flag in [None if guess == "UNKNOWN" else "Y" if guess == arm else "N"]
]


def statistics(root: Path, **more: Any) -> tuple[dict[str, Any], str]:
    study, cut = parallel(root, session_peaks=PEAKS, safety_alerts=ALERTS, blinding_assessment=GUESSES, **more)
    page = report(study, cut.cut_id).path.read_text(encoding="utf-8")
    return json.loads((cut.report / "statistics.json").read_text(encoding="utf-8")), page


def test_sessions_with_a_peak_beyond_the_limit_are_counted_by_dose_and_arm(tmp_path: Path) -> None:
    made, page = statistics(tmp_path)
    found = {row["trta"]: (row["n"], row["median"], row["beyond"]) for row in made["session_peaks"]}
    assert found == {"KET": (3, 5.0, 2), "MDZ": (2, 2.0, 0)}
    assert "CADSS peak &gt; 4, dose 1" in page


def test_an_alert_before_the_first_dose_is_not_among_those_since_and_a_subject_counts_once(tmp_path: Path) -> None:
    made, _ = statistics(tmp_path)
    found = {row["trta"]: (row["subjects"], row["dosed"], row["alerts"]) for row in made["safety_alerts"]}
    assert found == {"KET": (1, 5, 2), "MDZ": (0, 5, 0)}


def test_guesses_are_counted_by_arm_with_bangs_index(tmp_path: Path) -> None:
    made, page = statistics(tmp_path)
    found = {row["trta"]: (row["n"], row["guesses"], row["right"], row["bang"]) for row in made["blinding_guesses"]}
    assert found == {
        "KET": (4, {"KET": 2, "MDZ": 1, "UNKNOWN": 1}, 2, 0.25),
        "MDZ": (2, {"KET": 1, "MDZ": 1, "UNKNOWN": 0}, 1, 0.0),
    }
    assert 'id="blinding"' in page
    # Two of four and one of two guess their own arm, one does not know: 1 - 5/6 + (2/6) (5/6)^2 / (2 * 12/36).
    (of_all,) = made["blinding_indices"]
    assert (of_all["n"], of_all["james"]) == (6, pytest.approx(1 - 5 / 6 + (2 / 6) * (5 / 6) ** 2 / (2 * 12 / 36)))


@pytest.mark.requirement("BLD-5")
def test_a_blinded_cut_counts_guesses_of_all_arms_together_and_calls_none_right(tmp_path: Path) -> None:
    pooled = [row | {"trta": "BLINDED", "correctfl": None} for row in GUESSES]
    study, cut = parallel(tmp_path, blinded=True, blinding_assessment=pooled)
    report(study, cut.cut_id)
    made = json.loads((cut.report / "statistics.json").read_text(encoding="utf-8"))
    (row,) = made["blinding_guesses"]
    assert made["blinding_indices"] == []
    assert (row["n"], row["guesses"], row["right"], row["bang"]) == (6, {"KET": 3, "MDZ": 2, "UNKNOWN": 1}, None, None)


@pytest.mark.parametrize(
    ("counts", "index"),
    [((10, 0, 10), 1.0), ((0, 10, 10), -1.0), ((5, 5, 10), 0.0), ((6, 2, 10), 0.4)],
)
def test_bangs_index_is_one_where_all_guess_their_own_arm_and_none_by_chance(
    counts: tuple[int, int, int], index: float
) -> None:
    found = bang_index(*counts)
    assert found is not None
    assert found[0] == pytest.approx(index)
    assert found[1] <= found[0] <= found[2]


def test_bangs_index_has_the_interval_of_the_multinomial() -> None:
    # 60 right, 20 wrong, 20 do not know: 0.4, variance (0.24 + 0.16 + 0.24) / 100.
    found = bang_index(60, 20, 100)
    assert found == pytest.approx((0.4, 0.4 - 1.959964 * 0.08, 0.4 + 1.959964 * 0.08), abs=1e-6)


def test_without_an_answer_there_is_no_index() -> None:
    assert bang_index(0, 0, 0) is None
    assert james_index([[0, 0], [0, 0]], [0, 0]) is None


@pytest.mark.parametrize(
    ("guesses", "unknown", "index"),
    [
        ([[5, 0], [0, 5]], [0, 0], 0.0),
        ([[5, 5], [5, 5]], [0, 0], 0.5),
        ([[0, 0], [0, 0]], [5, 5], 1.0),
        ([[2, 2, 2], [2, 2, 2], [2, 2, 2]], [0, 0, 0], 0.5),
    ],
)
def test_james_index_is_0_where_all_guess_right_one_half_by_chance_and_1_where_nobody_knows(
    guesses: list[list[int]], unknown: list[int], index: float
) -> None:
    found = james_index(guesses, unknown)
    assert found is not None
    assert found[0] == pytest.approx(index)
    assert found[1] <= found[0] <= found[2]


def test_james_index_is_not_known_where_all_had_one_arm_and_guessed_it() -> None:
    assert james_index([[5, 0], [0, 0]], [1, 0]) is None


def test_james_index_is_that_of_a_published_example() -> None:
    # BlindingIndex.jl 0.0 (after the R package BI): bi([48 22; 4 30; 330 319]) gives 0.896, 0.875 to 0.918, SE 0.011.
    found = james_index([[48, 4], [22, 30]], [330, 319])
    assert found == pytest.approx((0.896, 0.875, 0.918), abs=0.0005)
