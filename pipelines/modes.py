"""Who may read which file: the modes and groups of a study's folder.

Rule    the vault is its owner's alone; an unblinded cut of a blinded study is its owner's or the unblinded group's;
        what only root may do is told, never passed over
"""

from __future__ import annotations

import grp
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.core.errors import UsageError
from pipelines.cut import Cut, cuts, keep_readers
from pipelines.ledger import Event, audited, record
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class ModesReceipt:
    """What was set (path below the study's folder, group, mode), and the commands that are left to root."""

    applied: tuple[tuple[str, str, str], ...]
    left: tuple[str, ...]


@audited
def apply_modes(study: Study, *, group: str, unblinded_group: str | None = None) -> ModesReceipt:
    """Sets the modes and groups of the study's folder.

    Args:
        study: the study.
        group: the operating system's group of all who work with the study, blinded ones too: they read.
        unblinded_group: the group of those who may read unblinded cuts; without one they stay their owner's. Cuts
            that are made later have it from the first byte.

    Raises:
        UsageError: the operating system has no such group.
    """
    numbers = {name: _group(name) for name in (group, unblinded_group) if name}
    applied: list[tuple[str, str, str]] = []
    left: list[str] = []
    for path, of, mode in _wanted(study, group, unblinded_group):
        if not path.exists():
            continue
        commands: list[tuple[list[str], Callable[[], None]]] = []
        if of and path.stat().st_gid != numbers[of]:
            commands.append((["chgrp", of, str(path)], partial(os.chown, path, -1, numbers[of])))
        commands.append((["chmod", f"{mode:04o}", str(path)], partial(path.chmod, mode)))
        failed = [shlex.join(words) for words, do in commands if not _done(do)]
        left += failed
        if not failed:
            applied.append((path.relative_to(study.folder.root).as_posix(), of or "-", f"{mode:04o}"))
    keep_readers(study.folder, unblinded_group)
    said = f"group {group}, unblinded group {unblinded_group or 'none'}; {len(left)} left to root"
    record(study.folder, Event(action="role", object="file modes", new=said))
    return ModesReceipt(applied=tuple(applied), left=tuple(left))


def is_unblinded(study: Study, cut: Cut) -> bool:
    """Whether a cut tells the arms of a blinded study."""
    return study.blinding == "blinded" and not cut.inputs["blinded"]


def _wanted(study: Study, group: str, unblinded_group: str | None) -> list[tuple[Path, str | None, int]]:
    folder = study.folder
    wanted: list[tuple[Path, str | None, int]] = [
        (folder.vault, None, 0o700),
        (folder.root, group, 0o750),
        (folder.ledger, group, 0o640),
        (folder.signers, group, 0o750),
        (folder.cuts, group, 0o750),
        (folder.published, group, 0o750),
        (folder.root / "store", group, 0o750),
        (folder.inbox, group, 0o770),
    ]
    for cut in cuts(folder):
        if not is_unblinded(study, cut):
            wanted.append((cut.directory, group, 0o750))
        elif unblinded_group:
            wanted.append((cut.directory, unblinded_group, 0o750))
        else:
            wanted.append((cut.directory, None, 0o700))
    return wanted


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        msg = f"This system has no group '{ascii(name)[1:-1]}'. Its administrator makes it with groupadd."
        raise UsageError(msg) from None


def _done(do: Callable[[], None]) -> bool:
    try:
        do()
    except PermissionError:
        return False
    return True
