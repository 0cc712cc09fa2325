"""Subjects' keys: two spellings or two sites set rows aside; a pseudonym stands for the key where the study asks."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines.core.errors import IntegrityError, StudyFileError
from pipelines.land import DeliveryReceipt, land
from pipelines.land.pseudonyms import pseudonym
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.canaries import outside_the_vault
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

SCORES, ALLOCATION = "scores_2026-02-01.csv", "allocation_2026-02-01.csv"
PSEUDONYMS = STUDY_FILE.replace("signoff: none", "signoff: none\npseudonyms: vault")
BY_STUDY = STUDY_FILE.replace("signoff: none", "signoff: none\nsubject_key: study")


def read(study: Study, receipt: DeliveryReceipt, name: str, column: str) -> list[str]:
    path = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / name
    found = duckdb.execute(f"select {column} from read_parquet('{path}') order by _source_row").fetchall()
    return [value for (value,) in found]


def quarantine(study: Study, receipt: DeliveryReceipt) -> list[tuple[str, str]]:
    rows = read(study, receipt, "quarantine.parquet", "_source_row || ' ' || column_name || ' ' || code")
    return [(row.split()[0], row.split()[2]) for row in rows]


def test_a_key_in_capitals_and_in_small_letters_sets_all_its_rows_aside(tmp_path: Path) -> None:
    study = make_study(tmp_path, STUDY_FILE.replace("limit_pct: 60", "limit_pct: 100"))
    rows = [scores_row("kap-001"), scores_row("KAP-002"), scores_row("KAP-001", visit="D2", day="2026-01-06")]
    deliver(study, "S01", SCORES, scores_file(*rows))
    (receipt,) = land(study).deliveries
    assert quarantine(study, receipt) == [("1", "Q_ID_CASE"), ("3", "Q_ID_CASE")]
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined) == (3, 1, 2)


@pytest.mark.parametrize(("text", "aside"), [(BY_STUDY, 2), (STUDY_FILE, 0)])
def test_a_subject_of_two_sites_is_set_aside_where_keys_are_the_studys(tmp_path: Path, text: str, aside: int) -> None:
    study = make_study(tmp_path, text.replace("limit_pct: 60", "limit_pct: 100"))
    content = "site,id,arm,day\nS01,001,KET,2026-01-05\nS02,001,PBO,2026-01-06\nS02,002,PBO,2026-01-06\n"
    deliver(study, "IRT", ALLOCATION, content)
    (receipt,) = land(study).deliveries
    assert quarantine(study, receipt) == [("1", "Q_SUBJECT_SITE"), ("2", "Q_SUBJECT_SITE")][:aside]
    assert receipt.rows_accepted == 3 - aside


def deliver_both(study: Study) -> dict[str, DeliveryReceipt]:
    deliver(study, "S01", SCORES, scores_file(scores_row("CANARY7"), scores_row("CANARY8", total="99")))
    deliver(study, "IRT", ALLOCATION, "site,id,arm,day\nS01,CANARY7,KET,2026-01-05\nS02,CANARY7,PBO,2026-01-06\n")
    return {receipt.site: receipt for receipt in land(study).deliveries}


@pytest.mark.requirement("PRV-3")
def test_clear_keys_are_in_the_vault_only_and_one_subject_is_one_in_every_file(tmp_path: Path) -> None:
    study = make_study(tmp_path, PSEUDONYMS)
    receipts = deliver_both(study)
    assert outside_the_vault(study, "CANARY") == []
    (scored,) = set(read(study, receipts["S01"], "rows/qs.parquet", "usubjid"))
    allocated = read(study, receipts["IRT"], "rows/ds.parquet", "usubjid")
    assert re.fullmatch(r"SMALL-S01-[0-9a-f]{16}", scored)
    assert allocated[0] == scored
    # The same number at another site is another person.
    assert allocated[1].removeprefix("SMALL-S02-") != scored.removeprefix("SMALL-S01-")
    assert read(study, receipts["S01"], "text.parquet", "id")[0] == scored.removeprefix("SMALL-S01-")
    assert study.folder.pseudonym_key.stat().st_mode & 0o777 == 0o400
    key = study.folder.pseudonym_key.read_bytes()
    assert scored == f"SMALL-S01-{pseudonym(key, 'SMALL', 'S01', 'CANARY7')}"


def test_keys_of_the_study_give_one_pseudonym_whoever_delivers(tmp_path: Path) -> None:
    study = make_study(tmp_path, PSEUDONYMS.replace("pseudonyms: vault", "pseudonyms: vault\nsubject_key: study"))
    deliver(study, "S01", SCORES, scores_file(scores_row("CANARY7")))
    deliver(study, "IRT", ALLOCATION, "site,id,arm,day\nS01,CANARY7,KET,2026-01-05\n")
    receipts = {receipt.site: receipt for receipt in land(study).deliveries}
    (scored,) = set(read(study, receipts["S01"], "rows/qs.parquet", "usubjid"))
    assert {scored} == set(read(study, receipts["IRT"], "rows/ds.parquet", "usubjid"))
    assert re.fullmatch(r"SMALL-[0-9a-f]{16}", scored)


def test_whole_keys_and_numbers_within_a_site_are_the_same_subject(tmp_path: Path) -> None:
    layout = """\
    - file: dm_{date}.csv
      columns:
        usubjid: {class: pseudonym, to: usubjid}
        subjid: {to: dm.subjid}
        nurse: {class: pseudonym}
        age: {class: quasi, type: integer, to: dm.age}
    - file: scores_{date}.csv
"""
    study = make_study(tmp_path, PSEUDONYMS.replace("    - file: scores_{date}.csv\n", layout))
    deliver(study, "S01", SCORES, scores_file(scores_row("CANARY7")))
    deliver(study, "S01", "dm_2026-02-01.csv", "usubjid,subjid,nurse,age\nSMALL-S01-CANARY7,CANARY7,CANARY,40\n")
    dm, qs = land(study).deliveries
    assert outside_the_vault(study, "CANARY") == []
    (usubjid,) = read(study, dm, "rows/dm.parquet", "usubjid")
    assert {usubjid} == set(read(study, qs, "rows/qs.parquet", "usubjid"))
    assert read(study, dm, "rows/dm.parquet", "subjid") == [usubjid.removeprefix("SMALL-S01-")]


def test_nothing_lands_when_the_key_is_gone_or_another(tmp_path: Path) -> None:
    study = make_study(tmp_path, PSEUDONYMS)
    deliver_both(study)
    key = study.folder.pseudonym_key.read_bytes()
    deliver(study, "S02", SCORES, scores_file(scores_row("CANARY9")))
    before = sorted(study.folder.arrivals.iterdir())
    study.folder.pseudonym_key.unlink()
    with pytest.raises(IntegrityError, match="H_KEY"):
        land(study)
    assert not study.folder.pseudonym_key.exists()
    study.folder.pseudonym_key.write_bytes(b"x" * 32)
    with pytest.raises(IntegrityError, match="H_KEY") as stopped:
        land(study)
    assert key.hex() not in str(stopped.value)
    assert sorted(study.folder.arrivals.iterdir()) == before
    study.folder.pseudonym_key.write_bytes(key)
    assert [receipt.new for receipt in land(study).deliveries if receipt.site == "S02"] == [True]


def test_a_store_of_clear_keys_is_not_taken_over(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row()))
    land(study)
    with pytest.raises(IntegrityError, match="clear ids"):
        land(make_study(tmp_path, PSEUDONYMS))


def test_a_key_of_numbers_is_a_mistake_in_a_study_with_pseudonyms(tmp_path: Path) -> None:
    numbers = PSEUDONYMS.replace("id: {class: pseudonym, to", "id: {class: pseudonym, type: integer, to")
    with pytest.raises(StudyFileError, match="a pseudonym takes the place of text"):
        make_study(tmp_path, numbers)
