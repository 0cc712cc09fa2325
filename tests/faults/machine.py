"""What a machine does to a run: a disk that is full, a place that can only be read, memory that ends.

Each case is played in a process with mounts of its own (`tests.faults.namespaces`), which go with it.
"""

from __future__ import annotations

import itertools
import random
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.namespaces import isolate, read_only, small_disk, why_not
from tests.faults.processes import run_forked

# What is filled up or closed, in a study's folder or beside it.
PLACES = ("store", "cuts", "ledger", "vault", "temporary")
CLOSED = ("inbox", "store", "cuts", "ledger", "published", "vault", "study", "temporary")
# The exit codes of a run that the machine stops, and of one that it did not hinder.
_REFUSED, _DONE = 13, 0
# At an end of memory a library of C++ may abort or fall, and the dynamic linker gives up.
_FELL = (-6, -11, 127)
_PAGE = 4096


@dataclass(frozen=True, kw_only=True)
class Hindrance:
    """What hinders a run of one state: `kind` disk (so many bytes left at a place), read-only, or memory (so many)."""

    state: str
    kind: str
    place: str = ""
    amount: int = 0


def hindrances(place: Range, chance: random.Random) -> Iterator[Hindrance]:
    """Yields hindrances without end: every place that is closed first, then full disks and ends of memory by chance."""
    states = list(place.points)
    for state, closed in itertools.product(states, CLOSED):
        # Before a first run there is no audit trail, and a folder cannot stand for it.
        if (state, closed) != ("first", "ledger"):
            yield Hindrance(state=state, kind="read-only", place=closed)
    while True:
        # Most of what a run writes is small: half of the disks are full within ten pages.
        pages = chance.randrange(10) if chance.random() < 0.5 else chance.randrange(60)
        yield Hindrance(state=chance.choice(states), kind="disk", place=chance.choice(PLACES), amount=pages * _PAGE)
        yield Hindrance(state=chance.choice(states), kind="memory", amount=chance.randrange(1, 160) << 20)


def play_hindrance(place: Range, hindrance: Hindrance) -> None:
    """Plays one case.

    Raises:
        BrokenError: an invariant does not hold.
    """

    def act() -> None:
        try:
            _play(place, hindrance)
        except AssertionError as error:
            sys.stderr.write(str(error))
            sys.exit(1)

    ended = run_forked(act, place.room / "case")
    if ended.code != 0:
        raise invariants.BrokenError(ended.said.strip() or f"the case ended with {ended.code}")


def _play(place: Range, hindrance: Hindrance) -> None:
    before = place.begin(hindrance.state)
    if hindrance.kind == "memory":
        ended = place.run(before=lambda: _leave_memory(hindrance.amount))
        allowed = {_DONE, _REFUSED, *_FELL}
        relieve: Callable[[], None] = lambda: None  # noqa: E731 - it went with the process
    else:
        isolate()
        relieve, allowed = _hinder(place, hindrance)
        ended = place.run()
    invariants.check_it_was_loud(ended, ended.code if ended.code in allowed else _REFUSED)
    place.check(before)
    relieve()
    place.check_rerun(before)


def _hinder(place: Range, hindrance: Hindrance) -> tuple[Callable[[], None], set[int]]:
    root = place.place
    where = {"temporary": place.temporary, "study": root}.get(hindrance.place, root / hindrance.place)
    if hindrance.kind == "read-only":
        if not where.exists():
            where.mkdir(mode=0o700)
        return read_only(where), {_DONE} if hindrance.place == "inbox" else {_DONE, _REFUSED}
    apart: tuple[Path, ...] = ()
    if hindrance.place == "ledger":
        # A file, whose journal lies beside it: the study's own folder is full, and those in it are not.
        where, apart = root, tuple(root / name for name in ("store", "cuts", "vault", "published"))
    return small_disk(where, hindrance.amount, place.room / "spare", apart=apart), {_DONE, _REFUSED}


def _leave_memory(amount: int) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    resource.setrlimit(resource.RLIMIT_AS, (used + amount, used + amount))


__all__ = ["Hindrance", "hindrances", "play_hindrance", "why_not"]
