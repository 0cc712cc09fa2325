"""Parquet as it is written everywhere here: the same rows give the same bytes, and damage is an error when read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.errors import IntegrityError
from pipelines.core.machine import raise_refusal

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


def read_rows(path: Path, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Returns the rows of a file that was written here, with these of its columns.

    Raises:
        NotAllowedError: the machine gave no memory for it, or no right to read it.
        IntegrityError: it is gone or damaged.
    """
    listed = None if columns is None else list(columns)
    try:
        rows: list[dict[str, Any]] = pq.read_table(path, columns=listed, page_checksum_verification=True).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise_refusal(error)
        msg = f"{path}: cannot be read. Run `afterglow verify` to see what differs."
        raise IntegrityError(msg) from error
    return rows
