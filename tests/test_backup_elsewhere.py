"""A ledger that PostgreSQL keeps goes with the study's backup, and comes back into the folder or into a database."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from pipelines.backup import backup
from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.ledger import Event, Recorded, erase, events, record
from pipelines.ledger.dump import dumped, read_dump
from pipelines.publish import publish
from pipelines.restore import restore
from pipelines.root_hash import root_hash
from pipelines.sign import DEMO_ROLE, sign
from pipelines.study import Study, load_study
from pipelines.verify import verify
from tests.ledger_in_postgres import NEEDS_POSTGRES, ledger, url
from tests.small_cut import make_candidate, small_study

pytestmark = NEEDS_POSTGRES
__all__ = ["ledger", "url"]


def published(root: Path) -> Study:
    study = small_study(root, signoff="demo")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role=DEMO_ROLE, method="demo")
    publish(study, cut.cut_id)
    # An event whose content was erased travels as one.
    record(study.folder, Event(action="failure", object="sign", reason="spoke with somebody"))
    erase(study.folder, events(study.folder)[-1].seq, reason="named a person")
    verify(study)
    return study


def from_before(trail: list[Recorded], count: int) -> list[Recorded]:
    return trail[:count]


@pytest.mark.requirement("AUD-3")
def test_a_trail_in_postgresql_is_restored_into_the_folder(
    tmp_path: Path, ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = published(tmp_path / "trial")
    before, said = root_hash(study.folder), events(study.folder)
    assert not study.folder.ledger.exists()
    backup(study, tmp_path / "trial.tar", with_vault=True)
    with tarfile.open(tmp_path / "trial.tar") as archive:
        assert "ledger.jsonl" in archive.getnames()
    monkeypatch.delenv("AFTERGLOW_LEDGER")
    receipt = restore(tmp_path / "trial.tar", tmp_path / "elsewhere")
    restored = load_study(tmp_path / "elsewhere")
    assert receipt.root_hash == before
    assert restored.folder.ledger.is_file()
    assert not (restored.folder.root / "ledger.jsonl").exists()
    assert from_before(events(restored.folder), len(said)) == said
    assert [each.action for each in events(restored.folder)[len(said) :]] == ["restore"]
    verify(restored)


@pytest.mark.requirement("AUD-3")
@pytest.mark.parametrize("kept", ["in PostgreSQL", "in the folder"])
def test_a_trail_is_restored_into_postgresql_under_the_folders_name(
    tmp_path: Path, url: str, ledger: str, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    if kept == "in the folder":
        monkeypatch.delenv("AFTERGLOW_LEDGER")
    study = published(tmp_path / "trial")
    before, said = root_hash(study.folder), events(study.folder)
    backup(study, tmp_path / "trial.tar", with_vault=True)
    monkeypatch.setenv("AFTERGLOW_LEDGER", url)
    restored = restore(tmp_path / "trial.tar", tmp_path / "copy")
    assert restored.root_hash == before
    folder = load_study(tmp_path / "copy").folder
    assert not folder.ledger.exists()
    assert from_before(events(folder), len(said)) == said
    verify(load_study(tmp_path / "copy"))


@pytest.mark.requirement("AUD-3")
def test_another_trail_of_that_name_is_not_written_over(tmp_path: Path, ledger: str) -> None:
    study = published(tmp_path / "trial")
    backup(study, tmp_path / "trial.tar")
    other = small_study(tmp_path / "copy")
    record(other.folder, Event(action="land", object="S01/other.csv"))
    (tmp_path / "copy").rename(tmp_path / "away")
    with pytest.raises(NotAllowedError, match="copy: the database holds the audit trail of another study"):
        restore(tmp_path / "trial.tar", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.requirement("AUD-3")
def test_a_changed_line_of_a_trail_is_told_and_the_same_trail_gives_the_same_bytes(tmp_path: Path, ledger: str) -> None:
    study = published(tmp_path / "trial")
    content = dumped(events(study.folder))
    assert read_dump(content) == events(study.folder)
    for position in range(0, len(content), max(1, len(content) // 60)):
        changed = bytearray(content)
        changed[position] ^= 1
        with pytest.raises(IntegrityError, match="The audit trail in it"):
            read_dump(bytes(changed))
