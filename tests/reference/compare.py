"""`make agreement`: the tables beside the reference on many made-up subjects; prints what was compared.

`AGREEMENT_SUBJECTS` says how many, `AGREEMENT_SEED` which. What disagrees is printed: these are made-up people.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.reference.agreement import TABLES, Compared, asked, differences
from tests.reference.delivered import Trial, made_up_trial
from tests.soaks import write_figure

STUDIES = ("parallel", "codes", "crossover", "periods", "withdrawal", "safety")


@dataclass
class Tally:
    """What was compared of one table, over all studies."""

    subjects: int = 0
    rows: int = 0
    disagreeing: int = 0
    seconds: float = 0.0

    def add(self, subjects: int, compared: Compared, seconds: float) -> None:
        """Counts what one study has of it; a study without a row of it has no subjects to compare."""
        if compared.rows or compared.differing:
            self.subjects += subjects
        self.rows += compared.rows
        self.disagreeing += len(compared.differing)
        self.seconds += seconds


def trial(name: str, folder: Path, subjects: int, seed: int) -> Trial:
    """Returns a study with its share of the subjects, delivered and built."""
    return made_up_trial(name, folder, seed, range(STUDIES.index(name), subjects, len(STUDIES)))


def main() -> int:
    """Compares every table of every study; returns 1 where a row disagrees."""
    subjects = int(os.environ.get("AGREEMENT_SUBJECTS") or 10_000)
    seed = int(os.environ.get("AGREEMENT_SEED") or 1)
    began = time.monotonic()
    found = {table: Tally() for table in TABLES}
    with tempfile.TemporaryDirectory(prefix="afterglow-agreement-") as folder:
        for name in STUDIES:
            study, people, cut = trial(name, Path(folder) / name, subjects, seed)
            for table, tally in found.items():
                if not asked(study, table):
                    continue
                started = time.monotonic()
                compared = differences(study, people, cut, table)
                tally.add(len(people), compared, time.monotonic() - started)
                count = f"{compared.rows:9,} rows  {len(compared.differing):,} disagree"
                _say(f"{name:10} {len(people):6,} subjects  {table:20} {count}", compared.differing)
    for table, tally in found.items():
        _say(f"{table:20} {tally.rows:9,} rows of {_summary(tally.subjects, seed, tally.seconds, tally.disagreeing)}")
    disagreeing = sum(tally.disagreeing for tally in found.values())
    _say(_summary(subjects, seed, time.monotonic() - began, disagreeing))
    write_figure("agreement", count=subjects, failed=disagreeing, seed=seed)
    return int(disagreeing > 0)


def _summary(subjects: int, seed: int, seconds: float, disagreeing: int) -> str:
    return f"{subjects:,} subjects, seed {seed}, {seconds:.0f} s: {disagreeing:,} rows disagree"


def _say(what: str, differing: Sequence[object] = ()) -> None:
    sys.stdout.write("\n".join([what, *(f"    {one}" for one in differing[:3]), ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
