"""The gate's database: one in-memory DuckDB whose schemas are views over what is checked. Nothing is copied.

landed      the store's Parquet of the cut's current deliveries, one view a domain; `deliveries`, `quarantine`
curated     the marts in cut.duckdb (schemas `marts` and `monitoring`)
published   tables/*.parquet, what would be published; `reconciliation`, from delivered to published records
study, reference    the protocol's numbers and the instrument catalogue, as the models saw them
Rule    the treatment vault is never attached
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.core import duck
from pipelines.core.duck import identifier, literal
from pipelines.core.errors import IntegrityError
from pipelines.core.machine import raise_refusal
from pipelines.gate.read_records import create_landed_records, readings
from pipelines.gate.reconcile import reconcile
from pipelines.land.store import landing_directory
from pipelines.study import Study
from pipelines.study.domains import DOMAINS, KEYS, SQL_TYPES

if TYPE_CHECKING:
    from pipelines.cut import Cut

_DELIVERIES = {
    "siteid": "varchar",
    "file": "varchar",
    "delivery_id": "varchar",
    "landing_key": "varchar",
    "delivered_on": "date",
    "outcome": "varchar",
    "rows_in": "bigint",
    "rows_accepted": "bigint",
    "rows_quarantined": "bigint",
    "rows_refused": "bigint",
    "current": "boolean",
    "rank": "integer",
}
_PROVENANCE = {"_delivery_id": "varchar", "_source_file": "varchar", "_source_row": "bigint", "_record": "integer"}
_QUARANTINE = {name: _PROVENANCE[name] for name in ("_delivery_id", "_source_file", "_source_row")} | {
    "column_name": "varchar",
    "code": "varchar",
    "reason": "varchar",
    "usubjid": "varchar",
    "visit": "varchar",
}
# What the gate itself adds to a cut's tables: there before the checks only where a gate was broken off.
MADE_HERE = "queries"
_number = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The database, by the name under which this process can open it, and which domains the study's layouts deliver."""

    connection: duckdb.DuckDBPyConnection
    database: str
    domains: frozenset[str]

    shapes: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def look(self) -> None:
        """Reads which tables there are, and their columns: once, as each look takes a millisecond."""
        self.shapes.clear()
        rows = self.connection.execute(
            """
            select schema_name, table_name, column_name from duckdb_columns()
            where database_name = current_database() order by schema_name, table_name, column_index
            """
        ).fetchall()
        for schema, table, column in rows:
            self.shapes.setdefault((schema, table), []).append(column)

    def tables(self, schema: str) -> list[str]:
        """Returns the tables of a schema, by name."""
        return [table for owner, table in self.shapes if owner == schema]

    def columns(self, schema: str, table: str) -> list[str]:
        """Returns a table's columns in order; none when there is no such table."""
        return self.shapes.get((schema, table), [])


@contextlib.contextmanager
def opened_rooms(study: Study, cut: Cut) -> Iterator[Rooms]:
    """Yields the database of the cut's gate, and closes it.

    Raises:
        IntegrityError: the cut has no `cut.duckdb`, or the store not the rows it was made of.
    """
    if not cut.duckdb.is_file():
        msg = f"cut {cut.short_id}: cut.duckdb is not there. Run `afterglow build` again."
        raise IntegrityError(msg)
    database = f":memory:gate-{next(_number)}"
    connection = duck.connect(Path(database))
    try:
        connection.execute(
            "".join(f"create schema {name};" for name in ("landed", "curated", "published", "study", "reference"))
        )
        _land(connection, study, cut)
        _curate(connection, cut)
        _declare(connection, study)
        for file in sorted(cut.tables.glob("[!.]*.parquet")):
            if file.stem == MADE_HERE:
                continue
            _view(connection, "published", file.stem, f"select * from {duck.parquet_scan([file])}")
        _reconcile(connection, study, cut)
        yield Rooms(connection=connection, database=database, domains=study.delivered_domains)
    finally:
        connection.close()


def _reconcile(connection: duckdb.DuckDBPyConnection, study: Study, cut: Cut) -> None:
    try:
        create_landed_records(connection, study, cut)
        reconcile(connection, readings(connection, study, cut))
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.ConversionException):
        # A table or column that it counts is not there. Without the reconciliation its checks are errors, and block.
        connection.execute("drop table if exists published.reconciliation")
    finally:
        connection.execute("drop view if exists landed.enrolled_later")


def _land(connection: duckdb.DuckDBPyConnection, study: Study, cut: Cut) -> None:
    deliveries: list[dict[str, Any]] = cut.inputs["deliveries"]
    columns = ", ".join(f"{name} {kind}" for name, kind in _DELIVERIES.items())
    connection.execute(f"create table main.delivery_list ({columns})")
    rows = [[delivery.get(name) for name in _DELIVERIES] for delivery in deliveries]
    duck.insert_rows(connection, "main.delivery_list", rows)
    _view(connection, "landed", "deliveries", "select * from main.delivery_list")
    folders = [
        landing_directory(study.folder, delivery["delivery_id"], delivery["landing_key"])
        for delivery in deliveries
        if delivery["current"]
    ]
    if gone := [folder for folder in folders if not folder.is_dir()]:
        msg = f"cut {cut.short_id}: landed rows that it was made of are not there ({len(gone)} deliveries): {gone[0]}"
        raise IntegrityError(msg)
    for name, domain in DOMAINS.items():
        variables = {one.name: SQL_TYPES[one.type] for one in domain.variables if one not in domain.hidden}
        shape = dict.fromkeys(KEYS, "varchar") | variables | _PROVENANCE
        _view_of_files(connection, name, [folder / "rows" / f"{name}.parquet" for folder in folders], shape)
    _view_of_files(connection, "quarantine", [folder / "quarantine.parquet" for folder in folders], _QUARANTINE)


def _view_of_files(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path], shape: dict[str, str]) -> None:
    present = [file for file in files if file.is_file()]
    if present:
        # Whatever the files hold is seen: a column that should not be there is for a check to find.
        _view(connection, "landed", name, f"select * from {duck.parquet_scan(present)}")
        return
    columns = ", ".join(f"null::{kind} as {identifier(column)}" for column, kind in shape.items())
    _view(connection, "landed", name, f"select {columns} where false")


def _curate(connection: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    connection.execute(f"attach {literal(str(cut.duckdb))} as cut (read_only)")
    rows = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'cut' order by all"
    ).fetchall()
    rooms = {"marts": "curated", "monitoring": "curated", "sdtm": "curated", "study": "study", "reference": "reference"}
    for schema, table in rows:
        if schema in rooms and table != MADE_HERE:
            _view(connection, rooms[schema], table, f"select * from cut.{identifier(schema)}.{identifier(table)}")


def _declare(connection: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Adds what only the study file says: the tests its layouts name, and how many rows may be set aside."""
    exports = [export for files in study.layouts.values() for export in files]
    targets = {tuple(column.to.split(".")[:2]) for export in exports for column in export.columns.values() if column.to}
    tests = sorted(target for target in targets if len(target) == 2)
    listed = ", ".join(f"({literal(domain)}, {literal(test)})" for domain, test in tests) or "(null, null)"
    _view(connection, "study", "declared_tests", f"select * from (values {listed}) as tests (domain, testcd)")
    limit = literal(study.quarantine_limit_pct)
    _view(connection, "study", "limits", f"select {limit}::double as quarantine_limit_pct")


def _view(connection: duckdb.DuckDBPyConnection, schema: str, name: str, query: str) -> None:
    try:
        connection.execute(f"create view {schema}.{identifier(name)} as {query}")
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        raise_refusal(error)
        # Its own message may show bytes of the file.
        msg = f"{schema}.{name}: a file that it stands for cannot be read. Run `afterglow verify` to see which."
        raise IntegrityError(msg) from None
