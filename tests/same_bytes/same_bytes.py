"""`make same-bytes`: one root hash over two hundred whole runs, each on a machine that is set otherwise.

RUNS           how many runs (200)
RUNS_LARGE     how many more of a trial whose tables are large enough for DuckDB to share them out among threads (6)
SEED           another seed gives other settings
RUNS_WORKERS   how many side by side (one a processor)

A run is a process of its own: it lands, builds, gates and reports a trial that has rows in every table and a file of
every format. What is varied: `Settings`. What is compared: `one_run.results`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, fields
from pathlib import Path

from pipelines.core.hashing import sha256_json
from pipelines.study import Study
from tests.same_bytes.settings import Settings, clock_library, made_locales, settings
from tests.same_bytes.trial import every_table, many_rows
from tests.soaks import write_figure

ROOT = Path(__file__).resolve().parents[2]
Found = dict[str, str]
Deliver = Callable[[Path], Study]


class RunError(Exception):
    """A run that did not come to its end."""


@contextlib.contextmanager
def quick_room() -> Iterator[Path]:
    """Yields a folder in memory, where nothing waits for the disk; on a machine without one it is elsewhere."""
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
    with tempfile.TemporaryDirectory(prefix="afterglow-same-bytes-", dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def run(room: Path, chosen: Settings, source: Path) -> Found:
    """Returns what one run gives, by name; its folder is removed.

    Raises:
        RunError: it failed; with the end of what it said.
    """
    place = room / f"run {chosen.number}"
    temporary = room / f"tmp {chosen.number}"
    temporary.mkdir()
    command = [sys.executable, "-m", "tests.same_bytes.one_run", str(source), str(place / chosen.folder)]
    environment = chosen.environment(clock_library(), room / "locales")
    environment |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    ended = subprocess.run(
        [*command, json.dumps(asdict(chosen))], env=environment, cwd=room, capture_output=True, check=False
    )
    shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(temporary, ignore_errors=True)
    if ended.returncode != 0:
        msg = f"run {chosen.number} ended with {ended.returncode}: {ended.stderr.decode(errors='replace')[-2000:]}"
        raise RunError(msg)
    found: Found = json.loads(ended.stdout)
    return found


def differing(first: Found, other: Found) -> list[str]:
    """Returns the names of what is not the same in both."""
    return sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name))


def root_hash(found: Found) -> str:
    """Returns one hash over all that a run gives."""
    return sha256_json(found)


def all_runs(
    room: Path, chosen: Sequence[Settings], workers: int, deliver: Deliver = every_table
) -> Iterator[tuple[Settings, Found | str]]:
    """Yields each run's settings with what it gave, or what it said when it failed, as they end."""
    source = room / deliver.__name__
    deliver(source)
    with ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(run, room, one, source): one for one in chosen}
        for ended in as_completed(waiting):
            try:
                yield waiting[ended], ended.result()
            except RunError as error:
                yield waiting[ended], str(error)


def varied(chosen: Sequence[Settings]) -> str:
    """Returns how many values each setting took."""
    counts = {field.name: len({getattr(one, field.name) for one in chosen}) for field in fields(Settings)}
    return ", ".join(f"{name} {count}" for name, count in counts.items() if name != "number")


def compare(room: Path, chosen: Sequence[Settings], workers: int, deliver: Deliver) -> int:
    """Runs as often as there are settings, and says the root hash; returns how many did not give the first one's."""
    started, hashes, first, failed = time.monotonic(), dict[str, int](), Found(), 0
    for done, (one, found) in enumerate(all_runs(room, chosen, workers, deliver), start=1):
        if isinstance(found, str):
            failed += 1
            sys.stdout.write(f"FAILED {one}\n{found}\n")
            continue
        first = first or found
        hashes[root_hash(found)] = hashes.get(root_hash(found), 0) + 1
        if differs := differing(first, found):
            sys.stdout.write(f"DIFFERS {one}\n" + "".join(f"  {each}\n" for each in differs))
        if not done % 10:
            sys.stdout.write(f"{done} runs, {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()
    kind = deliver.__name__.replace("_", " ")
    sys.stdout.write(
        f"{len(chosen)} runs of {kind}, {time.monotonic() - started:.0f} s: {len(hashes)} "
        f"root hash{'' if len(hashes) == 1 else 'es'} {' '.join(hashes)} over {len(first)} files and tables"
        f"{f'; {failed} runs failed' if failed else ''}\ndifferent values: {varied(chosen)}\n"
    )
    return len(chosen) - max(hashes.values(), default=0)


def main() -> int:
    """Runs as often as the environment asks for; returns 1 where a run gave other bytes, or failed."""
    small, large = int(os.environ.get("RUNS") or 200), int(os.environ.get("RUNS_LARGE") or 6)
    seed, workers = int(os.environ.get("SEED") or 1), int(os.environ.get("RUNS_WORKERS") or os.cpu_count() or 1)
    others = 0
    with quick_room() as room:
        locales = made_locales(room / "locales")
        for count, deliver in ((small, every_table), (large, many_rows)):
            chosen = [settings(number, seed, locales, clock=clock_library() is not None) for number in range(count)]
            others += compare(room, chosen, workers, deliver) if chosen else 0
    sys.stdout.write(
        f"seed {seed}; locales: {', '.join(locales)}; clock: "
        f"{'varied' if clock_library() else 'not varied, as the package faketime is not installed'}\n"
    )
    write_figure("same-bytes", count=small + large, failed=others, seed=seed)
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
