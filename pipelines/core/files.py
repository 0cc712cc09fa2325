"""Durable files: what is written is there whole after a crash, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.errors import BusyError
from pipelines.core.fail_points import reached
from pipelines.core.leftovers import SUFFIX, claim, remove_leftovers


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Who may read a folder beside its owner: a group of the operating system, or without one nobody."""

    group: int | None

    def admit(self, path: Path) -> None:
        """Gives the path its group and mode; where the owner may not give it to the group, it stays the owner's."""
        shared = self.group is not None
        if self.group is not None and path.stat().st_gid != self.group:
            try:
                os.chown(path, -1, self.group)
            except PermissionError:
                shared = False
        path.chmod((0o750 if shared else 0o700) if path.is_dir() else (0o640 if shared else 0o600))


def fsync_directory(path: Path) -> None:
    """Makes the names in the directory `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: Path) -> None:
    """Makes the content of `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes, *, change: str = "") -> None:
    """Replaces `path` by `content`: a reader sees the old bytes or the new, never a mix.

    `change` is what the fail points on the way are called by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = claim(lambda: _new_file(path))
    try:
        reached(f"{change}.begun")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            reached(f"{change}.written")
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        reached(f"{change}.synced")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    reached(f"{change}.placed")
    fsync_directory(path.parent)


def _new_file(path: Path) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=SUFFIX, dir=path.parent)
    os.close(descriptor)
    return Path(name)


@contextlib.contextmanager
def directory_written_whole(target: Path, *, change: str = "", readers: Readers | None = None) -> Iterator[Path]:
    """Yields an empty directory that becomes `target` when the block ends well, and vanishes when it does not.

    The temporary name starts with a dot and lies beside the target, so that the rename is atomic. What processes that
    were killed left there is removed. `change` is what the fail points on the way are called by. `readers` are the only
    ones who may look into it, from its first byte on; None: everybody.

    Raises:
        BusyError: the target came to be while the block ran; it is left as it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    descriptor, temporary = claim(lambda: _new_directory(target))
    # Until here it is its owner's alone, as all that has a temporary name.
    if readers is None:
        temporary.chmod(0o755)
    else:
        readers.admit(temporary)
    try:
        reached(f"{change}.begun")
        yield temporary
        reached(f"{change}.written")
        for path in sorted(temporary.rglob("*")):
            if readers is not None:
                readers.admit(path)
            if path.is_dir():
                fsync_directory(path)
            else:
                fsync_file(path)
        fsync_directory(temporary)
        reached(f"{change}.synced")
        try:
            temporary.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            msg = f"{target}: another process wrote this at the same time. Run the command again."
            raise BusyError(msg) from None
        reached(f"{change}.placed")
        fsync_directory(target.parent)
    finally:
        # After the rename there is nothing left to remove.
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


def _new_directory(target: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".{target.name[:20]}.", suffix=SUFFIX, dir=target.parent))


@contextlib.contextmanager
def study_lock(path: Path) -> Iterator[None]:
    """Holds the study's lock: one process at a time writes its store, cuts and pointer.

    The kernel frees it with the process, so that a crash leaves no stale lock.

    Raises:
        BusyError: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = f"{path.parent.name}: another process works on this study. Wait for it, then run the command again."
            raise BusyError(msg) from None
        yield


@contextlib.contextmanager
def held_still(directory: Path) -> Iterator[None]:
    """Holds a directory for a short change of what is in it; another process waits for its turn."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
