"""tables/<name>.parquet: each published table, in the order of its grain, the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.build.database import published_tables
from pipelines.build.dictionary import CataloguedTable
from pipelines.core.duck import identifier

if TYPE_CHECKING:
    import duckdb

# Fixed, as the size of row groups is part of the bytes.
_ROWS_A_GROUP = 131_072
_TESTED = ("marts", "monitoring")


def write_tables(connection: duckdb.DuckDBPyConnection, catalogue: list[CataloguedTable], folder: Path) -> None:
    """Writes every published table of the connected database; a column's meaning goes into the file's schema."""
    folder.mkdir()
    documented = {(table.layer, table.name): table for table in catalogue}
    for schema, name in published_tables(connection):
        table = documented[schema, name]
        order = _order(connection, schema, name, table.grain)
        rows = connection.sql(f"select * from {schema}.{identifier(name)} order by {order}")
        _write(rows.to_arrow_reader(_ROWS_A_GROUP), table, folder / f"{name}.parquet")


def _order(connection: duckdb.DuckDBPyConnection, schema: str, name: str, grain: tuple[str, ...]) -> str:
    # Two rows of a model differ in its grain: its test `unique_grain` has passed. Elsewhere all other columns decide.
    rest: list[str] = []
    if not grain or schema not in _TESTED:
        columns = [row[0] for row in connection.execute(f"describe {schema}.{identifier(name)}").fetchall()]
        rest = [column for column in columns if column not in grain]
    ordered = [*grain, *rest]
    return ", ".join(f"{identifier(column)} nulls last" for column in ordered)


def _write(reader: pa.RecordBatchReader, table: CataloguedTable, path: Path) -> None:
    facts = {column.name: asdict(column.facts) for column in table.columns}
    told = {name: {fact: text for fact, text in said.items() if text} for name, said in facts.items()}
    fields = [field.with_metadata(told[field.name]) if told.get(field.name) else field for field in reader.schema]
    schema = pa.schema(fields, metadata={"description": table.description, "grain": ", ".join(table.grain)})
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        for group in _groups(reader):
            writer.write_table(group.cast(schema), row_group_size=_ROWS_A_GROUP)


def _groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Yields tables of exactly the size of a row group, however DuckDB cut its batches; at least one."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= _ROWS_A_GROUP:
            whole = pa.Table.from_batches(waiting, schema=reader.schema)
            yield whole.slice(0, _ROWS_A_GROUP).combine_chunks()
            waiting = whole.slice(_ROWS_A_GROUP).to_batches()
            rows -= _ROWS_A_GROUP
    yield pa.Table.from_batches(waiting, schema=reader.schema).combine_chunks()
