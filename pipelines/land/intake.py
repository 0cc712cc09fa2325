"""Intake: find what lies in the inbox and take a copy of it, touching nothing and following nothing.

Order   name → a regular file of one name, opened without following links → copy while hashing → the same before and
        after, and still the one that has the name
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.land.receipts import RefusedError

# Of editors and systems, and downloads that are not whole yet: each is renamed when it is.
_IGNORED = re.compile(
    r"\..*|~\$.*|.*~|.*\.(tmp|temp|swp|part|partial|filepart|crdownload|download)|Thumbs\.db|desktop\.ini|README(\..*)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ +=@-]{0,199}")
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something that lies in a site's folder of the inbox."""

    site: str
    path: Path

    @property
    def name(self) -> str:
        """The file's name, safe to print: anything unusual is escaped."""
        return self.path.name if _NAME.fullmatch(self.path.name) else ascii(os.fsencode(self.path.name))[2:-1]


def inbox_files(inbox: Path, sites: list[str]) -> Iterator[Found]:
    """Yields what lies in the folders of `sites`, in the order of their names."""
    for site in sites:
        folder = inbox / site
        try:
            paths = list(folder.iterdir()) if not folder.is_symlink() else [folder]
        except (FileNotFoundError, NotADirectoryError):
            # A file in its place is a stray.
            continue
        except PermissionError:
            paths = [folder]
        # A folder that is a link, or may not be read, is refused like a file: what lies in it is not passed over.
        for path in sorted(paths, key=lambda entry: os.fsencode(entry.name)):
            yield Found(site=site, path=path)


def strays(inbox: Path, sites: Iterable[str]) -> Iterator[Found]:
    """Yields what lies in the inbox and in no site's folder."""
    known = set(sites)
    if inbox.exists():
        for path in sorted(inbox.iterdir(), key=lambda entry: os.fsencode(entry.name)):
            if path.name not in known or (path.is_file() and not path.is_symlink()):
                yield Found(site="", path=path)


def is_ignored(found: Found) -> bool:
    """Whether this is a by-product of an editor or a system, recorded and left alone."""
    return _IGNORED.fullmatch(found.path.name) is not None


def take_copy(found: Found, target: Path) -> str:
    """Copies the delivered bytes to `target`; returns their SHA-256.

    Raises:
        RefusedError: the name, the kind of file or its state does not allow it.
    """
    if not _NAME.fullmatch(found.path.name):
        raise RefusedError("F_NAME", "Letters, digits and . _ - + = @ are allowed. Ask the site to rename it.")
    try:
        # O_NONBLOCK: a FIFO without a writer would hang the open.
        descriptor = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise RefusedError("F_PERMISSION") from None
    except FileNotFoundError:
        raise RefusedError("F_UNSTABLE") from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise RefusedError("F_NOT_REGULAR") from None
        raise
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise RefusedError("F_NOT_REGULAR")
    with os.fdopen(descriptor, "rb") as source:
        if before.st_nlink > 1:
            raise RefusedError("F_NOT_REGULAR", "It has a second name elsewhere (a hard link). Deliver a copy.")
        if before.st_size == 0:
            raise RefusedError("F_EMPTY")
        digest = hashlib.sha256()
        copied = 0
        with target.open("wb") as copy:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
                copied += len(chunk)
        after = os.fstat(descriptor)
    if not _state(before) == _state(after) == _state_of(found.path) or copied != after.st_size:
        raise RefusedError("F_UNSTABLE")
    return digest.hexdigest()


def _state(status: os.stat_result) -> tuple[int, ...]:
    # The time of change moves with anything that is written, and nobody can set it back.
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _state_of(path: Path) -> tuple[int, ...] | None:
    try:
        return _state(path.lstat())
    except OSError:
        return None
