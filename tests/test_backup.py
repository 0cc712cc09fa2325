"""A study goes into one file and comes out of it elsewhere with the same root hash, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from pipelines.backup import backup
from pipelines.core.errors import BusyError, IntegrityError, NotAllowedError
from pipelines.core.source import ROOT
from pipelines.cut import published_cut
from pipelines.land import land
from pipelines.ledger import events
from pipelines.publish import publish
from pipelines.restore import restore
from pipelines.root_hash import root_hash
from pipelines.study import Study, load_study
from pipelines.verify import verify
from tests.small_cut import make_candidate
from tests.small_study import STUDY_FILE, deliver, make_study

ALLOCATION = "site,id,arm,day\nS01,CANARY7,KET,2026-01-05\n"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Returns a published study whose vault holds an allocation and a refused file."""
    made = make_study(
        tmp_path / "here" / "trial", STUDY_FILE.replace("signoff: none", "signoff: none\npseudonyms: vault")
    )
    cut = make_candidate(made)
    publish(made, cut.cut_id)
    deliver(made, "IRT", "allocation_2026-02-01.csv", ALLOCATION)
    deliver(made, "S02", "unknown.csv", "name\nCANARY8\n")
    land(made)
    return made


def command(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command line as another user on another machine would."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo"}
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        env=environment, cwd=home, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("vault", [[], ["--with-vault"]], ids=["without the vault", "with the vault"])
def test_a_study_restored_elsewhere_verifies_and_has_the_same_root_hash(
    study: Study, tmp_path: Path, vault: list[str]
) -> None:
    before = root_hash(study.folder)
    file = tmp_path / "backups" / "trial.tar"
    saved = command("backup", study.folder.root, file, *vault, home=tmp_path / "one")
    assert saved.returncode == 0, saved.stderr
    other = tmp_path / "another machine"
    other.mkdir()
    shutil.move(file, other / "trial.tar")
    shutil.rmtree(study.folder.root)
    target = other / "studies" / "renamed"
    again = command("restore", other / "trial.tar", target, home=other / "home")
    assert again.returncode == 0, again.stderr
    assert f"root hash {before}" in saved.stdout
    assert f"root hash {before}" in again.stdout
    checked = command("verify", target, home=other / "home")
    assert checked.returncode == 0, checked.stderr
    restored = load_study(target)
    assert published_cut(restored.folder) is not None
    assert (restored.folder.vault.exists(), "not backed up" in again.stderr) == (bool(vault), not vault)
    if vault:
        assert restored.folder.vault.stat().st_mode & 0o777 == 0o700
        assert not land(restored).new
    last = [one.event for one in events(restored.folder)][-1]
    assert last
    assert last.action in {"restore", "land", "study_file"}


def test_without_the_vault_nothing_of_it_is_in_the_backup(study: Study, tmp_path: Path) -> None:
    key = study.folder.pseudonym_key.read_bytes()
    for name, with_vault in (("open.tar", False), ("whole.tar", True)):
        backup(study, tmp_path / name, with_vault=with_vault)
        content = (tmp_path / name).read_bytes()
        assert [word in content for word in (b"CANARY7", b"CANARY8", key)] == [with_vault] * 3
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_same_study_gives_the_same_bytes(study: Study, tmp_path: Path) -> None:
    shutil.copytree(study.folder.root, tmp_path / "copy" / "other name")
    first = backup(study, tmp_path / "1.tar")
    second = backup(load_study(tmp_path / "copy" / "other name"), tmp_path / "2.tar")
    assert (first.sha256, first.root_hash) == (second.sha256, second.root_hash)
    told = [one.event for one in events(study.folder)][-1]
    assert told
    assert (told.action, told.object, told.new.split()[0]) == ("backup", "1.tar", first.sha256)


def test_whatever_is_changed_in_a_backup_is_found_and_nothing_is_restored(study: Study, tmp_path: Path) -> None:
    file = tmp_path / "trial.tar"
    backup(study, file)
    whole = file.read_bytes()
    with tarfile.open(file) as archive:
        members = archive.getmembers()
    for member in members:
        for position in (member.offset, member.offset + 124, member.offset_data, member.offset_data + member.size - 1):
            changed = bytearray(whole)
            changed[position] ^= 1
            file.write_bytes(changed)
            with pytest.raises(IntegrityError, match=r"trial\.tar|restored"):
                restore(file, tmp_path / "target")
            assert list(tmp_path.glob("*target*")) == []
    for cut in (0, 511, len(whole) // 2, members[-1].offset_data):
        file.write_bytes(whole[:cut])
        with pytest.raises(IntegrityError, match=r"trial\.tar"):
            restore(file, tmp_path / "target")
    file.write_bytes(whole)
    restore(file, tmp_path / "target")


def test_a_name_that_leads_out_of_the_folder_is_refused(study: Study, tmp_path: Path) -> None:
    backup(study, tmp_path / "trial.tar")
    evil = tmp_path / "evil.tar"
    with tarfile.open(tmp_path / "trial.tar") as archive, tarfile.open(evil, "w") as written:
        contents = json.loads(archive.extractfile("backup.json").read())  # type: ignore[union-attr]
        contents["files"]["../outside"] = {"sha256": "0" * 64, "mode": 0o644}
        path = tmp_path / "backup.json"
        path.write_text(json.dumps(contents))
        written.add(path, "backup.json")
        written.add(path, "../outside")
    with pytest.raises(IntegrityError, match="outside"):
        restore(evil, tmp_path / "target")
    assert not (tmp_path / "outside").exists()


def test_nothing_is_written_over_and_a_damaged_study_is_not_backed_up(study: Study, tmp_path: Path) -> None:
    file = tmp_path / "trial.tar"
    with pytest.raises(NotAllowedError, match="lies in the study's folder"):
        backup(study, study.folder.root / "trial.tar")
    with study.folder.lock(), pytest.raises(BusyError):
        backup(study, file)
    backup(study, file)
    with pytest.raises(NotAllowedError, match="never written over"):
        backup(study, file)
    with pytest.raises(NotAllowedError, match="Nothing is written over"):
        restore(file, study.folder.root)
    current = published_cut(study.folder)
    assert current
    (current.tables / "response.parquet").chmod(0o644)
    (current.tables / "response.parquet").write_bytes(b"other")
    with pytest.raises(IntegrityError, match=r"response\.parquet"):
        backup(study, tmp_path / "second.tar")
    assert not (tmp_path / "second.tar").exists()


def test_a_delivery_that_is_gone_is_told_where_the_backup_did_not_leave_it_out(study: Study, tmp_path: Path) -> None:
    backup(study, tmp_path / "trial.tar")
    restore(tmp_path / "trial.tar", tmp_path / "target")
    restored = load_study(tmp_path / "target")
    verify(restored)
    (restored.folder.root / "restored.json").unlink()
    with pytest.raises(IntegrityError, match="the delivered bytes are gone"):
        verify(restored)
