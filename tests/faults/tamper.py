"""`make tamper`: change a published study in every way that one file can be changed, and see whether verify names it.

TAMPER           how many changes
TAMPER_SEED      another seed gives others
TAMPER_WORKERS   how many processes, each with a study of its own (one a processor)

What is changed: every file of the study's folder but those of `EXCEPTIONS`, and the rows of the audit trail. Each is
put back before the next.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from pipelines.core.errors import IntegrityError
from pipelines.study import Study, load_study
from pipelines.verify import verify
from tests.faults.cases import Range
from tests.faults.furnished import furnish
from tests.soaks import write_figure

Change = Callable[[bytes, random.Random], bytes | None]


def flipped(content: bytes, chance: random.Random) -> bytes:
    """Returns the content with one bit turned."""
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def shortened(content: bytes, chance: random.Random) -> bytes:
    """Returns a beginning of the content."""
    return content[: chance.randrange(len(content))]


def lengthened(content: bytes, chance: random.Random) -> bytes:
    """Returns the content with one more byte somewhere."""
    place = chance.randrange(len(content) + 1)
    return content[:place] + bytes([chance.randrange(256)]) + content[place:]


def swapped(content: bytes, chance: random.Random) -> bytes:
    """Returns the content with two parts of it in each other's place; where that changes nothing, with a bit turned."""
    first, second = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    changed = content[second:] + content[first:second] + content[:first]
    return changed if changed != content else flipped(content, chance)


def deleted(content: bytes, chance: random.Random) -> None:
    """Says that the file goes."""


CHANGES: tuple[Change, ...] = (flipped, shortened, lengthened, swapped, deleted)
LEDGER = (
    "update ledger_links set at = '2020-01-01T00:00:00.000Z' where seq = {seq}",
    "update ledger_links set user = 'somebody' where seq = {seq}",
    "update ledger_links set action = 'export' where seq = {seq}",
    "update ledger_links set previous = sha256 where seq = {seq}",
    'update ledger_contents set content = replace(content, \'"new":"\', \'"new":"x\') where seq = {seq}',
    "update ledger_contents set key = '{other}' where seq = {seq}",
    "delete from ledger_links where seq = {seq}",
    "update ledger_links set seq = 1000000 where seq = {seq}",
    (
        "insert into ledger_links select study, seq + 99, at, user, software, action, commitment, previous, sha256 from"
        " ledger_links where seq = {seq}"
    ),
)


# The files below a study's folder that verify does not answer for, and why.
EXCEPTIONS = {
    "inbox": "the sites' own; what was landed of it is in the store",
    "ledger": "a database: its rows are proved and changed here by statements; its free pages say nothing",
    ".lock": "has no content",
    "study.yml": "a person's to change: verify gives a notice of it, and a study with a signed cut halts",
    ".runs": "a counter that keeps overtaken runs from publishing; nothing is derived from it",
}


def files_of(study: Study) -> list[Path]:
    """Returns every file of the published study that verify answers for: all but the exceptions."""
    root = study.folder.root
    found = [path for path in root.rglob("*") if path.relative_to(root).parts[0] not in EXCEPTIONS]
    return sorted(path for path in found if path.is_file())


def is_named(study: Study, *names: str) -> bool:
    """Whether verify fails, and names one of these."""
    try:
        verify(study)
    except IntegrityError as error:
        return any(name in str(error) for name in names)
    return False


def tampered_file(study: Study, chance: random.Random, files: list[Path]) -> tuple[str, str, bool]:
    """Changes one file, and puts it back; returns how, which file, and whether verify named it."""
    path, change = chance.choice(files), chance.choice(CHANGES)
    content, mode = path.read_bytes(), path.stat().st_mode
    path.chmod(0o644)
    changed = change(content, chance)
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)
    named = is_named(study, str(path))
    path.write_bytes(content)
    path.chmod(mode)
    return change.__name__, path.name, named


def exchanged_files(study: Study, chance: random.Random, files: list[Path]) -> tuple[str, str, bool]:
    """Puts two files into each other's place, and back; returns the same."""
    one, other = chance.sample(files, 2)
    contents = {path: path.read_bytes() for path in (one, other)}
    if contents[one] == contents[other]:
        return tampered_file(study, chance, files)
    modes = {path: path.stat().st_mode for path in contents}
    for path, content in ((one, contents[other]), (other, contents[one])):
        path.chmod(0o644)
        path.write_bytes(content)
    named = is_named(study, str(one), str(other))
    for path, content in contents.items():
        path.write_bytes(content)
        path.chmod(modes[path])
    return "exchanged", f"{one.name} and {other.name}", named


def added_file(study: Study, chance: random.Random, files: list[Path]) -> tuple[str, str, bool]:
    """Puts one more file beside another, and takes it away; returns the same."""
    # A person may put a file of their own beside the study file.
    beside = chance.choice([path for path in files if path.parent != study.folder.root])
    path = beside.with_name("added.parquet")
    path.write_bytes(b"added")
    named = is_named(study, str(path))
    path.unlink()
    return "added", beside.name, named


def tampered_ledger(study: Study, chance: random.Random, events: int) -> tuple[str, str, bool]:
    """Changes one row of the audit trail, and puts the file back; returns the same."""
    ledger = study.folder.ledger
    content = ledger.read_bytes()
    statement = chance.choice(LEDGER).format(seq=chance.randrange(1, events - 1), other="ab" * 32)
    with contextlib.closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute(statement)
    if ledger.read_bytes() == content:
        return "ledger", ledger.name, True
    named = is_named(study, str(ledger))
    ledger.write_bytes(content)
    return "ledger", statement, named


def tamper(study: Study, seed: int) -> Iterator[tuple[str, str, bool]]:
    """Yields without end how something was changed, what, and whether verify named it."""
    chance = random.Random(seed)  # noqa: S311 - to try things, not to hide them
    files, events = files_of(study), verify(study).events
    while True:
        kind = chance.random()
        if kind < 0.05:
            yield tampered_ledger(study, chance, events)
        elif kind < 0.1:
            yield added_file(study, chance, files)
        elif kind < 0.15:
            yield exchanged_files(study, chance, files)
        else:
            yield tampered_file(study, chance, files)


def tampered(root: Path, seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Changes a study of its own `count` times; returns how often in which way, and a line for each that was missed."""
    study, done, missed = load_study(root), Counter[str](), []
    for how, what, named in islice(tamper(study, seed), count):
        done[how] += 1
        if not named:
            missed.append(f"{how}: {what}")
    verify(study)
    return done, missed


def main() -> int:
    """Changes a study as often as the environment asks for, prints the figure; returns the exit code."""
    count, seed = int(os.environ.get("TAMPER") or 10_000), int(os.environ.get("TAMPER_SEED") or 1)
    workers = int(os.environ.get("TAMPER_WORKERS") or os.cpu_count() or 1)
    memory = Path("/dev/shm")  # noqa: S108 - a file there costs no wait for the disk; where there is none, elsewhere
    with tempfile.TemporaryDirectory(prefix="afterglow-tamper-", dir=memory if memory.is_dir() else None) as room:
        place = Range(Path(room))
        place.put("reported")
        ended = place.run()
        assert ended.code == 0, ended
        furnish(load_study(place.place), Path(room))
        roots = [Path(room) / f"worker {number}" / "study" for number in range(workers)]
        for root in roots:
            shutil.copytree(place.place, root)
        shares = [count // workers + (number < count % workers) for number in range(workers)]
        started = time.monotonic()
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
            seeds = [seed * 1000 + number for number in range(workers)]
            results = list(pool.map(tampered, roots, seeds, shares))
        done = sum((found for found, _ in results), Counter[str]())
        missed = [line for _, lines in results for line in lines]
        sys.stdout.write("".join(f"MISSED {line}\n" for line in missed))
        counts = ", ".join(f"{number} {how}" for how, number in sorted(done.items()))
        sys.stdout.write(
            f"{done.total()} changes ({counts}) of {len(files_of(load_study(roots[0])))} files and the audit trail: "
            f"{done.total() - len(missed)} found and named, {len(missed)} missed; seed {seed}, {workers} processes, "
            f"{time.monotonic() - started:.0f} s\n"
        )
    write_figure("tamper", count=done.total(), failed=len(missed), seed=seed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
