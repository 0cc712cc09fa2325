"""Durable files: what is written is there whole after a crash, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipelines.core.errors import BusyError


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


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces `path` by `content`: a reader sees the old bytes or the new, never a mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    fsync_directory(path.parent)


@contextlib.contextmanager
def directory_written_whole(target: Path) -> Iterator[Path]:
    """Yields an empty directory that becomes `target` when the block ends well, and vanishes when it does not.

    The temporary name starts with a dot and lies beside the target, so that the rename is atomic.

    Raises:
        BusyError: the target came to be while the block ran; it is left as it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name[:20]}.", dir=target.parent))
    temporary.chmod(0o755)
    try:
        yield temporary
        for path in sorted(temporary.rglob("*")):
            if path.is_dir():
                fsync_directory(path)
            else:
                fsync_file(path)
        fsync_directory(temporary)
        try:
            os.rename(temporary, target)
        except OSError:
            if not target.is_dir():
                raise
            msg = f"{target}: another process wrote this at the same time. Run the command again."
            raise BusyError(msg) from None
        fsync_directory(target.parent)
    finally:
        # After the rename there is nothing left to remove.
        shutil.rmtree(temporary, ignore_errors=True)


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
