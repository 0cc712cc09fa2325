"""`make faults`: kill a study's run at every fail point and at random, and look whether anything that must hold broke.

FAULTS          how many cases; first every action at every passing of every point, then random ones
FAULTS_REAL     how many of runs whose dbt, Great Expectations and pages are the real ones (half a minute each)
FAULTS_SECONDS  stop after so long, wherever it is
FAULTS_SEED     another seed gives other random ones
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from tests.faults.cases import Fault, Range, random_fault
from tests.soaks import write_figure


def cases(place: Range, seed: int, seconds: float) -> Iterator[Fault]:
    """Yields faults without end."""
    chance = random.Random(seed)  # noqa: S311 - to try things, not to hide them
    every = list(place.faults()) if place.quick else []
    chance.shuffle(every)
    return chain(every, (random_fault(place, chance, seconds) for _ in iter(int, 1)))


def say(line: str) -> None:
    """Prints a line at once, as these runs are long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def play(place: Range, count: int, seed: int, seconds: float) -> int:
    """Plays so many cases, prints what broke and how many there were; returns how many broke."""
    broken, done = 0, Counter[str]()
    points: set[str] = set()
    started = time.monotonic()
    limit = float(os.environ.get("FAULTS_SECONDS") or "inf")
    played = 0
    for number, fault in enumerate(islice(cases(place, seed, seconds), count), start=1):
        if time.monotonic() - started > limit:
            break
        played = number
        one: Fault | None = fault
        while one is not None:
            done[one.action if one.point else "at a random time"] += 1
            points |= {one.point.partition(":")[0]} - {""}
            one = one.again
        try:
            place.play(fault)
        except AssertionError as error:
            broken += 1
            say(f"BROKEN {fault}\n  {error}")
        if number % 500 == 0:
            say(f"  {number} of {count}, {time.monotonic() - started:.0f} s, {broken} broken")
    counts = ", ".join(f"{number} {what}" for what, number in sorted(done.items()))
    steps = "quick" if place.quick else "real"
    say(
        f"{done.total()} faults in {played} runs of {steps} steps ({counts}) at {len(points)} fail points, "
        f"{len(place.points)} states: {broken} invariants broken; {time.monotonic() - started:.0f} s"
    )
    write_figure("faults" if place.quick else "faults-real", count=done.total(), failed=broken, seed=seed)
    return broken


def main() -> int:
    """Plays what the environment asks for; returns the exit code."""
    seed = int(os.environ.get("FAULTS_SEED") or 1)
    memory = Path("/dev/shm")  # noqa: S108 - a file there costs no wait for the disk; where there is none, elsewhere
    broken = 0
    asked = ((True, "FAULTS", "1000", 0.5), (False, "FAULTS_REAL", "0", 40.0))
    for quick, variable, usual, seconds in asked:
        if count := int(os.environ.get(variable) or usual):
            with tempfile.TemporaryDirectory(
                prefix="afterglow-faults-", dir=memory if memory.is_dir() else None
            ) as room:
                broken += play(Range(Path(room), quick=quick), count, seed, seconds)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
