"""What the machine refuses: no room on a disk, no memory, a place that may not be written.

Each library says it in its own way, and some quote a row of the data when they do. Here it becomes one sentence, with
what to do.
"""

from __future__ import annotations

import errno

from pipelines.core.errors import AfterglowError, NotAllowedError

_NO_ROOM = "The disk is full"
_NO_MEMORY = "The machine gave no more memory"
_NOT_WRITABLE = "A place that has to be written may only be read"
_CLOSED = "A file or folder is closed to this user"
_DO = {
    _NO_ROOM: "Make room",
    _NO_MEMORY: "Let it take more, or fewer threads and less each (AFTERGLOW_THREADS, AFTERGLOW_MEMORY_LIMIT=4GB)",
    _NOT_WRITABLE: "Mount it so that it may be written",
    _CLOSED: "Give this user the right to it",
}
# No room on the disk, in the quota, or in the size of a file; no memory for data, a process or a thread.
_NUMBERS = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
    errno.ENOMEM: _NO_MEMORY,
    errno.EAGAIN: _NO_MEMORY,
    errno.EROFS: _NOT_WRITABLE,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}
# What DuckDB, SQLite, PyArrow, Python's threads and the C++ library under them write into their errors.
_WORDS = {
    "No space left on device": _NO_ROOM,
    "Disk quota exceeded": _NO_ROOM,
    "File too large": _NO_ROOM,
    "database or disk is full": _NO_ROOM,
    "Out of Memory Error": _NO_MEMORY,
    "Cannot allocate memory": _NO_MEMORY,
    "malloc of size": _NO_MEMORY,
    "realloc of size": _NO_MEMORY,
    "bad_alloc": _NO_MEMORY,
    "can't start new thread": _NO_MEMORY,
    "Resource temporarily unavailable": _NO_MEMORY,
    "Read-only file system": _NOT_WRITABLE,
    "Permission denied": _CLOSED,
    "readonly database": _NOT_WRITABLE,
}


def refusal(error: BaseException) -> AfterglowError | None:
    """Returns what to tell of an error whose reason is the machine; None where it is another.

    An error that is told in our own words already is returned as it is. What was raised from it, or while it was
    handled, counts: a library wraps the error of the one below it.
    """
    if isinstance(error, AfterglowError):
        return error
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        if what := _what(one):
            where = one.filename if isinstance(one, OSError) and isinstance(one.filename, str) else ""
            return _sentence(what, where)
        one = one.__cause__ or one.__context__
    return None


def raise_refusal(error: BaseException) -> None:
    """Raises what to tell of an error whose reason is the machine, before it is taken for damage of what was read.

    Raises:
        NotAllowedError: the machine is the reason.
    """
    if (refused := refusal(error)) is not None:
        # What the library says may quote a row.
        raise refused from None


def refused_in(message: str) -> AfterglowError | None:
    """Returns what to tell where a library's message says that the machine is the reason; None where it does not."""
    what = next((what for words, what in _WORDS.items() if words in message), None)
    return _sentence(what, "") if what else None


def _what(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return _NUMBERS[error.errno]
    if isinstance(error, OSError) and error.errno is not None:
        return None
    return next((what for words, what in _WORDS.items() if words in str(error)), None)


def _sentence(what: str, where: str) -> AfterglowError:
    place = f" ({where})" if where else ""
    return NotAllowedError(f"{what}{place}. Nothing is lost, and nothing half done. {_DO[what]}, then run it again.")
