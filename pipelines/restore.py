"""Restore: a study's folder from its backup, on whatever machine.

Reads   the file that `backup` wrote
Writes  the study's folder, whole or not at all
Rule    every byte is checked before anything is put in its place, and nothing that is there is written over
"""

from __future__ import annotations

import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.backup import CONTENTS, FORM
from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.files import directory_written_whole
from pipelines.core.hashing import canonical_json, sha256_bytes
from pipelines.cut import published_cut
from pipelines.ledger import Event, ledger_url, record
from pipelines.restored import record_of
from pipelines.root_hash import root_hash
from pipelines.study import StudyFolder, load_study
from pipelines.verify import verify


@dataclass(frozen=True, kw_only=True)
class RestoreReceipt:
    """The study that is there now. `left_out` counts deliveries whose bytes are in the vault that was not backed up."""

    folder: Path
    root_hash: str
    files: int
    with_vault: bool
    left_out: int


def restore(file: Path, target: Path) -> RestoreReceipt:
    """Restores a study into the folder `target`, which must not be there.

    Raises:
        NotAllowedError: the folder is there.
        IntegrityError: the backup was changed or is not whole; what differs is named, and nothing was restored.
    """
    if target.exists():
        msg = f"{target}: is there already. Nothing is written over: name a folder that is not there."
        raise NotAllowedError(msg)
    with directory_written_whole(target.resolve(), change="restore.folder") as root:
        contents = _unpack(file, root)
        folder = StudyFolder(root)
        if contents["left_out"]:
            record_of(folder).write_bytes(canonical_json({"left_out": contents["left_out"]}))
        if published_cut(folder):
            verify(load_study(root))
        if (found := root_hash(folder)) != contents["root_hash"]:
            msg = f"{file}: its files give the root hash {found}, not {contents['root_hash']}. Nothing was restored."
            raise IntegrityError(msg)
        happened = Event(action="restore", object=file.name, new=found)
        if is_own := ledger_url(folder) == f"sqlite:///{folder.ledger}":
            # The trail lies in the folder: it tells of the restoration as soon as there is one.
            record(folder, happened)
    if not is_own:
        record(StudyFolder(target), happened)
    return RestoreReceipt(
        folder=target,
        root_hash=found,
        files=len(contents["files"]),
        with_vault=contents["with_vault"],
        left_out=len(contents["left_out"]),
    )


def _unpack(file: Path, root: Path) -> dict[str, Any]:
    """Writes what the backup holds into `root`; returns its table of contents."""
    try:
        with tarfile.open(file, mode="r:") as archive:
            contents = _table_of_contents(file, archive)
            expected: dict[str, dict[str, Any]] = dict(contents["files"])
            for member in archive:
                _unpack_member(file, archive, member, expected, root)
    except (tarfile.TarError, EOFError, UnicodeDecodeError, ValueError) as error:
        msg = f"{file}: is no whole backup ({type(error).__name__}). Nothing was restored."
        raise IntegrityError(msg) from None
    if expected:
        listed = "\n".join(f"  {name}: is missing" for name in sorted(expected)[:20])
        msg = (
            f"{file}: {len(expected)} file(s) of its table of contents are not in it.\n{listed}\nNothing was restored."
        )
        raise IntegrityError(msg)
    if (root / "vault").is_dir():
        (root / "vault").chmod(0o700)
    return contents


def _table_of_contents(file: Path, archive: tarfile.TarFile) -> dict[str, Any]:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.isreg() and first.name == CONTENTS else None
    if content is None:
        msg = f"{file}: does not begin with {CONTENTS}, so it is no backup of a study. Nothing was restored."
        raise IntegrityError(msg)
    try:
        contents: dict[str, Any] = json.loads(content.read())
        form, _ = contents["form"], (contents["files"], contents["root_hash"], contents["left_out"])
    except (ValueError, KeyError, TypeError):
        msg = f"{file}: {CONTENTS} cannot be read. Nothing was restored."
        raise IntegrityError(msg) from None
    if form != FORM:
        msg = f"{file}: is of form {form}, and this version of Afterglow reads form {FORM}. Nothing was restored."
        raise NotAllowedError(msg)
    return contents


def _unpack_member(
    file: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, expected: dict[str, dict[str, Any]], root: Path
) -> None:
    if member.name == CONTENTS:
        return
    known = expected.pop(member.name, None)
    name = PurePosixPath(member.name)
    content = archive.extractfile(member) if member.isreg() else None
    if known is None or content is None or name.is_absolute() or ".." in name.parts:
        msg = f"{file}: {member.name!a} is not in its table of contents. Nothing was restored."
        raise IntegrityError(msg)
    read = content.read()
    if sha256_bytes(read) != known["sha256"]:
        msg = f"{file}: the bytes of {member.name!a} are not those that were backed up. Nothing was restored."
        raise IntegrityError(msg)
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(read)
    path.chmod(known["mode"])
