"""A response that asks another instrument at the same visit too, in whole cuts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build import build
from pipelines.core.errors import StudyFileError
from pipelines.cut import Cut
from pipelines.gate import gate
from tests.build.trial import NONE, TRIAL, make_trial
from tests.small_study import scores_file, scores_row

# Clinical global impression of improvement, which comes in the column of the laboratory here: 1 to 7, one item.
IMPROVEMENT = "instruments: {MADRS: {}, CGII: {label: Improvement, items: {'01': {range: [1, 7]}}}}\n"
ALSO = "response: {min_reduction_pct: 50, also: {instrument: CGII, max_score: 2}"
TEXT = (
    TRIAL.replace("instruments: [MADRS]\n", IMPROVEMENT)
    .replace("response: {min_reduction_pct: 50", ALSO)
    .replace("crp: {type: number, unit: mg/L, to: lb.CRP}", "crp: {type: integer, to: qs.CGII.01}")
)
# 001 responds on both scales, 002 is better by half and not improved, of 003 nobody said, 004 is not better by half.
SCORES = scores_file(
    *(scores_row(subject, "BL", "2026-01-05", crp="") for subject in ("001", "002", "003", "004")),
    scores_row("001", "D2", "2026-01-06", NONE, "15", "2"),
    scores_row("002", "D2", "2026-01-06", NONE, "15", "3"),
    scores_row("003", "D2", "2026-01-06", NONE, "15", ""),
    scores_row("004", "D2", "2026-01-06", NONE, "16", ""),
)


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_response_needs_both_scales_and_is_not_known_where_the_other_is_missing(tmp_path: Path) -> None:
    study = make_trial(tmp_path, TEXT, scores=SCORES)
    cut = Cut(study.folder, build(study).cut_id)
    query = """
        select right(usubjid, 3), missing_rule, crit1fl, dtype from response
        where estimand = 'treatment_policy' and avisit = 'D2' and missing_rule in ('observed', 'nri') order by all
    """
    assert rows(cut, query) == [
        ("001", "nri", "Y", None),
        ("001", "observed", "Y", None),
        ("002", "nri", "N", None),
        ("002", "observed", "N", None),
        ("003", "nri", "N", "NRI"),
        ("003", "observed", None, None),
        ("004", "nri", "N", None),
        ("004", "observed", "N", None),
    ]
    assert rows(cut, "select distinct crit1 from response") == [
        ("MADRS reduction from baseline >= 50 % and CGII total <= 2",)
    ]
    # Only a response by both scales starts a time and an episode.
    assert rows(cut, "select right(usubjid, 3) from durability") == [("001",)]
    assert rows(cut, "select right(usubjid, 3) from response_episodes") == [("001",)]
    assert not [check for check in gate(study, cut.cut_id).failed if check.startswith("CUR-RESPONSE")]


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ("{instrument: PHQ9, max_score: 2}", r"response.also\[0\].instrument: not among the instruments: MADRS, CGII"),
        ("{instrument: MADRS, max_score: 2}", r"response.also\[0\].instrument: is the endpoint's own"),
        ("{instrument: CGII, max_score: 8}", r"response.also\[0\].max_score: outside the total's range \(1, 7\)"),
        ("[{instrument: CGII}]", r"response.also\[0\]: asks nothing of the instrument. Add max_score or min_score"),
    ],
)
def test_what_cannot_be_asked_of_another_scale_is_a_mistake(tmp_path: Path, also: str, said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        make_trial(tmp_path, TEXT.replace("{instrument: CGII, max_score: 2}", also))
