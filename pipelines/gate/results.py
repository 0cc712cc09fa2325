"""The gate's results as files: the same cut gives the same bytes.

checks.parquet          one row a check
failing_rows.parquet    one row a failing row and check: its keys and where it came from, never what it says; `row_id`
                        is the same in every cut in which the same row fails the same check
reconciliation.parquet  one row a delivered file, and one a file and domain: from delivered to published
verdict.json            the verdict over all
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.hashing import canonical_json
from pipelines.gate.row_ids import IDENTIFIED
from pipelines.gate.rules import KEYS
from pipelines.gate.verdict import CheckResult, Verdict

_NUMBERS = {"rows_checked", "rows_failed"}
_SCHEMA = pa.schema(
    [(field.name, pa.int64() if field.name in _NUMBERS else pa.string()) for field in dataclasses.fields(CheckResult)]
)
_ROWS_IN_GROUP = 122_880


def write_results(
    folder: Path, results: Sequence[CheckResult], verdict: Verdict, connection: duckdb.DuckDBPyConnection
) -> None:
    """Writes the files into `folder`; no reconciliation where it could not be made, which is an error of its checks."""
    checks = pa.Table.from_pylist([dataclasses.asdict(result) for result in results], schema=_SCHEMA)
    pq.write_table(checks, folder / "checks.parquet", write_page_checksum=True)
    failing = connection.sql(f"select check_id, {', '.join(KEYS)}, row_id from {IDENTIFIED} order by all")
    _write(failing, folder / "failing_rows.parquet")
    made = "select 1 from duckdb_tables() where schema_name = 'published' and table_name = 'reconciliation'"
    if connection.execute(made).fetchall():
        lines = "from published.reconciliation order by siteid, source_file, delivery_id, unit desc, domain"
        _write(connection.sql(lines), folder / "reconciliation.parquet")
    versions = {name: version(name) for name in ("duckdb", "great-expectations")}
    content = canonical_json({**dataclasses.asdict(verdict), "versions": versions})
    (folder / "verdict.json").write_bytes(content)


def _write(rows: duckdb.DuckDBPyRelation, file: Path) -> None:
    reader = rows.to_arrow_reader(_ROWS_IN_GROUP)
    with pq.ParquetWriter(file, reader.schema, write_page_checksum=True) as writer:
        for batch in reader:
            writer.write_batch(batch, row_group_size=_ROWS_IN_GROUP)
