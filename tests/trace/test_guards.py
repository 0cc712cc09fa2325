"""What trace may not show, what it must notice, and what it says where it finds no row or several."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from pyarrow.parquet import read_table

from pipelines.build import build
from pipelines.core.errors import IntegrityError, UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_file
from pipelines.cut import latest_cut
from pipelines.study import Study, load_study
from pipelines.trace import trace
from tests.trace.traced import TEXT, make_traced, row_of, sources_of, step_of

ARMS = ("KET", "PBO", "Ketamine", "Placebo")


@pytest.fixture
def own(traced: Study, tmp_path: Path) -> Study:
    """Returns a copy of the study, to be damaged."""
    shutil.copytree(traced.folder.root, tmp_path / "small")
    return load_study(tmp_path / "small")


def damaged(path: Path) -> Path:
    """Flips a bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x01
    path.chmod(0o644)
    path.write_bytes(content)
    return path


@pytest.mark.requirement("BLD-5")
def test_a_blinded_cut_shows_no_arm_anywhere(tmp_path: Path) -> None:
    study = make_traced(tmp_path / "small", TEXT.replace("blinding: open", "blinding: blinded"))
    asked: dict[str, dict[str, str]] = {
        "adsl": {},
        "response": {"avisit": "D2"},
        "exposure": {},
        "adqs": {"avisit": "BL"},
    }
    for table, filters in asked.items():
        receipt = trace(study, table, usubjid="SMALL-S01-001", filters=filters)
        assert receipt.blinded
        assert receipt.row is not None
        shown = repr(asdict(receipt))
        assert [arm for arm in ARMS if arm in shown] == []
        assert "BLINDED" in shown


def test_an_open_cut_shows_the_arm_of_the_table_and_nothing_of_the_vault(traced: Study) -> None:
    row = row_of(traced, "adsl", "S01-001")
    assert row.values["trta"] == "KET"
    below = [asdict(step) for step in row.steps]
    assert [arm for arm in ARMS if arm in repr(below)] == []
    (allocation, _) = step_of(row, "dispositions").sources
    assert (allocation.stored, allocation.stored_in) == ("intact", "vault")
    assert allocation.text == {"site": "S01", "id": "001", "day": "2026-01-04"}


def test_free_text_that_is_not_released_is_not_shown(traced: Study) -> None:
    row = row_of(traced, "adqs", "S01-001", avisit="BL")
    assert "SECRET" in (traced.folder.inbox / "S01" / "scores_2026-03-01.csv").read_text()
    assert "SECRET" not in repr(asdict(row))


def test_a_clear_number_is_not_shown_beside_a_pseudonym(tmp_path: Path) -> None:
    study = make_traced(tmp_path / "small", TEXT.replace("signoff: none", "signoff: none\npseudonyms: vault"))
    with pytest.raises(UsageError, match="no row of this subject"):
        trace(study, "adsl", usubjid="SMALL-S01-001")
    subject = read_table(latest_cut(study).tables / "adsl.parquet").to_pylist()[0]["usubjid"]
    receipt = trace(study, "adsl", usubjid=subject)
    assert receipt.row is not None
    assert receipt.wrong == ()
    assert all("id" not in source.text for source in sources_of(receipt.row))


def test_text_is_not_shown_once_the_study_file_was_changed(own: Study) -> None:
    study_file = own.folder.study_file
    study_file.write_text(study_file.read_text().replace("A small trial", "Another title"))
    receipt = trace(load_study(own.folder.root), "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})
    assert receipt.row is not None
    (source,) = receipt.row.steps[0].sources
    assert source.text == {}
    assert "the study file was changed after this cut" in source.text_withheld
    assert source.stored == "intact"


def test_delivered_bytes_that_were_changed_are_told_and_the_chain_is_still_shown(own: Study) -> None:
    (delivered,) = own.folder.deliveries.glob("*/delivered/scores_2026-03-01.csv")
    damaged(delivered)
    receipt = trace(own, "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})
    assert receipt.wrong == (f"{delivered}: its bytes are not those that were delivered",)
    assert receipt.row is not None
    assert [source.stored for source in sources_of(receipt.row)] == ["differs"]
    delivered.unlink()
    delivered.parent.rmdir()
    receipt = trace(own, "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})
    assert len(receipt.wrong) == 1
    assert receipt.wrong[0].endswith("the delivered bytes are gone")


@pytest.mark.parametrize("name", ["rows/qs.parquet", "text.parquet"])
def test_landed_rows_that_were_changed_stop_it(own: Study, name: str) -> None:
    newest = next(path for path in own.folder.deliveries.glob("*/delivered/scores_2026-03-01.csv"))
    (path,) = newest.parents[1].glob(f"*/{name}")
    damaged(path)
    with pytest.raises(IntegrityError, match=name) as error:
        trace(own, "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})
    assert error.value.exit_code == 14


@pytest.mark.parametrize(("name", "record"), [("tables/adqs.parquet", "manifest.json"), ("cut.duckdb", "seal.json")])
def test_a_cut_that_was_changed_after_its_manifest_stops_it(own: Study, name: str, record: str) -> None:
    cut = latest_cut(own)
    path = cut.directory / name
    write_atomically(cut.directory / record, canonical_json({"files": {name: sha256_file(path)}}))
    trace(own, "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})
    damaged(path)
    with pytest.raises(IntegrityError, match=name):
        trace(own, "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})


def test_items_that_do_not_add_up_to_the_table_are_told(own: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.trace.scores.sum_of_points", lambda *_: 29.0)
    receipt = trace(own, "adqs", usubjid="SMALL-S01-001", filters={"avisit": "BL"})
    assert receipt.wrong == ("scores_2026-03-01.csv row 1: its items do not add up to what adqs says",)


def test_the_first_endpoint_estimand_and_rule_of_the_study_file_are_taken_and_said(traced: Study) -> None:
    receipt = trace(traced, "response", usubjid="SMALL-S01-002", filters={"avisit": "D2"})
    assert receipt.row is not None
    assert receipt.assumed == {"estimand": "treatment_policy", "missing_rule": "observed"}


def test_several_rows_are_told_apart_by_the_columns_of_the_grain(traced: Study) -> None:
    receipt = trace(traced, "response", usubjid="SMALL-S01-002", filters={"missing_rule": "nri"})
    assert (receipt.row, receipt.matched) == (None, 2)
    assert receipt.choices == {"avisitn": ("1", "2"), "avisit": ("D2", "W1")}


@pytest.mark.parametrize(
    ("table", "subject", "filters", "message"),
    [
        ("responses", "SMALL-S01-001", {}, "has no table 'responses'. It has adae, adqs, adsl"),
        ("adsl", None, {}, "name one with --usubjid"),
        ("adsl", "SMALL-S01-999", {}, "no row of this subject"),
        ("adqs", "SMALL-S01-001", {"avisit": "W9"}, "no row that also has this avisit. Of avisit there is BL, D2, W1."),
        ("adqs", "SMALL-S01-001", {"aval": "99"}, "no row that also has this aval.$"),
        ("adqs", "SMALL-S01-001", {"visit": "W1"}, "adqs has no column visit. It has studyid"),
    ],
)
def test_what_is_not_there_is_said_without_a_value(
    traced: Study, table: str, subject: str | None, filters: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as error:
        trace(traced, table, usubjid=subject, filters=filters)
    assert error.value.exit_code == 2


def test_an_earlier_cut_is_traced_by_its_id(own: Study) -> None:
    first = latest_cut(own)
    second = build(own, data_cutoff=dt.date(2026, 1, 6))
    receipt = trace(own, "response", usubjid="SMALL-S01-001", filters={"avisit": "W1"}, cut=first.short_id)
    assert receipt.cut_id == first.cut_id
    assert receipt.row is not None
    assert receipt.row.values["aval"] == 9.0
    later = trace(own, "response", usubjid="SMALL-S01-001", filters={"avisit": "W1"}, cut=second.cut_id)
    assert later.row is not None
    assert later.row.values["aval"] is None
