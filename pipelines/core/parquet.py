"""Parquet as it is written everywhere here: the same rows give the same bytes, and damage is an error when read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# Page checksums: without them, most flipped bits read as wrong values and no error.
_SETTINGS: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True, "store_schema": False}


def write_parquet(table: pa.Table, path: Path) -> None:
    """Writes `table`."""
    pq.write_table(table, path, **_SETTINGS)


def write_batches(batches: Iterable[pa.Table], path: Path, *, counting: tuple[str, ...] = ()) -> int:
    """Writes tables of one schema one after the other, each as a row group; returns how many rows there were.

    Without a table there is no file. Columns of `counting` hold numbers that hardly ever repeat: each is stored as the
    difference from the one before.
    """
    rows, writer = 0, None
    try:
        for table in batches:
            if writer is None:
                plain = [name for name in table.column_names if name not in counting]
                encoding = dict.fromkeys(counting, "DELTA_BINARY_PACKED")
                writer = pq.ParquetWriter(
                    path, table.schema, use_dictionary=plain, column_encoding=encoding or None, **_SETTINGS
                )
            writer.write_table(table)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows
