"""How a delivery differs from its layout is told as a diff: names, types and counts, never a value."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.land import DeliveryReceipt, land
from pipelines.land.drift import lines
from pipelines.status import status
from pipelines.study import Study
from tests.small_study import SCORES_HEADER, STUDY_FILE, deliver, make_study, scores_row

NAME = "scores_2026-06-30.csv"
# The visit's codes are listed, so that one may be unknown.
CODED = STUDY_FILE.replace("visit: {to: visit, required: true}", "visit: {to: visit, codes: [BL, D2]}")


def landed(study: Study, header: str, *rows: str) -> DeliveryReceipt:
    """Returns the receipt of a scores file with these rows."""
    deliver(study, "S01", NAME, ("\n".join([header, *rows]) + "\n").encode())
    (receipt,) = land(study).deliveries
    return receipt


def test_a_delivery_as_declared_has_no_drift(tmp_path: Path) -> None:
    assert landed(make_study(tmp_path), SCORES_HEADER, scores_row()).drift == ()


def test_columns_renamed_removed_and_added_are_told_apart(tmp_path: Path) -> None:
    header = SCORES_HEADER.replace("madrs_03", "MADRS 3").replace(",note", ",weather").replace("crp", "hs-CRP")
    receipt = landed(make_study(tmp_path), header + ",extra", scores_row() + ",1")
    assert receipt.codes == ("F_CONTRACT",)
    assert "Missing: madrs_03, crp, note." in receipt.detail
    assert lines(receipt.drift) == [
        "~ madrs_03 -> MADRS 3",
        "~ crp -> hs-CRP",
        "- note",
        "+ weather",
        "+ extra",
    ]
    assert {change.rows for change in receipt.drift} == {None}


def test_one_item_is_never_another_one_renamed(tmp_path: Path) -> None:
    receipt = landed(make_study(tmp_path), SCORES_HEADER.replace("madrs_09", "madrs_11") + ",x", scores_row() + ",1")
    assert lines(receipt.drift) == ["- madrs_09", "+ madrs_11", "+ x"]


def test_the_only_new_column_in_place_of_the_only_one_that_is_gone_is_that_one_renamed(tmp_path: Path) -> None:
    receipt = landed(make_study(tmp_path), SCORES_HEADER.replace("note", "remarks"), scores_row())
    assert lines(receipt.drift) == ["~ note -> remarks"]


@pytest.mark.parametrize("following", ["KANARIE701", "KANARIE701,KANARIE2,KANARIE3"])
def test_where_the_headers_line_end_is_lost_no_value_is_told(tmp_path: Path, following: str) -> None:
    receipt = landed(make_study(tmp_path), SCORES_HEADER + following, scores_row())
    assert (receipt.codes, receipt.drift) == (("F_CONTRACT",), ())
    assert "Behind note its header goes on" in receipt.detail
    assert "KANARIE" not in receipt.detail


def test_names_of_thousands_of_digits_are_compared(tmp_path: Path) -> None:
    header = SCORES_HEADER.replace("madrs_03", "madrs_" + "3" * 5000)
    receipt = landed(make_study(tmp_path), header, scores_row())
    assert [change.change for change in receipt.drift] == ["renamed"]


def test_of_a_file_without_a_header_no_value_is_told(tmp_path: Path) -> None:
    receipt = landed(make_study(tmp_path), "KAP-0815,BL,secret", "KAP-0816,BL,other")
    assert lines(receipt.drift)[-1] == "+ 3 columns, none of them declared"
    assert "0815" not in str(receipt.drift)
    assert "secret" not in str(receipt.drift)


def test_a_value_in_place_of_a_name_is_not_told(tmp_path: Path) -> None:
    receipt = landed(make_study(tmp_path), SCORES_HEADER + ",a.b@example.org", scores_row() + ",x")
    assert receipt.codes == ("F_PII",)
    assert lines(receipt.drift) == ["+ (a value in place of a name)"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"day": "05.01.2026"}], "! day: date expected, date with the year last in 3 row(s)"),
        ([{"day": "5 Jan"}], "! day: date expected, text in 3 row(s)"),
        ([{"crp": "high"}], "! crp: number expected, text in 3 row(s)"),
        ([{"total": "30.5"}], "! total: integer expected, number in 3 row(s)"),
        ([{"total": "99"}], "! total: from 0 to 60 expected, values outside of it in 3 row(s)"),
        ([{"visit": "W9"}, {"visit": "W8"}], "! visit: one of 2 code(s) expected, 2 unknown code(s) in 3 row(s)"),
    ],
)
def test_a_column_whose_values_changed_is_told_with_the_number_of_rows(
    tmp_path: Path, rows: list[dict[str, str]], told: str
) -> None:
    changed = [scores_row(subject=f"00{number}", **rows[number % len(rows)]) for number in range(3)]
    good = [scores_row(subject=f"01{number}") for number in range(4)]
    receipt = landed(make_study(tmp_path, CODED), SCORES_HEADER, *changed, *good)
    assert receipt.outcome == "warned"
    assert lines(receipt.drift) == [told]


def test_a_few_wrong_values_are_wrong_rows_and_no_drift(tmp_path: Path) -> None:
    rows = [scores_row(subject=f"0{number:02d}", crp="high" if number < 2 else "1.5") for number in range(10)]
    receipt = landed(make_study(tmp_path), SCORES_HEADER, *rows)
    assert receipt.rows_quarantined == 2
    assert receipt.drift == ()


def test_a_file_refused_for_its_share_of_rows_says_what_changed(tmp_path: Path) -> None:
    rows = [scores_row(subject=f"0{number:02d}", crp="high") for number in range(4)]
    receipt = landed(make_study(tmp_path), SCORES_HEADER, *rows)
    assert receipt.codes == ("F_QUARANTINE_SHARE",)
    assert lines(receipt.drift) == ["! crp: number expected, text in 4 row(s)"]


def test_drift_is_kept_and_is_the_same_in_the_order_of_the_contract(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    first = landed(study, SCORES_HEADER.replace("crp", "CRP_mg").replace("total", "Total!"), scores_row())
    (again,) = land(study).deliveries
    assert not again.new
    assert again.drift == first.drift
    assert [change.column for change in again.drift] == ["total", "crp"]


def test_a_header_of_any_width_gives_a_short_receipt(tmp_path: Path) -> None:
    extra = [f"x{number}" for number in range(500)]
    receipt = landed(make_study(tmp_path), ",".join([SCORES_HEADER, *extra]), scores_row() + "," * len(extra))
    assert len(receipt.drift) == 51
    assert lines(receipt.drift)[-1] == "+ 450 more columns"


def test_the_command_line_shows_the_diff_and_gives_it_as_json(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", NAME, (SCORES_HEADER.replace("note", "remarks") + "\n").encode())
    shown = CliRunner().invoke(main, ["land", str(study.folder.root)])
    assert shown.exit_code == 10
    assert f"S01/{NAME} differs from its layout (scores_{{date}}.csv):\n  ~ note -> remarks\n" in shown.stdout
    told = CliRunner().invoke(main, ["land", str(study.folder.root), "--json"])
    assert json.loads(told.stdout)["drift"] == [
        {"change": "renamed", "column": "note", "expected": "note", "found": "remarks", "rows": None}
    ]


def test_status_names_the_files_that_differ(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    landed(study, SCORES_HEADER.replace("note", "remarks"), scores_row())
    first, second, *_ = status(study, today=dt.date(2026, 7, 1)).sites
    assert (first.drifted, second.drifted) == ((NAME,), ())
