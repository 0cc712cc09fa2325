"""The states that a fault is put into, and one case: a fault, what holds after it, a plain re-run, what holds then."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core import fail_points
from pipelines.core.errors import InputRefusedError
from pipelines.core.hashing import sha256_file
from pipelines.cut import published_cut
from pipelines.ledger import Recorded, events
from pipelines.study import load_study
from tests.faults import invariants
from tests.faults.processes import Ended, command, run_forked, start_forked
from tests.faults.stand_ins import deliver_first, deliver_second, quick_steps, warm_up

EXIT_CODES = {"kill": -9, "term": 143, "full": 13}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a run of one state: at a fail point (its n-th passing), or after so many seconds."""

    state: str
    point: str = ""
    action: str = "kill"
    after: tuple[float, ...] = ()
    # A second one, during the run that should put things right.
    again: Fault | None = None


@dataclass(frozen=True, kw_only=True)
class Before:
    """What was there before a case: its state, the hash of each published cut, and that of each delivered file."""

    state: str
    older: dict[Path, str]
    delivered: tuple[tuple[Path, str], ...]


class Range:
    """A folder with the states, made once, and a place where a case is played; in memory where the machine has that.

    first     nothing has landed
    second    a cut is published, and more has come
    landed    the same, and that has landed
    reported  the same, up to the report: what is left is to sign and publish
    """

    def __init__(self, room: Path, *, quick: bool = True) -> None:
        """Makes the states in `room`; where not `quick`, all steps are the real ones, and there is one state."""
        self.room, self.quick = room, quick
        self.temporary = room / "tmp"
        self.temporary.mkdir()
        # Of this process and all that are forked from it.
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.temporary)
        warm_up()
        self.points: dict[str, list[str]] = {}
        self.expected: dict[str, invariants.Undisturbed] = {}
        # The same for a study file that was changed before.
        self.edited: dict[str, invariants.Undisturbed] = {}
        deliver_first(self._state("first"))
        self._keep("first", self._state("first"))
        if quick:
            self._do("run")
            deliver_second(load_study(self.place))
            self._keep("second", self.place)
            self._do("land", but=InputRefusedError.exit_code)
            self._keep("landed", self.place)
            for step in ("build", "gate", "report"):
                self._do(step)
            self._keep("reported", self.place)
        self.study = load_study(self.place)

    @property
    def place(self) -> Path:
        """Where a case is played."""
        return self.room / "study"

    def _state(self, name: str) -> Path:
        return self.room / "states" / name

    def put(self, state: str) -> None:
        """Puts the state in its place."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.rmtree(self.temporary)
        self.temporary.mkdir()
        shutil.copytree(self._state(state), self.place)

    def trail(self) -> list[Recorded]:
        """Returns the study's audit trail."""
        return events(self.study.folder)

    def run(self, *arguments: str, **fault: Any) -> Ended:
        """Runs the study in its place in a process of its own; or another verb, with what follows the study."""
        return run_forked(self._act(*(arguments or ("run",))), self.room / "log", **fault)

    def start(self, name: str, point: str) -> int:
        """Starts a run that stops at the point; returns its process, which writes to the log of that name."""
        return start_forked(self._act("run"), self.room / name, point=point, action="stop")

    def _act(self, *arguments: str) -> Callable[[], object]:
        steps = quick_steps if self.quick else contextlib.nullcontext

        def act() -> None:
            with steps():
                command(arguments[0], str(self.place), *arguments[1:])()

        return act

    def _do(self, verb: str, *, but: int = 0) -> None:
        ended = self.run(verb)
        assert ended.code in {0, but}, f"{verb}: {ended}"

    def _keep(self, state: str, root: Path) -> None:
        """Keeps the state; notes which points a run from there passes, how often, and what it gives."""
        if root != self._state(state):
            shutil.copytree(root, self._state(state))
        self.put(state)
        counts = self.room / "passed"
        act = self._act("run")

        def count() -> None:
            try:
                act()
            finally:
                counts.write_text(json.dumps(fail_points.passed))

        ended = run_forked(count, self.room / "log", point="*")
        assert ended.code == 0, f"{state}: {ended}"
        known = {name: times for name, times in json.loads(counts.read_text()).items() if name in fail_points.POINTS}
        self.points[state] = [f"{point}:{time}" for point, times in known.items() for time in range(1, times + 1)]
        self.expected[state] = invariants.undisturbed(load_study(self.place))
        self.put(state)

    def faults(self) -> Iterator[Fault]:
        """Yields every action at every passing of every point of every state."""
        for state, points in reversed(self.points.items()):
            for point in points:
                for action in EXIT_CODES:
                    yield Fault(state=state, point=point, action=action)

    def play(self, fault: Fault) -> None:
        """Plays one case.

        Raises:
            BrokenError: an invariant does not hold.
        """
        before = self.begin(fault.state)
        for one in (fault, fault.again):
            if one is not None:
                ended = self.run(point=one.point, action=one.action, kill_after=one.after)
                # At a random time it may have ended, or not begun to listen; a second time a point may not be passed.
                if one is fault and one.point:
                    invariants.check_it_was_loud(ended, EXIT_CODES[one.action])
                elif ended.code not in {0, -9, -15, 143, 13}:
                    invariants.check_it_was_loud(ended, -9)
                self.check(before)
        self.check_rerun(before)

    def begin(self, state: str) -> Before:
        """Puts the state in its place; returns what is there before anything happens to it."""
        self.put(state)
        return self.begin_here(state)

    def begin_here(self, state: str) -> Before:
        """Returns what is in its place now, of which that state became the most."""
        inbox = [path for path in self.study.folder.inbox.rglob("*") if path.is_file()]
        current = published_cut(self.study.folder)
        return Before(
            state=state,
            older={current.directory: invariants.tree(current.directory)} if current else {},
            delivered=tuple((path, sha256_file(path)) for path in inbox),
        )

    def check(self, before: Before) -> None:
        """Checks what holds at any time, I1 to I4 and I6."""
        invariants.check_published_cut_is_whole(self.study)
        invariants.check_older_cuts_are_unchanged(before.older)
        invariants.check_deliveries_are_kept(self.study, before.delivered)
        invariants.check_audit_trail_holds(self.study)
        invariants.check_nothing_got_out(self.study, self.temporary, self.room / "log")

    def check_rerun(self, before: Before, *, told: bool = True) -> None:
        """Runs the study again, plainly, and checks that it gives what an undisturbed run gave: I5, and all others."""
        invariants.check_it_was_loud(self.run(), 0)
        self.check(before)
        invariants.check_rerun_gives_the_same(self.study, self.expected[before.state], told=told)
        invariants.check_nothing_is_left(self.study, self.temporary)


def random_fault(range_: Range, chance: random.Random, seconds: float) -> Fault:
    """Returns a fault by chance: at a point or at a time within `seconds`, alone or with another one after it."""
    state = chance.choice(list(range_.points))
    again = random_fault(range_, chance, seconds) if chance.random() < 0.25 else None
    if chance.random() < 0.5:
        point = chance.choice(range_.points[state])
        return Fault(state=state, point=point, action=chance.choice(list(EXIT_CODES)), again=again)
    after = (chance.uniform(0, seconds),)
    return Fault(state=state, after=(*after, chance.uniform(0, 0.01)) if chance.random() < 0.5 else after, again=again)
