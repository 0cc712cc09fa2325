"""A collected total that is not the sum of its items lands as it is, is counted in the receipt, and warns (W_SUM)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.land import land
from tests.land.hostile import BAD, land_beside_a_good_file
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row


def test_a_total_that_is_not_the_sum_of_its_items_warns_and_the_row_lands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        scores_row("001", total="31"),
        scores_row("002"),
        scores_row("003", items="3,3,3,3,3,3,3,3,3,", total="31"),
        scores_row("004", total=""),
        scores_row("005", total="29"),
        scores_row("006", total="61"),
    ]
    landed = land_beside_a_good_file(make_study(tmp_path), scores_file(*rows), capfd, caplog)
    receipt = landed.receipt
    assert (receipt.outcome, receipt.codes, receipt.detail) == (
        "warned",
        ("Q_RANGE", "W_SUM"),
        "W_SUM: 2 assessment(s).",
    )
    assert (receipt.rows_accepted, landed.quarantine) == (5, [(6, "total", "Q_RANGE")])
    assert landed.count("rows/qs.parquet", "qstestcd = 'MADRSTOT' and qsstresn in (29, 31)") == 3


LONG = """
    - file: long_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit}
        test: {to: qs.qstestcd}
        score: {type: number, to: qs.qsstresn}
  sdtm:"""


@pytest.mark.parametrize(("total", "codes"), [("30", ()), ("31", ("W_SUM",))])
def test_items_below_one_another_are_summed_by_assessment(tmp_path: Path, total: str, codes: tuple[str, ...]) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("\n  sdtm:", LONG, 1))
    rows = [f"001,{visit},MADRS{item:02d},3" for visit in ("BL", "W1") for item in range(1, 11)]
    rows += ["001,BL,MADRSTOT,30", f"001,W1,MADRSTOT,{total}"]
    deliver(study, "S01", BAD.replace("scores", "long"), "\n".join(["id,visit,test,score", *rows, ""]))
    (receipt,) = land(study).deliveries
    assert (receipt.codes, receipt.rows_accepted) == (codes, 22)
