"""Landing takes what a site sends whole, in part, or not at all; nothing is lost, guessed or let through."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.cut import cut_inputs
from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import SCORES_HEADER, STUDY_FILE, deliver, make_study, scores_file, scores_row

SCORES = "scores_2026-02-01.csv"


def only(study: Study) -> DeliveryReceipt:
    (receipt,) = land(study).deliveries
    return receipt


def rows(study: Study, receipt: DeliveryReceipt, name: str) -> list[tuple[object, ...]]:
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    return duckdb.execute(f"select * from read_parquet('{directory}/{name}')").fetchall()


def quarantine(study: Study, receipt: DeliveryReceipt) -> list[tuple[object, ...]]:
    return [row[2:5] for row in rows(study, receipt, "quarantine.parquet")]


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_impossible_score_is_set_aside_and_the_rest_lands(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    bad = scores_row("002", items="7,3,3,3,3,3,3,3,3,3")
    deliver(study, "S01", SCORES, scores_file(scores_row("001"), bad, scores_row("003")))
    receipt = only(study)
    assert (receipt.outcome, receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined) == ("warned", 3, 2, 1)
    assert quarantine(study, receipt) == [(2, "madrs_01", "Q_RANGE")]
    assert {row[2] for row in rows(study, receipt, "rows/qs.parquet")} == {"SMALL-S01-001", "SMALL-S01-003"}
    assert len(rows(study, receipt, "text.parquet")) == 3


# One bad field in an otherwise good row: the column that is named, and the code.
BAD_FIELDS = [
    ({"subject": ""}, "id", "Q_KEY"),
    ({"subject": "00\u0031\u200b"}, "id", "Q_ID_CHARSET"),
    ({"subject": "\u0410-001"}, "id", "Q_ID_CHARSET"),
    ({"visit": ""}, "visit", "Q_KEY"),
    ({"visit": "W99"}, "visit", "Q_FK"),
    ({"day": "2026-02-30"}, "day", "Q_DATE"),
    ({"day": "2026-13"}, "day", "Q_DATE"),
    ({"day": "03/04/2026"}, "day", "Q_DATE_AMBIGUOUS"),
    ({"day": "2026-02-02"}, "day", "Q_DATE_RANGE"),
    ({"day": "1026-02-02"}, "day", "Q_DATE_RANGE"),
    ({"total": "61"}, "total", "Q_RANGE"),
    ({"total": "-1"}, "total", "Q_RANGE"),
    ({"total": "30.5"}, "total", "Q_TYPE"),
    ({"total": "1_0"}, "total", "Q_NUMBER"),
    ({"total": "0x1F"}, "total", "Q_NUMBER"),
    ({"total": "\uff13\uff10"}, "total", "Q_NUMBER"),
    ({"total": "\u0663"}, "total", "Q_NUMBER"),
    ({"total": " 30"}, "total", "Q_NUMBER"),
    ({"total": "999999999999999999999"}, "total", "Q_NUMBER"),
    ({"crp": "NaN"}, "crp", "Q_NUMBER"),
    ({"crp": "inf"}, "crp", "Q_NUMBER"),
    ({"crp": "1e400"}, "crp", "Q_NUMBER"),
    ({"crp": '"1,5"'}, "crp", "Q_NUMBER"),
    ({"items": "3,3,3,3,3,3,3,3,3,x"}, "madrs_10", "Q_NUMBER"),
]


@pytest.mark.parametrize(("field", "column", "code"), BAD_FIELDS)
def test_a_bad_field_sets_its_row_aside_with_a_reason(
    tmp_path: Path, field: dict[str, str], column: str, code: str
) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row("001"), scores_row(**({"subject": "002"} | field))))
    receipt = only(study)
    assert quarantine(study, receipt) == [(2, column, code)]
    assert (receipt.rows_in, receipt.rows_accepted, receipt.codes) == (2, 1, (code,))


@pytest.mark.parametrize(
    ("day", "landed"),
    [
        ("2026", "2026"),
        ("2026-01", "2026-01"),
        ("2026-01-05 09:30", "2026-01-05T09:30"),
        ("2026---05", "2026---05"),
        ("--02-29", "--02-29"),
        ("2026-01-01/2026-01-05", "2026-01-01/2026-01-05"),
        ("2026-01-01 09:30/2026-01", "2026-01-01T09:30/2026-01"),
    ],
)
def test_a_partial_date_stays_partial_and_a_time_becomes_iso(tmp_path: Path, day: str, landed: str) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row(day=day)))
    receipt = only(study)
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    found = duckdb.execute(f"select distinct qsdtc from read_parquet('{directory}/rows/qs.parquet')").fetchall()
    assert found == [(landed,)]


def test_a_fraction_is_never_rounded_into_a_whole_number(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("type: integer, range: [18, 90]", "type: number, range: [18, 90]"))
    deliver(study, "S01", "subjects_2026-02-01.csv", "id,age,consent,dose_date\n001,54.0,,\n002,54.6,,\n")
    receipt = only(study)
    assert quarantine(study, receipt) == [(2, "age", "Q_TYPE")]
    assert receipt.rows_accepted == 1


def test_only_declared_codes_are_missing(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row("001", total="NA"), scores_row("002", total="n/a")))
    assert quarantine(study, only(study)) == [(2, "total", "Q_NUMBER")]


def test_a_repeated_header_a_repeated_record_and_a_blank_line_are_set_aside(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    twice = [scores_row("002", total="30"), scores_row("002", total="31")]
    equal = [scores_row("003"), scores_row("003")]
    deliver(study, "S01", SCORES, scores_file(scores_row("001"), SCORES_HEADER, *twice, *equal, ""))
    receipt = only(study)
    headers_and_doubles = [(2, None, "Q_HEADER_ROW"), (3, "visit", "Q_DUP"), (4, "visit", "Q_DUP")]
    blank_line = [(7, "id", "Q_KEY"), (7, "visit", "Q_KEY")]
    assert quarantine(study, receipt) == headers_and_doubles + blank_line
    assert set(receipt.codes) == {"Q_DUP", "Q_HEADER_ROW", "Q_KEY", "W_DUP"}
    kept = [row for row in rows(study, receipt, "rows/qs.parquet") if row[2] == "SMALL-S01-003"]
    assert len(kept) == 11


def test_too_many_bad_rows_refuse_the_file(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("limit_pct: 60", "limit_pct: 49"))
    deliver(study, "S01", SCORES, scores_file(*(scores_row(f"00{i}", total="99") for i in (1, 2)), scores_row("003")))
    assert (only(study).outcome, only(study).codes) == ("refused", ("F_QUARANTINE_SHARE",))


def test_one_bad_row_never_refuses_a_file(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("limit_pct: 60", "limit_pct: 0"))
    deliver(study, "S01", SCORES, scores_file(scores_row("001"), scores_row("002", total="99")))
    assert (only(study).outcome, only(study).rows_accepted) == ("warned", 1)


def test_one_column_a_visit_and_the_baseline_in_its_own_column_become_scores_of_their_visits(tmp_path: Path) -> None:
    wide = """
    - file: wide_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        base: {type: number, to: qs.MADRS.total, visit: BL}
        day2: {type: number, to: qs.MADRS.total, visit: D2}
        week1: {type: number, to: qs.MADRS.total, visit: W1}
  sdtm:"""
    study = make_study(tmp_path, STUDY_FILE.replace("\n  sdtm:", wide, 1))
    # The baseline beside every score, again and again: it counts once.
    deliver(study, "S01", "wide_2026-02-01.csv", "id,base,day2,week1\n001,30,20.0,\n001,30,,12\n002,31,61,9\n")
    receipt = only(study)
    assert quarantine(study, receipt) == [(3, "day2", "Q_RANGE")]
    assert receipt.codes == ("Q_RANGE", "W_DUP")
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    found = duckdb.execute(
        f"select visit, visitnum, qsstresn from read_parquet('{directory}/rows/qs.parquet') order by visitnum"
    ).fetchall()
    assert found == [("BL", 0.0, 30.0), ("D2", 1.0, 20.0), ("W1", 2.0, 12.0)]


def test_text_is_data_and_never_evaluated(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    notes = ["<script>alert(1)</script>", "{{ 7*7 }}", "$(id)", "'; drop table x --", '"two\nlines"', '"a ""b"""']
    deliver(study, "S01", SCORES, scores_file(*(scores_row(f"{i}00", note=note) for i, note in enumerate(notes, 1))))
    receipt = only(study)
    assert receipt.outcome == "accepted"
    landed = [row[-1] for row in rows(study, receipt, "text.parquet")]
    assert landed == [*notes[:4], "two\nlines", 'a "b"']


def test_the_same_bytes_are_a_no_op(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row()))
    first = land(study)
    before = files_below(study.folder.root)
    again = land(study)
    assert ([d.new for d in first.deliveries], [d.new for d in again.deliveries]) == ([True], [False])
    assert files_below(study.folder.root) == before


def test_the_inbox_is_only_read_and_a_delivery_outlives_it(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    path = deliver(study, "S01", SCORES, scores_file(scores_row()))
    before = files_below(study.folder.inbox)
    land(study)
    assert files_below(study.folder.inbox) == before
    path.unlink()
    # Another contract: what has left the inbox is landed again from the store.
    changed = make_study(tmp_path, STUDY_FILE.replace("total: {type: integer", "total: {type: number"))
    assert [(d.file, d.outcome, d.new) for d in land(changed).deliveries] == [(SCORES, "accepted", True)]


def test_a_correction_under_the_same_name_is_the_current_one(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row(total="30")))
    land(study)
    deliver(study, "S01", SCORES, scores_file(scores_row(items="2,3,3,3,3,3,3,3,3,3", total="29")))
    land(study)
    newest = [(it.rank, it.current) for it in cut_inputs(study).deliveries]
    assert newest == [(1, False), (2, True)]


def test_what_reveals_the_arm_is_in_the_vault_and_nowhere_else(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("KET: {", "KETCANARY: {").replace("[KET, PBO]", "[KETCANARY, PBO]"))
    content = "site,id,arm,day\nS01,001,KETCANARY,2026-01-05\nS02,001,PBO,2026-01-06\n"
    deliver(study, "IRT", "allocation_2026-02-01.csv", content)
    receipt = only(study)
    assert receipt.outcome == "accepted"
    assert {row[1:3] for row in rows(study, receipt, "rows/ds.parquet")} == {
        ("S01", "SMALL-S01-001"),
        ("S02", "SMALL-S02-001"),
    }
    assert not [name for name, data in files_below(study.folder.root / "store").items() if b"CANARY" in data]
    vault = files_below(study.folder.vault)
    assert [name for name, data in vault.items() if b"CANARY" in data and "treatment/" in name]
    assert study.folder.vault.stat().st_mode & 0o077 == 0


def test_a_receipt_holds_no_value_of_a_subject(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    bad = scores_row("SECRETID", total="77", note="SECRETNOTE", day="2026-02-30")
    deliver(study, "S01", SCORES, scores_file(scores_row("001"), bad))
    receipt = only(study)
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    said = json.dumps(receipt.__dict__) + (directory / "receipt.json").read_text()
    assert not [value for value in ("SECRET", "77,", "2026-02-30") if value in said]
    assert b"SECRET" not in (directory / "quarantine.parquet").read_bytes()


def test_sites_and_workers_change_nothing_in_what_lands(tmp_path: Path) -> None:
    def deliveries(root: Path, order: list[str], workers: int) -> dict[str, bytes]:
        study = make_study(root)
        for site in order:
            for day in range(1, 4):
                deliver(
                    study, site, f"scores_2026-02-0{day}.csv", scores_file(scores_row(f"{site}{day}", day="2026-01"))
                )
        for site in order:
            land(study, sites=[site], workers=workers)
        return files_below(root / "store" / "deliveries")

    assert deliveries(tmp_path / "a", ["S01", "S02"], 1) == deliveries(tmp_path / "b", ["S02", "S01"], 2)


def test_equal_bytes_under_two_names_land_as_the_first_however_many_processes_land(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    # The first name waits in one process behind a file that takes long, the second in the other behind one that ends
    # at once.
    many = [scores_row(f"{number:05d}", day="2026-01") for number in range(40_000)]
    deliver(study, "S01", "scores_2026-02-02.csv", scores_file(*many))
    deliver(study, "S01", "scores_2026-02-01.csv", "%PDF" + " " * len(scores_file(*many)))
    for day in ("2026-02-03", "2026-02-04"):
        deliver(study, "S01", f"scores_{day}.csv", scores_file(scores_row(day="2026-01")))
    receipts = {receipt.file: receipt for receipt in land(study, workers=2).deliveries}
    assert [receipts[f"scores_2026-02-0{day}.csv"].outcome for day in (1, 2, 3, 4)] == ["refused", *["accepted"] * 3]
    names = {row[1] for row in rows(study, receipts["scores_2026-02-03.csv"], "text.parquet")}
    assert names == {"scores_2026-02-03.csv"}


field = st.one_of(
    st.sampled_from(["", "NA", "3", "6", "7", "-1", "1e3", "2026-01-05", "BL", "W1", "001", "\u0663", "0x1"]),
    st.text(st.characters(codec="utf-8", exclude_characters='\x00\r\n",'), max_size=8),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.lists(field, min_size=16, max_size=16), min_size=1, max_size=12))
def test_every_row_is_accepted_or_set_aside_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    text = STUDY_FILE.replace("limit_pct: 60", "limit_pct: 100")
    study = make_study(tmp_path_factory.mktemp("study"), text)
    deliver(study, "S01", SCORES, scores_file(*(",".join(row) for row in table)))
    receipt = only(study)
    assert receipt.outcome in {"accepted", "warned"}
    assert receipt.rows_in == len(table) == receipt.rows_accepted + receipt.rows_quarantined
    aside = {row[0] for row in quarantine(study, receipt)}
    assert len(aside) == receipt.rows_quarantined
    assert [list(row[3:]) for row in rows(study, receipt, "text.parquet")] == table
