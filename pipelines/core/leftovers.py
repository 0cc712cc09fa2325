"""Temporary names that belong to a process: they go with what they were made for, or once their process is gone.

A process that is killed removes nothing. What it left may hold a subject's values, and a stray file in a cut would be
taken for a part of it. So each temporary name is locked by the process that made it; the kernel frees the lock with the
process, whatever became of its number, and whoever comes next removes what nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

# No delivery is called so: intake passes over names that begin with a dot.
SUFFIX = ".partial"


@contextlib.contextmanager
def owned_directory(parent: Path, prefix: str) -> Iterator[Path]:
    """Yields an empty directory in `parent`, removed when the block ends; first removes others that nobody holds."""
    remove_leftovers(parent, prefix)
    descriptor, path = claim(lambda: Path(tempfile.mkdtemp(prefix=prefix, suffix=SUFFIX, dir=parent)))
    owner = os.getpid()
    try:
        yield path
    finally:
        # A process that was forked inside the block ends it too, and leaves the directory to its parent.
        if os.getpid() == owner:
            # What became of it under another name is left alone.
            shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def claim(make: Callable[[], Path]) -> tuple[int, Path]:
    """Makes a temporary name and locks it; returns the descriptor that holds the lock, and the name."""
    while True:
        path = make()
        # Until it is locked somebody may take it for a leftover, and remove it: then another one is made.
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists():
                return descriptor, path
            os.close(descriptor)


def remove_leftovers(directory: Path, prefix: str = ".") -> list[Path]:
    """Removes temporary names in `directory` whose process is gone; returns them."""
    try:
        paths = list(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    ours = [path for path in paths if path.name.startswith(prefix) and path.name.endswith(SUFFIX)]
    return [path for path in ours if _remove_unheld(path)]


def held(directory: Path, prefix: str) -> list[Path]:
    """Returns the temporary names in `directory` that a living process holds."""
    remove_leftovers(directory, prefix)
    return sorted(path for path in directory.glob(f"{prefix}*") if path.name.endswith(SUFFIX))


def _remove_unheld(path: Path) -> bool:
    try:
        status = path.lstat()
        if status.st_uid != os.geteuid():
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        # Gone meanwhile, or none of ours.
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        # Its process works on it, or the folder may not be written: no reason to stop.
        return False
    finally:
        os.close(descriptor)
    return True
