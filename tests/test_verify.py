"""Whatever byte of what was published changes, verify names the file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError
from pipelines.cut import Cut
from pipelines.ledger import Head, head
from pipelines.ledger.inventory import inventory_path
from pipelines.publish import publish
from pipelines.sign import DEMO_ROLE, sign
from pipelines.study import Study
from pipelines.verify import verify
from tests.small_cut import make_candidate, small_study


def published(root: Path) -> tuple[Study, Cut]:
    study = small_study(root, signoff="demo")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role=DEMO_ROLE, method="demo")
    publish(study, cut.cut_id)
    return study, cut


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 0x01
    path.chmod(0o644)
    path.write_bytes(content)


def test_an_untouched_cut_verifies(tmp_path: Path) -> None:
    study, cut = published(tmp_path)
    receipt = verify(study)
    assert (receipt.cuts, receipt.deliveries) == ((cut.cut_id,), 1)
    assert verify(study, cut.cut_id) == receipt


def test_every_byte_of_a_published_cut_and_of_the_pointer_counts(tmp_path: Path) -> None:
    study, cut = published(tmp_path)
    targets = [path for path in cut.directory.rglob("*") if path.is_file()] + [study.folder.pointer]
    assert len(targets) == 10
    for path in targets:
        before = path.read_bytes()
        for position in range(0, len(before), max(1, len(before) // 40)):
            flip(path, position)
            with pytest.raises(IntegrityError) as error:
                verify(study)
            assert error.value.exit_code == 14
            assert str(path) in str(error.value), position
            path.write_bytes(before)
    verify(study)


@pytest.mark.parametrize("name", ["tables/response.parquet", "manifest.json", "seal.json", "cut.duckdb", "inputs.json"])
def test_a_file_that_is_gone_is_named(tmp_path: Path, name: str) -> None:
    study, cut = published(tmp_path)
    (cut.directory / name).unlink()
    with pytest.raises(IntegrityError, match=name):
        verify(study)


def test_a_file_that_was_added_is_named(tmp_path: Path) -> None:
    study, cut = published(tmp_path)
    (cut.tables / "extra.parquet").write_bytes(b"x")
    with pytest.raises(IntegrityError, match=r"extra\.parquet: was not published"):
        verify(study)


def test_older_published_cuts_are_verified_too(tmp_path: Path) -> None:
    study, old = published(tmp_path)
    new = make_candidate(study, number=2)
    sign(study, new.cut_id, role=DEMO_ROLE, method="demo")
    publish(study, new.cut_id)
    assert set(verify(study).cuts) == {old.cut_id, new.cut_id}
    flip(old.tables / "response.parquet", 0)
    with pytest.raises(IntegrityError, match=old.cut_id):
        verify(study)


def test_changed_deliveries_and_landed_rows_are_named(tmp_path: Path) -> None:
    study, _ = published(tmp_path)
    files = [path for path in study.folder.deliveries.rglob("*") if path.suffix in {".csv", ".parquet"}]
    assert len(files) == 5
    for path in files:
        before = path.read_bytes()
        flip(path, len(before) // 2)
        with pytest.raises(IntegrityError, match=path.name):
            verify(study)
        path.write_bytes(before)


def test_nothing_published_and_an_unpublished_cut_are_no_pass(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with pytest.raises(IntegrityError, match="nothing was published"):
        verify(study)
    cut = make_candidate(study)
    with pytest.raises(IntegrityError, match="was not published"):
        verify(study, cut.cut_id)


def test_a_seal_that_is_gone_is_noticed_on_an_older_cut_too(tmp_path: Path) -> None:
    study, older = published(tmp_path)
    newer = make_candidate(study, number=2)
    sign(study, newer.cut_id, role=DEMO_ROLE, method="demo")
    publish(study, newer.cut_id)
    # A candidate that was never published has no seal, and needs none.
    make_candidate(study, number=3)
    assert len(verify(study).cuts) == 2
    older.seal.unlink()
    for asked in (None, older.cut_id):
        with pytest.raises(IntegrityError, match=r"seal\.json: is gone"):
            verify(study, asked)


def cut_tail(ledger: Path, first: int) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        for table in ("ledger_links", "ledger_contents"):
            connection.execute(f"delete from {table} where seq >= ?", [first])


@pytest.mark.requirement("AUD-3")
def test_an_audit_trail_without_its_tail_is_noticed(tmp_path: Path) -> None:
    study, cut = published(tmp_path)
    last = verify(study).events
    # The last four are the publication, begun and ended, of which no seal knows, and the inventory after it. Without
    # the last one the trail is as a crash would have left it: the inventory was begun.
    cut_tail(study.folder.ledger, last)
    verify(study)
    for first in (last - 1, last - 2):
        cut_tail(study.folder.ledger, first)
        with pytest.raises(IntegrityError, match=r"ledger: is not the inventory that the audit trail names"):
            verify(study)
    cut_tail(study.folder.ledger, last - 3)
    with pytest.raises(IntegrityError, match="ledger: tells of no publication"):
        verify(study)
    cut_tail(study.folder.ledger, last - 4)
    with pytest.raises(IntegrityError, match=rf"ledger: event {last - 4}: is gone; .*{cut.cut_id}"):
        verify(study)


@pytest.mark.requirement("AUD-3")
def test_the_last_publication_taken_out_of_the_trail_and_the_pointer_put_back_are_noticed(tmp_path: Path) -> None:
    study, _ = published(tmp_path)
    older, before = study.folder.pointer.read_bytes(), inventory_path(study.folder).read_bytes()
    newer = make_candidate(study, number=2)
    sign(study, newer.cut_id, role=DEMO_ROLE, method="demo")
    publish(study, newer.cut_id)
    noted = head(study.folder)
    study.folder.pointer.write_bytes(older)
    cut_tail(study.folder.ledger, json.loads(newer.seal.read_bytes())["ledger"]["seq"] + 1)
    # Neither the seal's head nor the pointer contradicts the trail now; the inventory does.
    with pytest.raises(IntegrityError, match="is not the inventory that the audit trail names"):
        verify(study)
    # With the older inventory in its place the folder is as a publication that was broken off would have left it. Then
    # it is said that a sealed cut is in no inventory, and a head that was written down elsewhere settles it.
    inventory_path(study.folder).write_bytes(before)
    assert verify(study).unrecorded == 1
    with pytest.raises(IntegrityError, match=f"event {noted.seq}: is gone; the head given names it"):
        verify(study, heads=[("the head given", noted)])


@pytest.mark.requirement("AUD-3")
def test_a_pointer_moved_back_to_an_older_published_cut_is_noticed(tmp_path: Path) -> None:
    study, _ = published(tmp_path)
    older = study.folder.pointer.read_bytes()
    newer = make_candidate(study, number=2)
    sign(study, newer.cut_id, role=DEMO_ROLE, method="demo")
    publish(study, newer.cut_id)
    verify(study)
    study.folder.pointer.write_bytes(older)
    with pytest.raises(IntegrityError, match="names another cut than was published last"):
        verify(study)


@pytest.mark.requirement("AUD-3")
def test_a_head_that_was_written_down_elsewhere_has_to_be_in_the_trail(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)
    publish(study, cut.cut_id)
    noted = head(study.folder)
    assert verify(study, heads=[("the head given", noted)]).events == noted.seq
    with pytest.raises(IntegrityError, match=f"event {noted.seq + 1}: is gone; the head given names it"):
        verify(study, heads=[("the head given", Head(seq=noted.seq + 1, sha256=noted.sha256))])
    with pytest.raises(IntegrityError, match=f"event {noted.seq}: is not the one that the head given names"):
        verify(study, heads=[("the head given", Head(seq=noted.seq, sha256="0" * 64))])
