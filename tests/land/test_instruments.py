"""What a study says of its instruments is what landing holds a delivery against."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.land import land
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

LONG = """    - file: long_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit}
        test: {to: qs.qstestcd}
        score: {type: number, to: qs.qsstresn}
  sdtm:
"""
NARROW = 'instruments: {MADRS: {items: {"10": {range: [0, 2]}}}}'
QIDS = ["1", "3", "0", "2", "2", "2", "", "", "1", "1", "1", "1", "1", "1", "0", "1"]


def test_a_range_of_the_study_file_goes_before_the_catalogues_and_lands_what_it_concerns_again(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "scores_2026-03-01.csv", scores_file(scores_row()))
    assert land(study).deliveries[0].codes == ()
    (receipt,) = land(make_study(tmp_path, STUDY_FILE.replace("instruments: [MADRS]", NARROW))).deliveries
    assert (receipt.outcome, receipt.codes, receipt.rows_accepted) == ("warned", ("Q_RANGE",), 0)


@pytest.mark.parametrize(("total", "codes"), [("13", ()), ("17", ("W_SUM",)), ("", ())])
def test_the_total_of_a_scale_with_domains_is_held_against_the_highest_of_each(
    tmp_path: Path, total: str, codes: tuple[str, ...]
) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("[MADRS]", "[MADRS, QIDS16]", 1).replace("  sdtm:\n", LONG, 1))
    rows = [f"001,BL,QIDS16{item:02d},{value}" for item, value in enumerate(QIDS, 1)]
    deliver(
        study, "S01", "long_2026-03-01.csv", "\n".join(["id,visit,test,score", *rows, f"001,BL,QIDS16TOT,{total}", ""])
    )
    assert land(study).deliveries[0].codes == codes


@pytest.mark.parametrize(("total", "codes"), [("8", ()), ("7", ("W_SUM",))])
def test_a_reversed_item_is_turned_around_before_a_total_is_held_against_it(
    tmp_path: Path, total: str, codes: tuple[str, ...]
) -> None:
    own = """instruments:
  MADRS: {}
  CALM: {label: Calmness, items: {"{1..2}": {range: [0, 4]}, "2": {reversed: true}}}
"""
    columns = """        calm_1: {type: integer, to: qs.CALM.01}
        calm_2: {type: integer, to: qs.CALM.02}
        calm: {type: integer, to: qs.CALM.total}
"""
    text = STUDY_FILE.replace("instruments: [MADRS]\n", own).replace('        "madrs_', columns + '        "madrs_', 1)
    header, row = scores_file(scores_row()).splitlines()
    study = make_study(tmp_path, text)
    deliver(study, "S01", "scores_2026-03-01.csv", f"{header},calm_1,calm_2,calm\n{row},4,0,{total}\n")
    assert land(study).deliveries[0].codes == codes


def test_a_controlled_code_has_the_range_of_its_item(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("[MADRS]", "[MADRS, PHQ9]", 1).replace("  sdtm:\n", LONG, 1))
    deliver(study, "S01", "long_2026-03-01.csv", "id,visit,test,score\n001,BL,PHQ0101,3\n001,BL,PHQ0102,4\n")
    (receipt,) = land(study).deliveries
    assert (receipt.codes, receipt.rows_accepted) == (("Q_RANGE",), 1)
