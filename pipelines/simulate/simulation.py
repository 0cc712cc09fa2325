"""The verb: make the trial, plant the defects, write the inbox and the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.errors import NotAllowedError
from pipelines.core.files import write_atomically
from pipelines.simulate.defects import plant
from pipelines.simulate.deliver_csv import csv_tables
from pipelines.simulate.deliver_vendors import vendor_tables
from pipelines.simulate.deliver_xpt import xpt_tables
from pipelines.simulate.planting import Defect
from pipelines.simulate.protocol import CSV_SITES, EXPORT, STUDY, TRUE_EFFECTS, XPT_SITES
from pipelines.simulate.realised import realised_effects
from pipelines.simulate.refused import refused_files
from pipelines.simulate.snapshots import Correction, older_snapshots
from pipelines.simulate.tables import Table, csv_bytes
from pipelines.simulate.trial import Participant, trial
from pipelines.simulate.xpt import xpt_bytes
from pipelines.study import load_study

SEED = 20260115


@dataclass(frozen=True, kw_only=True)
class SimulateReceipt:
    """What was written: files and the data rows in those that can be landed, randomised subjects, planted defects."""

    files: int
    subjects: int
    rows: int
    defects: int


def simulate(target: Path, *, seed: int = SEED) -> SimulateReceipt:
    """Writes the simulated trial into the study folder `target`: `inbox/<site>/<file>` and `truth.json`.

    The same seed gives the same bytes. A file that has these bytes already is left as it is; nothing is deleted.

    Raises:
        NotAllowedError: `target` is the folder of a study that does not say `simulated: true`.
        StudyFileError: the study file of `target` cannot be read.
    """
    _refuse_real_study(target)
    people = trial(seed)
    tables = _current_exports(people)
    by_name = {(table.site, table.kind): table for table in tables}
    older, corrections = older_snapshots(people, by_name)
    refused = refused_files(people)
    defects = [*plant(by_name), *(file.defect() for file in refused)]
    files = {(table.site, table.file): _bytes(table) for table in (*tables, *older)}
    files |= {(file.site, file.file): file.content for file in refused}
    for (site, name), content in files.items():
        _write(target / "inbox" / site / name, content)
    _write(target / "truth.json", _truth(seed, people, defects, corrections))
    return SimulateReceipt(
        files=len(files),
        subjects=sum(person.subject.arm is not None for person in people),
        rows=sum(len(table.rows) for table in (*tables, *older)),
        defects=len(defects),
    )


def _refuse_real_study(target: Path) -> None:
    if (target / "study.yml").exists() and not load_study(target).simulated:
        msg = (
            f"{target.name}: this study is not a simulated one; nothing was written.\n"
            "Simulated rows must never lie among a trial's own. Give a new folder, or a study with `simulated: true`."
        )
        raise NotAllowedError(msg)


def _current_exports(people: Sequence[Participant]) -> list[Table]:
    tables: list[Table] = []
    for sites, make in ((CSV_SITES, csv_tables), (XPT_SITES, xpt_tables)):
        for site in sites:
            tables += make(site, [person for person in people if person.subject.site == site], EXPORT)
    return [*tables, *vendor_tables(people)]


def _bytes(table: Table) -> bytes:
    return csv_bytes(table) if table.suffix == "csv" else xpt_bytes(table)


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)


def _truth(
    seed: int, people: Sequence[Participant], defects: Sequence[Defect], corrections: Sequence[Correction]
) -> bytes:
    document: dict[str, Any] = {
        "study": STUDY,
        "simulated": True,
        "seed": seed,
        "true_effects": TRUE_EFFECTS,
        "realised_before_defects": realised_effects(people),
        "defects": [defect.truth() for defect in defects],
        "corrections": [correction.truth() for correction in corrections],
    }
    return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode()
