"""A cut opened for tracing: its tables, its parameters, the landed records behind it.

Rule    a file's hash is checked before a row of it is read; in a blinded cut the vault is not opened
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.build.landed import create_records
from pipelines.core.duck import connect, identifier, literal, parquet_scan
from pipelines.core.errors import IntegrityError, UsageError
from pipelines.core.hashing import sha256_file
from pipelines.cut import Cut, CutInputs, LandedDelivery, is_same_study
from pipelines.land.store import damaged_files, landing_directory, treatment_directory
from pipelines.study import Study
from pipelines.study.domains import DOMAINS
from pipelines.trace.chain import Values

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, kw_only=True)
class OpenCut:
    """One cut and its study; `wrong` collects the files whose bytes differ from what was recorded."""

    study: Study
    cut: Cut
    connection: duckdb.DuckDBPyConnection
    deliveries: tuple[LandedDelivery, ...]
    wrong: list[str] = field(default_factory=list)
    hashes: dict[Path, str] = field(default_factory=dict)

    def notice(self, difference: str) -> None:
        """Keeps one line for a difference, however often it is met."""
        if difference not in self.wrong:
            self.wrong.append(difference)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Values]:
        """Returns the rows of a query; dates as ISO text."""
        cursor = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [
            {
                name: value.isoformat() if isinstance(value, dt.date) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]

    def has(self, table: str) -> bool:
        """Whether the cut publishes this table."""
        return (self.cut.tables / f"{table}.parquet").is_file()

    def scan(self, table: str) -> str:
        """Returns what a query reads a published table from, once its hash was checked.

        Raises:
            UsageError: the cut has no such table.
            IntegrityError: the file is not the one that the manifest records.
        """
        path = self.cut.tables / f"{table}.parquet"
        if not self.has(table):
            there = ", ".join(sorted(one.stem for one in self.cut.tables.glob("*.parquet")))
            msg = f"{self.study.name}: cut {self.cut.short_id} has no table '{table}'. It has {there}."
            raise UsageError(msg)
        recorded = self._recorded.get(f"tables/{table}.parquet")
        if recorded and recorded != sha256_file(path):
            msg = f"{path}: its bytes are not those that the manifest records. Nothing was traced."
            raise IntegrityError(msg)
        return parquet_scan([path])

    def columns(self, table: str) -> list[str]:
        """Returns the columns of a published table, in order."""
        return [str(row["column_name"]) for row in self.rows(f"describe select * from {self.scan(table)}")]

    def grain(self, table: str) -> list[str]:
        """Returns the columns that name a row of a published table; empty where the file does not tell."""
        import pyarrow.parquet as pq

        metadata = pq.read_schema(self.cut.tables / f"{table}.parquet").metadata or {}
        return [name for name in metadata.get(b"grain", b"").decode().split(", ") if name]

    def parameters(self, table: str, **where: object) -> list[Values]:
        """Returns the rows of a table of schema `study` that have these values, as far as it has such columns."""
        return self._of_schema("study", table, where)

    def reference(self, table: str, **where: object) -> list[Values]:
        """Returns the same of the instrument catalogue as the cut was made with it."""
        return self._of_schema("reference", table, where)

    def derived(self, table: str, **where: object) -> list[Values]:
        """Returns the same of a step between the landed records and the tables (schema `intermediate`)."""
        return self._of_schema("intermediate", table, where)

    def _of_schema(self, schema: str, table: str, where: dict[str, object]) -> list[Values]:
        if (schema, table) not in self._tables:
            return []
        name = f"cut.{schema}.{identifier(table)}"
        known = {column: value for column, value in where.items() if column in self._tables[schema, table]}
        condition = " and ".join(f"{identifier(column)} is not distinct from ?" for column in known) or "true"
        # Of parameters the order is the study file's.
        order = "rowid" if schema == "study" else "all"
        return self.rows(f"select * from {name} where {condition} order by {order}", list(known.values()))

    @cached_property
    def _tables(self) -> dict[tuple[str, str], list[str]]:
        found = self.rows(
            "select schema_name, table_name, list(column_name order by column_index) as columns from duckdb_columns() "
            "where database_name = 'cut' group by all"
        )
        return {(row["schema_name"], row["table_name"]): row["columns"] for row in found}

    @cached_property
    def _recorded(self) -> dict[str, str]:
        recorded: dict[str, str] = {}
        for document in (self.cut.manifest, self.cut.seal):
            with contextlib.suppress(FileNotFoundError):
                recorded |= json.loads(document.read_bytes())["files"]
        return recorded

    @cached_property
    def is_same_study(self) -> bool:
        """Whether the study file is still the one that the cut was made by."""
        return is_same_study(self.study, self.cut)

    def delivery(self, delivery_id: str, file: str | None) -> LandedDelivery | None:
        """Returns the delivery of these bytes, under this name where it came under several."""
        same = [one for one in self.deliveries if one.delivery_id == delivery_id]
        return next((one for one in same if one.file == file), same[0] if same else None)

    def check_landed(self, delivery: LandedDelivery) -> None:
        """Raises where a landed file of the delivery is not the one that was written.

        Raises:
            IntegrityError: the message names the files.
        """
        if delivery.directory not in self._checked:
            if damaged := damaged_files(delivery.directory):
                listed = "\n".join(f"  {path.relative_to(self.study.folder.root)}" for path in damaged)
                msg = (
                    f"{self.study.name}: landed files are damaged or gone:\n{listed}\n"
                    "Nothing was traced: what they say cannot be trusted. Restore them from a backup."
                )
                raise IntegrityError(msg)
            self._checked.add(delivery.directory)

    @cached_property
    def _checked(self) -> set[object]:
        return set()

    def check_database(self) -> None:
        """Raises where the database of a published cut is not the one that was sealed.

        Raises:
            IntegrityError: its bytes differ.
        """
        recorded = self._recorded.get("cut.duckdb")
        if recorded and recorded != sha256_file(self.cut.duckdb):
            msg = f"{self.cut.duckdb}: its bytes are not those that were published. Nothing was traced."
            raise IntegrityError(msg)


@contextlib.contextmanager
def opened(study: Study, cut: Cut) -> Iterator[OpenCut]:
    """Opens a cut, with the records that its models read as views of schema `landed`.

    Raises:
        IntegrityError: the cut's database, or a landed file that it was made from, was changed.
    """
    deliveries = tuple(_delivery(study, entry) for entry in cut.inputs["deliveries"])
    with contextlib.closing(connect()) as connection:
        open_cut = OpenCut(study=study, cut=cut, connection=connection, deliveries=deliveries)
        open_cut.check_database()
        for delivery in deliveries:
            if delivery.current:
                open_cut.check_landed(delivery)
        connection.execute(f"attach {literal(str(cut.duckdb))} as cut (read_only)")
        inputs = CutInputs(cut_id=cut.cut_id, document=cut.inputs, deliveries=deliveries)
        create_records(connection, inputs, tuple(DOMAINS.values()))
        yield open_cut


def _delivery(study: Study, entry: Values) -> LandedDelivery:
    place = (study.folder, entry["delivery_id"], entry["landing_key"])
    return LandedDelivery(
        **{**entry, "codes": tuple(entry["codes"])},
        is_increment=False,
        expected_on=None,
        late=False,
        directory=landing_directory(*place),
        treatment_directory=treatment_directory(*place),
    )
