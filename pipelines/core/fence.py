"""Numbers of runs: a run that was overtaken may not publish.

A process can be held up for hours and then go on: its machine slept, or Airflow took it for dead and started the task
again. By then a newer run may have published, and the older one would put the pointer back.

Rule    numbers only rise; who publishes shows the number of its run, and none below the last that published is let by
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pipelines.core.errors import NotAllowedError

_DIGITS = 20


def next_run(path: Path) -> int:
    """Returns the number of a run that begins now; `path` keeps the count."""
    with _opened(path) as descriptor:
        begun, published = _read(descriptor)
        _write(descriptor, begun + 1, published)
    return begun + 1


def overtake(path: Path, run: int | None = None) -> int:
    """Lets the run publish, and none before it from now on; returns its number.

    Without a number the caller was asked by a person, now: it is the newest run.

    Raises:
        NotAllowedError: a newer run has published.
    """
    with _opened(path) as descriptor:
        begun, published = _read(descriptor)
        run = begun + 1 if run is None else run
        if run < published:
            msg = (
                f"{path.parent.name}: this is run {run}, and run {published}, which began later, has published. The "
                "published cut stays. To go back to this one, publish it by its id."
            )
            raise NotAllowedError(msg)
        _write(descriptor, max(begun, run), run)
    return run


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> tuple[int, int]:
    # A file that was cut short counts from what is left of it: a run can always begin.
    numbers = [int(word) for word in os.pread(descriptor, 100, 0).split() if word.isdigit()]
    begun, published = [*numbers, 0, 0][:2]
    return max(begun, published), published


def _write(descriptor: int, begun: int, published: int) -> None:
    # In its place and always as long: one small write is whole or was not made.
    os.pwrite(descriptor, f"{begun:0{_DIGITS}d} {published:0{_DIGITS}d}\n".encode(), 0)
    os.fsync(descriptor)
