"""A cut is published only when its gates and its signatures allow it, and then all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.core.errors import BusyError, GateFailedError, IntegrityError, NotAllowedError
from pipelines.core.hashing import sha256_json
from pipelines.cut import published_cut
from pipelines.ledger import events
from pipelines.manifest import manifest_sha256
from pipelines.publish import publish
from pipelines.sign import DEMO_ROLE, sign
from tests.small_cut import make_candidate, small_study
from tests.small_signers import add_signers, key_of


def test_publishing_moves_the_pointer_to_a_sealed_cut(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)
    receipt = publish(study, cut.cut_id)
    pointer = json.loads(study.folder.pointer.read_bytes())
    assert pointer["cut_id"] == cut.cut_id
    assert pointer["manifest_sha256"] == receipt.manifest_sha256 == manifest_sha256(cut)
    assert set(json.loads(cut.manifest.read_bytes())["files"]) == {
        "inputs.json",
        "tables/response.parquet",
        "gate/verdict.json",
        "report/index.html",
    }
    assert set(json.loads(cut.seal.read_bytes())["files"]) == {"cut.duckdb", "report/signatures.html"}
    assert not receipt.reused


def test_publishing_twice_changes_nothing(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)
    publish(study, cut.cut_id)
    before = {path: path.read_bytes() for path in study.folder.root.rglob("*") if path.is_file()}
    assert publish(study, cut.cut_id).reused
    assert {path: path.read_bytes() for path in study.folder.root.rglob("*") if path.is_file()} == before


@pytest.mark.requirement("FLT-7")
def test_queries_that_the_machine_does_not_let_read_are_not_counted_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)

    def refusing(*_: object, **__: object) -> None:
        msg = "malloc of size 64 failed"
        raise pa.ArrowMemoryError(msg)

    monkeypatch.setattr(pq, "read_table", refusing)
    with pytest.raises(NotAllowedError, match="no more memory"):
        publish(study, cut.cut_id)
    assert not study.folder.pointer.exists()
    monkeypatch.undo()
    publish(study, cut.cut_id)


@pytest.mark.parametrize("verdict", ["FAIL", "ERROR"])
def test_a_blocked_cut_is_not_published_and_the_published_one_stays(tmp_path: Path, verdict: str) -> None:
    study = small_study(tmp_path)
    good = make_candidate(study)
    publish(study, good.cut_id)
    before = study.folder.pointer.read_bytes()
    blocked = make_candidate(study, number=2, verdict=verdict, blocking=True)
    with pytest.raises(GateFailedError, match="CUR-ADQS-001") as error:
        publish(study, blocked.cut_id)
    assert error.value.exit_code == 12
    assert study.folder.pointer.read_bytes() == before
    assert not blocked.seal.exists()


def test_a_cut_without_the_signature_that_the_study_asks_for_is_not_published(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver, statistician]")
    add_signers(study, ada="approver", sam="statistician")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    with pytest.raises(NotAllowedError, match="not signed by: statistician") as error:
        publish(study, cut.cut_id)
    assert error.value.exit_code == 13
    sign(study, cut.cut_id, role="statistician", key=key_of("sam"))
    publish(study, cut.cut_id)
    assert "ADA" in (cut.report / "signatures.html").read_text()
    assert published_cut(study.folder) == cut


def test_a_signature_does_not_count_for_other_bytes(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver]")
    add_signers(study, ada="approver")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    (cut.tables / "response.parquet").write_bytes(b"other rows")
    cut.manifest.unlink()
    with pytest.raises(NotAllowedError, match="not signed by: approver"):
        publish(study, cut.cut_id)


def test_a_rejected_cut_is_not_published_whoever_approved_it(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver, statistician]")
    add_signers(study, ada="approver", sam="statistician")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    sign(study, cut.cut_id, role="statistician", key=key_of("sam"))
    sign(study, cut.cut_id, role="statistician", key=key_of("sam"), meaning="reject", reason="site S01 is late")
    with pytest.raises(NotAllowedError, match=r"rejected by SAM \(statistician\): site S01 is late"):
        publish(study, cut.cut_id)


def test_a_file_changed_between_signing_and_publishing_stops_it(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="demo")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role=DEMO_ROLE, method="demo")
    (cut.tables / "response.parquet").write_bytes(b"other rows")
    with pytest.raises(IntegrityError, match=r"response\.parquet"):
        publish(study, cut.cut_id)
    assert published_cut(study.folder) is None


def test_one_process_at_a_time_publishes(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)
    with study.folder.lock(), pytest.raises(BusyError) as error:
        publish(study, cut.cut_id)
    assert error.value.exit_code == 15


@pytest.mark.requirement("AUD-3")
def test_the_page_of_signatures_prints_the_head_of_the_audit_trail_that_the_seal_has(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)
    publish(study, cut.cut_id)
    sealed = json.loads(cut.seal.read_bytes())["ledger"]
    assert f"{sealed['seq']}:{sealed['sha256']}" in (cut.directory / "report/signatures.html").read_text()


@pytest.mark.requirement("AUD-1")
def test_the_audit_trail_tells_which_queries_a_publication_opens_closes_and_opens_again(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    for number, asked in enumerate((["q1", "q2"], ["q2"], ["q2", "q1"], ["q2", "q1"])):
        cut = make_candidate(study, number=number + 1)
        pq.write_table(pa.table({"query_id": pa.array(asked, pa.string())}), cut.queries)
        publish(study, cut.cut_id)
        publish(study, cut.cut_id)
    told = [each.event for each in events(study.folder) if each.action == "query" and each.event]
    assert [(event.field, event.new) for event in told] == [
        ("opened", f"2, ids {sha256_json(['q1', 'q2'])}"),
        ("closed", f"1, ids {sha256_json(['q1'])}"),
        ("reopened", f"1, ids {sha256_json(['q1'])}"),
    ]
    assert not [event for event in told if event.subject]
