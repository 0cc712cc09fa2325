"""What the machine refuses is one sentence, whichever library says it, and nothing else is taken for it."""

from __future__ import annotations

import errno

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy.exc import OperationalError

from pipelines.core.errors import BusyError, NotAllowedError
from pipelines.core.machine import refusal, refused_in

FULL = "No space left on device"


def wrapped(error: Exception) -> Exception:
    """Returns an error raised from this one, as a library does with one of the library below it."""
    outer = RuntimeError("a value of a subject")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, FULL), "The disk is full."),
        (OSError(errno.ENOSPC, FULL, "/a/cut.duckdb"), r"The disk is full \(/a/cut.duckdb\)."),
        (OSError(errno.EROFS, "Read-only file system", "/a"), "may only be read"),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "closed to this user"),
        (duckdb.IOException(f"IO Error: Could not write file: {FULL}"), "The disk is full"),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), "no more memory"),
        (pa.ArrowMemoryError("malloc of size 64 failed"), "no more memory"),
        (MemoryError(), "no more memory"),
        (RuntimeError("can't start new thread"), "no more memory"),
        (OperationalError("insert", {}, Exception("database or disk is full")), "The disk is full"),
        (wrapped(OSError(errno.ENOSPC, FULL)), "The disk is full"),
    ],
)
def test_it_is_told_what_is_refused_and_what_to_do(error: Exception, said: str) -> None:
    told = refusal(error)
    assert isinstance(told, NotAllowedError)
    with pytest.raises(NotAllowedError, match=said):
        raise told
    assert "then run it again" in str(told)
    assert "subject" not in str(told)


@pytest.mark.parametrize(
    "error", [ValueError("5"), FileNotFoundError(errno.ENOENT, "No such file", "/disk is full"), OSError("no number")]
)
def test_what_has_another_reason_is_not_told_so(error: Exception) -> None:
    assert refusal(error) is None


def test_what_is_a_sentence_of_ours_stays_it() -> None:
    error = BusyError("another process works on this study.")
    assert refusal(error) is error


def test_a_message_alone_tells_it_too() -> None:
    assert "full" in str(refused_in(f"Runtime Error in model adqs: {FULL}"))
    assert refused_in("Conversion Error: Could not convert string") is None
