"""`make agreement`: the tables beside the reference on many made-up subjects; prints what was compared.

`AGREEMENT_SUBJECTS` says how many, `AGREEMENT_SEED` which. What disagrees is printed: these are made-up people.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.reference.agreement import TABLES, differences
from tests.reference.delivered import Trial, made_up_trial

STUDIES = ("parallel", "codes", "crossover")


def trial(name: str, folder: Path, subjects: int, seed: int) -> Trial:
    """Returns a study with its share of the subjects, delivered and built."""
    return made_up_trial(name, folder, seed, range(STUDIES.index(name), subjects, len(STUDIES)))


def main() -> int:
    """Compares every table of every study; returns 1 where a row disagrees."""
    subjects = int(os.environ.get("AGREEMENT_SUBJECTS") or 10_000)
    seed = int(os.environ.get("AGREEMENT_SEED") or 1)
    began = time.monotonic()
    disagreeing = 0
    with tempfile.TemporaryDirectory(prefix="afterglow-agreement-") as folder:
        for name in STUDIES:
            study, people, cut = trial(name, Path(folder) / name, subjects, seed)
            for table in TABLES:
                compared = differences(study, people, cut, table)
                count = f"{compared.rows:9,} rows  {len(compared.differing):,} disagree"
                _say(f"{name:10} {len(people):6,} subjects  {table:12} {count}", compared.differing)
                disagreeing += len(compared.differing)
    _say(f"{subjects:,} subjects, seed {seed}, {time.monotonic() - began:.0f} s: {disagreeing:,} rows disagree")
    return int(disagreeing > 0)


def _say(what: str, differing: Sequence[object] = ()) -> None:
    sys.stdout.write("\n".join([what, *(f"    {one}" for one in differing[:3]), ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
