"""Gating again: a check that an error of a library kept from running says nothing of the cut, and may run another time.

An ERROR whose cause is in the cut (a table that is not there, a rule that cannot be planned, no row) is the same each
time, and stays the verdict. One that was raised in the midst of a check may have been the machine's.
"""

from __future__ import annotations

import shutil

from pipelines.core.files import fsync_directory
from pipelines.core.leftovers import SUFFIX, remove_leftovers
from pipelines.cut import Cut
from pipelines.gate.expectations import RAISED
from pipelines.gate.waivers import gate_rows


def may_run_another_time(cut: Cut) -> bool:
    """Whether a check of a gated cut raised an error, and nobody has signed or published what was written of it."""
    if cut.seal.exists() or cut.manifest.exists() or not (cut.gate / "checks.parquet").is_file():
        return False
    return any(row["error"] == RAISED for row in gate_rows(cut, "checks"))


def take_back(cut: Cut) -> None:
    """Takes the verdict of a cut away, and before it the report that shows it; the caller holds the study's lock."""
    remove_leftovers(cut.directory)
    for part in (cut.report, cut.gate):
        if part.is_dir():
            # As a whole: what a crash leaves of it is no part of the cut.
            gone = part.rename(part.with_name(f".{part.name}.again{SUFFIX}"))
            fsync_directory(cut.directory)
            shutil.rmtree(gone)
