"""Instruments end to end: what a site delivers of QIDS, HAM-D, PHQ-9 and a scale of the study's own becomes totals."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.gate import gate
from pipelines.land import land
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

INSTRUMENTS = """instruments:
  MADRS: {missing_items_allowed: 1, prorate: items, prorated_decimals: 1, section: "7.3"}
  QIDS16: {}
  HAMD17: {}
  HAMD6: {derived: true, section: "7.4"}
  PHQ9: {}
  CSSRS: {}
  CALM:
    label: Calmness
    items:
      "{01..03}": {range: [0, 4]}
      "02": {reversed: true}
    bands: {Restless: [0, 5], Calm: [6, 12]}
"""
SCALES = """    - file: scales_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit}
        "madrs_{01..10}": {type: integer, to: "qs.MADRS.{01..10}"}
        "qids_{01..16}": {type: integer, to: "qs.QIDS16.{01..16}"}
        qids_total: {type: integer, to: qs.QIDS16.total}
        "hamd_{01..17}": {type: integer, to: "qs.HAMD17.{01..17}"}
        "calm_{01..03}": {type: integer, to: "qs.CALM.{01..03}"}
        "cssrs_{01..10}": {type: integer, to: "qs.CSSRS.{01..10}"}
    - {file: "qs.csv", sdtm: qs}
  sdtm:
"""
TEXT = STUDY_FILE.replace("instruments: [MADRS]\n", INSTRUMENTS).replace("  sdtm:\n", SCALES, 1)
HEADER = [
    "id",
    "visit",
    *(f"madrs_{item:02d}" for item in range(1, 11)),
    *(f"qids_{item:02d}" for item in range(1, 17)),
]
HEADER += ["qids_total", *(f"hamd_{item:02d}" for item in range(1, 18)), *(f"calm_{item:02d}" for item in range(1, 4))]
HEADER += [f"cssrs_{item:02d}" for item in range(1, 11)]
# Of appetite and weight one question each is answered, as the form asks. 3 + 2 + 2 + 5 * 1 + 1 = 13.
QIDS = "1,3,0,2,2,2,,,1,1,1,1,1,1,0,1"
HAMD = "4,3,2,1,1,1,2,1,0,3,2,1,1,0,0,1,0"
FIRST = f"001,BL,3,3,3,3,3,3,3,3,3,3,{QIDS},13,{HAMD},4,4,0,1,1,0,1,0,0,0,0,1,0"
# One MADRS item is missing, two of the QIDS items of sleep, and the total of the site is no longer what it adds up to.
SECOND = f"001,W1,3,3,3,3,3,3,3,3,2,,1,,,2,2,2,,,1,1,1,1,1,1,0,1,13,{HAMD},0,0,4,0,0,0,0,0,0,0,0,0,0"
THIRD = ",".join(["001,D2", "3,3,3,3,3,3,3,3,,", QIDS, "14", ",".join([""] * 17), ",,4", ",".join([""] * 10)])
SDTM = ["USUBJID,QSTESTCD,QSORRES,QSSTRESN,VISITNUM", *(f"SMALL-S01-001,PHQ01{item:02d},,2,0" for item in range(1, 10))]
SDTM += [f"SMALL-S01-001,CSS02{item:02d},{answer},,1" for item, answer in enumerate("YYNYN", 1)]


Scores = dict[tuple[str, str], tuple[Any, ...]]


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Cut]:
    """Returns the study with its cut."""
    study = make_study(tmp_path_factory.mktemp("instruments") / "small", TEXT)
    deliver(study, "S01", "subjects_2026-03-01.csv", "id,age,consent,dose_date\n001,30,2026-01-02,2026-01-05\n")
    deliver(study, "S01", "scales_2026-03-01.csv", "\n".join([",".join(HEADER), FIRST, SECOND, THIRD, ""]))
    deliver(study, "S01", "qs.csv", "\n".join([*SDTM, ""]))
    receipts = {one.file: one for one in land(study).deliveries}
    assert {name: one.codes for name, one in receipts.items()} == {
        "subjects_2026-03-01.csv": (),
        "scales_2026-03-01.csv": ("W_SUM",),
        "qs.csv": (),
    }
    assert receipts["scales_2026-03-01.csv"].detail == "W_SUM: 1 assessment(s)."
    return study, Cut(study.folder, build(study).cut_id)


@pytest.fixture(scope="module")
def scores(cut: tuple[Study, Cut]) -> Scores:
    """Returns total, band, derivation, answers and reason by instrument and visit, as the cut has them."""
    with duckdb.connect(str(cut[1].duckdb), read_only=True) as database:
        query = (
            "select paramcd, avisit, aval, avalcat1, dtype, items_answered, items_expected, item_sum, collected_total,"
            " missing_reason from adqs"
        )
        found = database.execute(query).fetchall()
    assert len(found) == len({row[:2] for row in found})
    return {row[:2]: row[2:] for row in found}


def test_the_highest_of_each_domain_makes_the_qids_total_and_one_of_two_alternatives_is_enough(scores: Scores) -> None:
    assert scores["QIDS16", "BL"] == (13, "Moderate", None, 14, 14, 13, 13, None)
    assert scores["QIDS16", "D2"] == (13, "Moderate", None, 14, 14, 13, 14, None)


def test_a_missing_item_of_a_domain_leaves_the_collected_total(scores: Scores) -> None:
    assert scores["QIDS16", "W1"] == (13, "Moderate", None, 12, 14, 12, 13, None)


def test_one_missing_item_is_prorated_where_the_study_file_allows_it_and_two_are_not(scores: Scores) -> None:
    assert scores["MADRS", "BL"] == (30, "Moderate", None, 10, 10, 30, None, None)
    assert scores["MADRS", "W1"] == (28.9, "Moderate", "PRORATED", 9, 10, 26, None, "1 of 10 items missing, prorated")
    assert scores["MADRS", "D2"] == (None, None, None, 8, 10, 24, None, "2 of 10 items missing")


def test_the_six_items_are_taken_from_the_seventeen_where_only_those_were_collected(scores: Scores) -> None:
    assert scores["HAMD17", "BL"][:2] == (23, "Moderate")
    assert scores["HAMD6", "BL"] == (14, None, None, 6, 6, 14, None, None)


def test_a_reversed_item_of_an_own_instrument_is_turned_around(scores: Scores) -> None:
    assert scores["CALM", "BL"][:2] == (4, "Restless")
    assert scores["CALM", "W1"][:2] == (8, "Calm")
    assert scores["CALM", "D2"] == (None, None, None, 1, 3, 4, None, "2 of 3 items missing")


def test_the_most_severe_ideation_is_the_score_of_the_suicide_rating_and_behaviour_adds_nothing(scores: Scores) -> None:
    assert scores["CSSRS", "BL"][:2] == (4, "Some intent without specific plan")
    assert scores["CSSRS", "W1"][:2] == (0, "No ideation")
    # As SDTM has it: a yes, and no number.
    assert scores["CSSRS", "D2"][:2] == (4, "Some intent without specific plan")


def test_controlled_test_codes_need_no_mapping(scores: Scores) -> None:
    assert scores["PHQ9", "BL"][:2] == (18, "Moderately severe")


def test_the_gate_names_the_total_that_its_items_do_not_make_and_finds_nothing_else_about_scores(
    cut: tuple[Study, Cut],
) -> None:
    study, made = cut
    gate(study, made.cut_id)
    with duckdb.connect() as database:
        query = (
            f"select check_id, paramcd, avisit, source_file, srcseq from '{made.directory}/gate/failing_rows.parquet'"
            " where regexp_matches(check_id, '-(ADQS|QS)-')"
        )
        assert database.execute(query).fetchall() == [("CUR-ADQS-006", "QIDS16", "D2", "scales_2026-03-01.csv", 3)]
