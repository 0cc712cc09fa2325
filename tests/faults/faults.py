"""`make faults`: whatever can happen to a study's run, and a look whether anything that must hold broke.

FAULTS          how many cases; of killed runs first every action at every passing of every point, then random ones
FAULTS_KIND     one kind alone: kill, machine (disks, closed places, memory), edited (study files), clock, readers,
                deeds (what persons do); of real runs halfway (dbt or a check fails) and all others but deeds
FAULTS_REAL     how many of runs whose dbt, Great Expectations and pages are the real ones (half a minute each)
FAULTS_WORKERS  how many play them side by side; by default one a processor
FAULTS_SECONDS  stop after so long, wherever it is
FAULTS_SEED     another seed gives other random ones
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path

from tests.faults import clock
from tests.faults.cases import Fault, Range, random_fault
from tests.faults.deeds import Persons, deeds
from tests.faults.edited import edits, play_edit
from tests.faults.halfway import halfways, play_halfway
from tests.faults.machine import hindrances, play_hindrance
from tests.faults.namespaces import why_not
from tests.faults.readers import PUBLICATIONS, play_readers
from tests.soaks import write_figure

# Of so many cases, how many are of each kind.
_SHARES = {"kill": 12, "machine": 4, "edited": 2, "clock": 1, "readers": 1, "deeds": 3}
_SAYING_EVERY = 500


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case: what it is, in words; what the closing line counts it as, and the fail points it comes by."""

    text: str
    counted: tuple[str, ...]
    play: Callable[[], object]
    points: tuple[str, ...] = ()


def kills(place: Range, chance: random.Random, seconds: float) -> Iterator[Case]:
    """Yields killed, terminated and filled up runs without end."""
    every = list(place.faults()) if place.quick else []
    chance.shuffle(every)
    for fault in chain(every, (random_fault(place, chance, seconds) for _ in iter(int, 1))):
        faults = [fault]
        while faults[-1].again is not None:
            faults.append(faults[-1].again)
        yield Case(
            text=str(fault),
            counted=tuple(one.action if one.point else "at a random time" for one in faults),
            play=partial(place.play, fault),
            points=tuple(_name(one) for one in faults if one.point),
        )


def hindered(place: Range, chance: random.Random) -> Iterator[Case]:
    """Yields runs that the machine hinders, without end."""
    for one in hindrances(place, chance):
        counted = "full disk" if one.kind == "disk" else one.kind
        yield Case(text=str(one), counted=(counted,), play=partial(play_hindrance, place, one))


def edited(place: Range, chance: random.Random) -> Iterator[Case]:
    """Yields runs in whose midst the study file is saved, without end."""
    every = list(edits(place))
    chance.shuffle(every)
    for state, point in cycle(every):
        text = f"study.yml saved at {point} of '{state}'"
        play = partial(play_edit, place, state, point)
        yield Case(text=text, counted=("study file saved",), play=play, points=(point.partition(":")[0],))


def clocked(place: Range, chance: random.Random) -> Iterator[Case]:
    """Yields runs whose clock is off, without end."""
    for one in clock.clocks(place, chance):
        yield Case(text=str(one), counted=("clock",), play=partial(clock.play_clock, place, one))


def read(place: Range) -> Iterator[Case]:
    """Yields publications beside a reader, without end."""
    text = f"{PUBLICATIONS} publications beside a reader"
    while True:
        yield Case(text=text, counted=("beside a reader",), play=partial(play_readers, place))


def halfway(place: Range, chance: random.Random) -> Iterator[Case]:
    """Yields real runs that fail halfway, without end."""
    for one in halfways(chance):
        yield Case(text=str(one), counted=(one.kind,), play=partial(play_halfway, place, one))


def done_again(place: Range, chance: random.Random) -> Iterator[Case]:
    """Yields deeds of persons that are broken off, without end."""
    persons = Persons(place)
    every = list(deeds(persons))
    chance.shuffle(every)
    for deed, point, action in cycle(every):
        text = f"{deed.name}: {action} at {point}"
        play = partial(persons.play, deed, point, action)
        yield Case(text=text, counted=("deed broken off",), play=play, points=(point.partition(":")[0],))


def cases(place: Range, seed: int, seconds: float, kind: str = "") -> Iterator[Case]:
    """Yields cases without end: of one kind, or of all that this machine can play in their shares."""
    chances = {name: random.Random(f"{seed} {name}") for name in _SHARES}  # noqa: S311 - to try things
    of = {"kill": kills(place, chances["kill"], seconds)}
    if not place.quick:
        # Every second real run fails halfway, in dbt or in Great Expectations.
        of["halfway"] = halfway(place, random.Random(seed))  # noqa: S311 - to try things
        return of[kind] if kind else (next(of[name]) for name in cycle(("halfway", "kill")))
    of |= {"machine": hindered(place, chances["machine"]), "edited": edited(place, chances["edited"])}
    of |= {"clock": clocked(place, chances["clock"]), "readers": read(place)}
    of["deeds"] = done_again(place, chances["deeds"])
    if kind:
        return of[kind]
    for absent in unplayable():
        of.pop(absent, None)
    order = [name for name, share in _SHARES.items() for _ in range(share) if name in of]
    return (next(of[name]) for name in cycle(order))


def unplayable() -> dict[str, str]:
    """Returns the kinds that this machine cannot play, and why."""
    found = {"machine": why_not()}
    if not clock.is_loaded():
        found["clock"] = "libfaketime is not installed (Debian's package faketime)"
    return {kind: reason for kind, reason in found.items() if reason}


def _name(fault: Fault) -> str:
    return fault.point.partition(":")[0]


def say(line: str) -> None:
    """Prints a line at once, as these runs are long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def play(room: Path, count: int, seed: int, *, quick: bool, workers: int) -> int:
    """Plays so many cases, prints what broke and how many there were; returns how many broke."""
    started = time.monotonic()
    processes = {}
    for number in range(workers):
        processes[number] = os.fork()
        if processes[number] == 0:
            _work_and_exit(room / str(number), range(number, count, workers), seed, quick=quick)
    for process in processes.values():
        os.waitpid(process, 0)
    done, points, states, played, broken, failed = Counter[str](), set[str](), 0, 0, 0, 0
    for number in processes:
        result = room / str(number) / "result.json"
        if not result.exists():
            failed += 1
            continue
        found = json.loads(result.read_text())
        done.update(found["done"])
        points |= set(found["points"])
        states, played, broken = found["states"], played + found["played"], broken + found["broken"]
    counts = ", ".join(f"{number} {what}" for what, number in sorted(done.items()))
    say(
        f"{done.total()} faults in {played} runs of {'quick' if quick else 'real'} steps ({counts}) at {len(points)} "
        f"fail points, {states} states: {broken} invariants broken; {time.monotonic() - started:.0f} s, {workers} "
        "at once"
    )
    if failed:
        say(f"BROKEN {failed} of {workers} workers ended without a result")
    if not os.environ.get("FAULTS_KIND"):
        write_figure("faults" if quick else "faults-real", count=done.total(), failed=broken + failed, seed=seed)
    return broken + failed


def _work_and_exit(room: Path, numbers: range, seed: int, *, quick: bool) -> None:
    """Plays the cases of these numbers, in a place of its own, as one of several processes."""
    code = 1
    try:
        room.mkdir()
        place = Range(room, quick=quick)
        result = _work(place, numbers, seed)
        (room / "result.json").write_text(json.dumps(result))
        code = 0
    except KeyboardInterrupt:
        pass
    except BaseException:  # noqa: BLE001 - nothing may get past the fork
        say(f"BROKEN {traceback.format_exc()}")
    finally:
        os._exit(code)


def _work(place: Range, numbers: range, seed: int) -> dict[str, object]:
    started = time.monotonic()
    limit = float(os.environ.get("FAULTS_SECONDS") or "inf")
    done, points, played, broken = Counter[str](), set[str](), 0, 0
    listed = cases(place, seed, 0.5 if place.quick else 40.0, os.environ.get("FAULTS_KIND", ""))
    for case in islice(listed, numbers.start, numbers.stop, numbers.step):
        if time.monotonic() - started > limit:
            break
        played += 1
        done.update(case.counted)
        points |= set(case.points)
        try:
            case.play()
        except Exception as error:  # noqa: BLE001 - a case that could not be played did not pass, and the others go on
            broken += 1
            said = error if isinstance(error, AssertionError) else traceback.format_exc()
            say(f"BROKEN {case.text}\n  {said}")
        if played % _SAYING_EVERY == 0:
            say(f"  {played} of {len(numbers)}, {time.monotonic() - started:.0f} s, {broken} broken")
    return {
        "done": done,
        "points": sorted(points),
        "states": len(place.points),
        "played": played,
        "broken": broken,
    }


def main() -> int:
    """Plays what the environment asks for; returns the exit code."""
    clock.reloaded("tests.faults.faults")
    seed = int(os.environ.get("FAULTS_SEED") or 1)
    workers = int(os.environ.get("FAULTS_WORKERS") or os.cpu_count() or 1)
    for kind, reason in unplayable().items():
        say(f"not played: {kind}: {reason}")
    memory = Path("/dev/shm")  # noqa: S108 - a file there costs no wait for the disk; where there is none, elsewhere
    broken = 0
    for quick, variable, usual in ((True, "FAULTS", "1000"), (False, "FAULTS_REAL", "0")):
        if count := int(os.environ.get(variable) or usual):
            with tempfile.TemporaryDirectory(
                prefix="afterglow-faults-", dir=memory if memory.is_dir() else None
            ) as room:
                broken += play(Path(room), count, seed, quick=quick, workers=min(workers, count))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
