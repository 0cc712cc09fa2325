"""Build: from what was landed and the study file to the tables of a candidate cut.

Reads   the current deliveries' rows, study.yml, dbt_project; for an open cut the treatment vault
Writes  cuts/<cut_id>: cut.duckdb, tables/<name>.parquet, catalogue.json, inputs.json
Rule    a cut that exists is not built again; a cut that is there is there whole
"""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.core.fail_points import reached
from pipelines.core.files import directory_written_whole
from pipelines.core.hashing import canonical_json
from pipelines.core.leftovers import owned_directory
from pipelines.ledger import audited, record
from pipelines.study import Study

if TYPE_CHECKING:
    from pipelines.cut import Cut, CutInputs


@dataclass(frozen=True, kw_only=True)
class BuildReceipt:
    """The cut that is there now, whether it was there before, and the rows of each of its tables."""

    cut_id: str
    reused: bool
    rows: dict[str, int]


@audited
def build(
    study: Study,
    *,
    as_of: datetime.date | None = None,
    data_cutoff: datetime.date | None = None,
    blinded: bool | None = None,
) -> BuildReceipt:
    """Derives the tables of the cut that these inputs name.

    Args:
        study: the study.
        as_of: only deliveries that were known on this day.
        data_cutoff: records dated after this day are left out, and who consented after it; a partial date counts by its
            known part.
        blinded: every treatment is BLINDED and every dose empty; by default as the study file says.

    Raises:
        StudyFileError: no file of the study has demographics.
        GateFailedError: a derived table broke one of its data tests; nothing was written.
        IntegrityError: landed rows are damaged, or their allocation is missing in the vault.
        InputRefusedError: nothing was landed, or it was landed under an earlier contract.
        BusyError: another process works on the study.
    """
    from pipelines.build.events import build_events
    from pipelines.cut import Cut, cut_inputs, readers_of
    from pipelines.study.demographics import require_demographics

    require_demographics(study)
    inputs = cut_inputs(study, as_of=as_of, data_cutoff=data_cutoff, blinded=blinded)
    cut = Cut(study.folder, inputs.cut_id)
    reused = cut.directory.is_dir()
    if not reused:
        readers = readers_of(study.folder, inputs.document)
        whole = directory_written_whole(cut.directory, change="build.cut", readers=readers)
        with study.folder.lock(), whole as candidate:
            _write_candidate(candidate, study, inputs)
    record(study.folder, *build_events(cut))
    return BuildReceipt(cut_id=cut.cut_id, reused=reused, rows=_rows(cut))


def _write_candidate(candidate: Path, study: Study, inputs: CutInputs) -> None:
    from pipelines.build.database import create_database, finish_database
    from pipelines.build.derive import derived
    from pipelines.build.dictionary import write_catalogue
    from pipelines.build.tables import write_tables
    from pipelines.core.duck import connect

    database = candidate / "cut.duckdb"
    create_database(database, study, inputs)
    reached("build.created")
    # dbt's artefacts hold paths, times and compiled SQL, the spilled rows of a subject: they are gone with the folder.
    with (
        owned_directory(Path(tempfile.gettempdir()), "afterglow-build-") as scratch,
        derived(database, scratch) as (connection, documented),
    ):
        reached("build.derived")
        catalogue = finish_database(connection, study, documented)
    # Opened anew, as what the derivation held in memory is given back when it is closed.
    with contextlib.closing(connect(database, read_only=True)) as connection:
        write_tables(connection, catalogue, candidate / "tables")
    write_catalogue(catalogue, candidate / "catalogue.json")
    (candidate / "inputs.json").write_bytes(canonical_json(inputs.document))


def _rows(cut: Cut) -> dict[str, int]:
    import pyarrow.parquet as pq

    # Whether the cut was gated or not, the receipt is the same.
    built = [path for path in sorted(cut.tables.glob("*.parquet")) if path != cut.queries]
    return {path.stem: pq.read_metadata(path).num_rows for path in built}
