"""The candidate's database before and after dbt: what the models read goes in, what a reader does not need goes out."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.build.dictionary import CataloguedTable, catalogued
from pipelines.build.history import chains, create_history
from pipelines.build.landed import create_landed
from pipelines.build.parameters import create_parameters
from pipelines.build.project import DocumentedTable
from pipelines.build.sdtm_tables import create_sdtm_tables, documented_domains
from pipelines.core.duck import connect, identifier, literal
from pipelines.core.errors import IntegrityError
from pipelines.study import Study

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import CutInputs

# The storage format of DuckDB 1.0: readers with an older library open the file too.
_STORAGE_VERSION = "v1.0.0"
_PUBLISHED_SCHEMAS = ("marts", "monitoring", "sdtm")
# The steps that `afterglow trace` reads, and which rows of them it asks for.
_KEPT_STEPS = {
    "int_intercurrent_events_dated": "true",
    "int_responses_started": "true",
    "int_scores_by_estimand": "is_after_event",
}


def create_database(path: Path, study: Study, inputs: CutInputs) -> None:
    """Creates the database with the schemas `landed` and `study`.

    Raises:
        IntegrityError: a landed file is not the one that was written.
    """
    _check_landed_files(study, inputs)
    with contextlib.closing(connect()) as connection:
        connection.execute(f"attach {literal(str(path))} as cut (storage_version {literal(_STORAGE_VERSION)}); use cut")
        create_parameters(connection, study, inputs)
        create_landed(connection, inputs)
        create_history(connection, inputs)


def finish_database(
    connection: duckdb.DuckDBPyConnection, study: Study, documented: list[DocumentedTable]
) -> list[CataloguedTable]:
    """Adds what no model makes and an alias in `main` for each published table, drops what points at the store.

    Of the steps in the database `steps`, which goes, those stay that `afterglow trace` reads. Returns the catalogue of
    all tables, also of those that are dropped.
    """
    create_sdtm_tables(connection, study)
    catalogue = catalogued(connection, [*documented, *documented_domains(study)])
    connection.execute("create schema intermediate")
    for name, condition in _KEPT_STEPS.items():
        connection.execute(
            f"create table intermediate.{name} as from steps.intermediate.{name} where {condition} order by all"
        )
    connection.execute("detach steps; drop schema landed cascade")
    for schema, table in published_tables(connection):
        connection.execute(f"create view main.{identifier(table)} as select * from {schema}.{identifier(table)}")
    return catalogue


def published_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Returns schema and name of each table that is published, by name."""
    marks = ", ".join("?" for _ in _PUBLISHED_SCHEMAS)
    return connection.execute(
        f"select schema_name, table_name from duckdb_tables() where schema_name in ({marks}) order by table_name",
        list(_PUBLISHED_SCHEMAS),
    ).fetchall()


def _check_landed_files(study: Study, inputs: CutInputs) -> None:
    """A flipped bit of a Parquet file mostly reads as another value: hashes are checked before any row is read."""
    from pipelines.land.store import damaged_files

    read = [delivery for delivery in inputs.deliveries if delivery.current]
    read += [delivery for chain in chains(inputs.deliveries) for delivery in chain]
    damaged: list[Path] = []
    for directory, treatment in dict.fromkeys((one.directory, one.treatment_directory) for one in read):
        damaged += damaged_files(directory)
        if not inputs.document["blinded"] and treatment.is_dir():
            damaged += damaged_files(treatment)
    if damaged:
        listed = "\n".join(f"  {path.relative_to(study.folder.root)}" for path in damaged)
        msg = (
            f"{study.name}: landed files are damaged or gone:\n{listed}\n"
            "Nothing was built. Restore them from a backup, or remove their folder and run "
            f"`afterglow land {study.name}`."
        )
        raise IntegrityError(msg)
