"""What a run's machine is set to: chosen by chance, from the run's number and the seed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.libfaketime import WAITING, faketime_library

ZONES = (
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Zurich",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
)
# Decimal commas, other collations, a dotless i. Those in UTF-8 only: a path is one.
LOCALES = ("de_DE", "tr_TR", "fr_CH", "hi_IN", "sv_SE")
FOLDERS = (
    "s",
    "study with spaces",
    "Größe, étude № 3 (Kopie)",
    "研究 données [1] o'Neill & 100% {x}",
    # SQLite opens no file whose path has more than 511 bytes.
    "/".join(f"a rather long name of a folder, number {level} of 8" for level in range(1, 9)),
)
UMASKS = (0o022, 0o077, 0o002, 0o027)
# The clock's day, as days from now: before the exports were made, a leap day's year, after 2038.
CLOCKS = (0, -4000, -1, 1, 456, 5000)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one run. `order` chooses the order in which deliveries arrive and how old their files are."""

    number: int
    threads: int
    zone: str
    locale: str
    hash_seed: int
    folder: str
    order: int
    portions: int
    umask: int
    listing: int
    workers: int
    clock_days: int

    def environment(self, library: Path | None, locales: Path) -> dict[str, str]:
        """Returns the environment of the run's process."""
        found = {
            **os.environ,
            "AFTERGLOW_THREADS": str(self.threads),
            "TZ": self.zone,
            "LC_ALL": self.locale,
            "LOCPATH": str(locales),
            "PYTHONHASHSEED": str(self.hash_seed),
            "SAME_BYTES_LISTING": str(self.listing),
        }
        if library is not None and self.clock_days:
            found |= {"LD_PRELOAD": str(library), "FAKETIME": f"{self.clock_days:+d}d", **WAITING}
        return found


def settings(number: int, seed: int, locales: Sequence[str], *, clock: bool) -> Settings:
    """Returns the settings of run `number`: 0 and 1 are as far apart as they can be, the others by chance."""
    if number == 0:
        return Settings(
            number=0, threads=1, zone="UTC", locale="C", hash_seed=0, folder=FOLDERS[0], order=0, portions=1,
            umask=0o022, listing=0, workers=1, clock_days=0,
        )  # fmt: skip
    if number == 1:
        return Settings(
            number=1, threads=8, zone="Pacific/Kiritimati", locale=locales[-1], hash_seed=4711, folder=FOLDERS[3],
            order=1, portions=3, umask=0o077, listing=1, workers=2, clock_days=CLOCKS[-1] if clock else 0,
        )  # fmt: skip
    chance = random.Random(seed * 1_000_003 + number)  # noqa: S311 - to try things, not to hide them
    return Settings(
        number=number,
        threads=chance.choice((1, 2, 3, 4, 8)),
        zone=chance.choice(ZONES),
        locale=chance.choice(list(locales)),
        hash_seed=chance.randrange(2**32),
        folder=chance.choice(FOLDERS),
        order=chance.randrange(2**32),
        portions=chance.choice((1, 2, 3)),
        umask=chance.choice(UMASKS),
        listing=chance.randrange(2**32),
        workers=chance.choice((1, 2)),
        clock_days=chance.choice(CLOCKS) if clock else 0,
    )


def clock_library() -> Path | None:
    """Returns the library that sets a process's clock; None where it is not there."""
    return faketime_library("libfaketimeMT.so.1")


def made_locales(room: Path) -> tuple[str, ...]:
    """Writes the locales whose sources the machine has into `room`; returns the names of all that can be set."""
    room.mkdir()
    made = ["C", "C.UTF-8", "POSIX"]
    localedef = shutil.which("localedef")
    for name in LOCALES if localedef else ():
        run = [str(localedef), "-i", name, "-f", "UTF-8", str(room / f"{name}.UTF-8")]
        if subprocess.run(run, capture_output=True, check=False).returncode == 0:
            made.append(f"{name}.UTF-8")
    return tuple(made)
