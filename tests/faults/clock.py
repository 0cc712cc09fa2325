"""A clock that is put back a day or ahead ten years, before a run or in the midst of it: nothing derived asks for it.

The clock is that of `libfaketime`, which has to be loaded when Python starts: `reloaded` starts it again so. Every
process that is forked then reads from a file by how much its clock is off.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipelines.verify import verify
from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.processes import wait_for
from tests.libfaketime import WAITING, faketime_library

OFFSETS = ("-1d", "+10y", "-10y", "+1h", "-1h")
_FILE = "FAKETIME_TIMESTAMP_FILE"


def library() -> Path | None:
    """Returns the library that sets this process's clock; None where it is not there."""
    return faketime_library("libfaketime.so.1")


def is_loaded() -> bool:
    """Whether this process was started with it."""
    return "libfaketime" in os.environ.get("LD_PRELOAD", "")


def reloaded(module: str) -> None:
    """Starts the module again with the library, in place of this process; nothing where that is done, or absent."""
    if is_loaded() or (found := library()) is None:
        return
    settings = {
        "LD_PRELOAD": str(found),
        "FAKETIME_NO_CACHE": "1",
        "NO_FAKE_STAT": "1",
        **WAITING,
    }
    os.execve(sys.executable, [sys.executable, "-m", module], {**os.environ, **settings})  # noqa: S606 - itself


@dataclass(frozen=True, kw_only=True)
class Clock:
    """By how much the clock is off for a run of one state; from a fail point on, where one is named."""

    state: str
    offset: str
    point: str = ""


def clocks(place: Range, chance: random.Random) -> Iterator[Clock]:
    """Yields every offset before a run of every state, then in the midst of one without end."""
    states = list(place.points)
    yield from (Clock(state=state, offset=offset) for state in states for offset in OFFSETS)
    while True:
        state = chance.choice(states)
        yield Clock(state=state, offset=chance.choice(OFFSETS), point=chance.choice(place.points[state]))


def play_clock(place: Range, clock: Clock) -> None:
    """Plays one case.

    Raises:
        BrokenError: an invariant does not hold, or an audit trail whose times go back is not told of as one.
    """
    before = place.begin(clock.state)
    with_clock = place.room / "clock"
    _set(with_clock, "+0")
    os.environ[_FILE] = str(with_clock)
    try:
        if clock.point:
            process = place.start("log", clock.point)
            _set(with_clock, clock.offset)
            os.kill(process, signal.SIGCONT)
            ended = wait_for(process, place.room / "log")
        else:
            _set(with_clock, clock.offset)
            ended = place.run()
        invariants.check_it_was_loud(ended, 0)
        place.check(before)
        invariants.check_rerun_gives_the_same(place.study, place.expected[before.state])
        _check_it_is_told(place)
        _set(with_clock, "+0")
        place.check_rerun(before)
        _check_it_is_told(place)
    finally:
        del os.environ[_FILE]


def _check_it_is_told(place: Range) -> None:
    told = verify(place.study)
    times = [each.at for each in place.trail()]
    if any(later < earlier for earlier, later in pairwise(times)) != bool(told.notices):
        msg = f"the times of the audit trail, and what is told of them: {told.notices}"
        raise invariants.BrokenError(msg)


def _set(file: Path, offset: str) -> None:
    file.write_text(f"{offset}\n")
