"""Backup: a study as one file, the same bytes for the same study; with a hash of each file in it, and one over all.

Reads   everything in the study's folder but the inbox; the vault only where that is asked for
Writes  one tar file: backup.json (what is in it, root hash), then the files in the order of their names
Rule    only a study that verifies is backed up, and no file is written over
"""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.errors import BusyError, IntegrityError, NotAllowedError
from pipelines.core.fail_points import reached
from pipelines.core.files import fsync_directory
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.core.leftovers import SUFFIX, held, owned_directory, remove_leftovers
from pipelines.cut import published_cut
from pipelines.land.store import WORKSPACE
from pipelines.ledger import Event, audited, dumped, events, kept_elsewhere, record
from pipelines.restored import left_out
from pipelines.root_hash import root_hash
from pipelines.study import Study, StudyFolder
from pipelines.verify import verify

CONTENTS = "backup.json"
# A trail that is kept in another database travels as a file of events, which a version that knows form 1 only cannot
# put back.
FORM, FORM_WITH_TRAIL = 1, 2
TRAIL = "ledger.jsonl"
_PARTIAL = ".backup."
# Sites keep their exports; what was landed of them is in the store.
_NEVER = {"inbox", ".lock", "ledger-journal"}


@dataclass(frozen=True, kw_only=True)
class BackupReceipt:
    """The backup: its own SHA-256, and the root hash of the study in it, which a restored one has too."""

    file: Path
    sha256: str
    root_hash: str
    files: int
    with_vault: bool


@audited
def backup(study: Study, target: Path, *, with_vault: bool = False) -> BackupReceipt:
    """Backs up a study. Without the vault, no arm, no pseudonym key and no refused or arm-revealing file is in it.

    Raises:
        NotAllowedError: there is a file of that name, or it would lie in the study's folder.
        IntegrityError: the study does not verify, or a file or the audit trail changed meanwhile.
        BusyError: another process works on the study.
    """
    folder = study.folder
    remove_leftovers(target.parent, _PARTIAL)
    if target.exists():
        msg = f"{target}: there is a file already. A backup is never written over: name another file."
        raise NotAllowedError(msg)
    if folder.root.resolve() in target.resolve().parents:
        msg = f"{target}: lies in the study's folder, and is lost with it. Name a file elsewhere."
        raise NotAllowedError(msg)
    with folder.lock():
        _check_nobody_lands(folder)
        if published_cut(folder):
            verify(study)
        with contextlib.ExitStack() as until_placed:
            with _ledger_bytes(folder) as ledger:
                contents = _contents(study, ledger, with_vault=with_vault)
                if kept_elsewhere() and dumped(events(folder)) != ledger:
                    msg = f"{folder.root.name}: the audit trail went on while it was backed up. Back up again."
                    raise IntegrityError(msg)
                partial = until_placed.enter_context(_written(folder, target, contents, ledger))
            sha256 = sha256_file(partial)
            # When it is whole, and before it has its name: no backup is there that the trail does not tell of. The
            # trail in it is the one of before, so that the same study gives the same bytes.
            said = f"{sha256} root {contents['root_hash']} {'with' if with_vault else 'without'} the vault"
            record(folder, Event(action="backup", object=target.name, new=said))
            reached("backup.file.synced")
            partial.rename(target)
            reached("backup.file.placed")
            fsync_directory(target.parent)
    return BackupReceipt(
        file=target,
        sha256=sha256,
        root_hash=contents["root_hash"],
        files=len(contents["files"]),
        with_vault=with_vault,
    )


def _check_nobody_lands(folder: StudyFolder) -> None:
    if held(folder.vault, WORKSPACE):
        msg = f"{folder.root.name}: deliveries are being landed. Wait for it, then back up again."
        raise BusyError(msg)


def _contents(study: Study, ledger: bytes | None, *, with_vault: bool) -> dict[str, Any]:
    files = {}
    for path in _files(study.folder, with_vault=with_vault):
        name = path.relative_to(study.folder.root).as_posix()
        if path != study.folder.ledger:
            files[name] = {"sha256": sha256_file(path), "mode": path.stat().st_mode & 0o777}
    if ledger is not None:
        own = study.folder.ledger
        mode = 0o644 if kept_elsewhere() else own.stat().st_mode & 0o777
        files[_ledger_name()] = {"sha256": sha256_bytes(ledger), "mode": mode}
    return {
        "form": FORM_WITH_TRAIL if kept_elsewhere() else FORM,
        "study": study.study,
        "root_hash": root_hash(study.folder),
        "with_vault": with_vault,
        # What a restored study cannot hash again without the vault.
        "left_out": [] if with_vault else sorted(set(_in_vault(study.folder)) | left_out(study.folder)),
        "files": dict(sorted(files.items())),
    }


def _ledger_name() -> str:
    return TRAIL if kept_elsewhere() else "ledger"


def _in_vault(folder: StudyFolder) -> Iterator[str]:
    for place in ("deliveries", "refused"):
        for path in (folder.vault / place).glob("[0-9a-f]*"):
            yield path.name


def _files(folder: StudyFolder, *, with_vault: bool) -> list[Path]:
    never = _NEVER if with_vault else {*_NEVER, "vault"}
    tops = [path for path in folder.root.iterdir() if path.name not in never and not path.name.endswith(SUFFIX)]
    found = [path for top in tops for path in ([top] if top.is_file() else top.rglob("*"))]
    # What a process holds at this moment has a temporary name, and is no part of the study yet.
    whole = [path for path in found if not any(part.endswith(SUFFIX) and part[0] == "." for part in path.parts)]
    return sorted(path for path in whole if path.is_file())


@contextlib.contextmanager
def _ledger_bytes(folder: StudyFolder) -> Iterator[bytes | None]:
    """Yields the trail's file as it is while nobody writes it, or its events where it is kept in another database."""
    if kept_elsewhere():
        yield dumped(events(folder))
        return
    if not folder.ledger.is_file():
        yield None
        return
    with contextlib.closing(sqlite3.connect(folder.ledger, timeout=60, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        yield folder.ledger.read_bytes()
        connection.execute("rollback")


@contextlib.contextmanager
def _written(folder: StudyFolder, target: Path, contents: dict[str, Any], ledger: bytes | None) -> Iterator[Path]:
    """Yields the backup under a temporary name beside `target`, durable."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with owned_directory(target.parent, _PARTIAL) as room:
        partial = room / "backup"
        reached("backup.file.begun")
        # For its owner only: what is in a study is for those who may read the study.
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                document = canonical_json(contents)
                archive.addfile(_member(CONTENTS, len(document), 0o444), io.BytesIO(document))
                for name, known in contents["files"].items():
                    path = folder.root / name
                    content = ledger if ledger is not None and name == _ledger_name() else path.read_bytes()
                    if sha256_bytes(content) != known["sha256"]:
                        msg = f"{path}: changed while it was backed up. Nothing was written; back up again."
                        raise IntegrityError(msg)
                    archive.addfile(_member(name, len(content), known["mode"]), io.BytesIO(content))
            file.flush()
            reached("backup.file.written")
            os.fsync(file.fileno())
        yield partial


def _member(name: str, size: int, mode: int) -> tarfile.TarInfo:
    # No clock and no owner: the same study gives the same bytes.
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, mode
    return member
