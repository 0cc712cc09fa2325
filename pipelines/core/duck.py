"""A DuckDB connection with nothing loaded, fetched or guessed behind our back."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.core.leftovers import owned_directory

THREADS = "AFTERGLOW_THREADS"
MEMORY = "AFTERGLOW_MEMORY_LIMIT"
# What DuckDB needs a thread for a sort or a join that goes over to the disk, at ten million item rows.
_MEGABYTES_A_THREAD = 300
_ROWS_A_STATEMENT = 200


def threads() -> int:
    """Returns how many threads a query may use: AFTERGLOW_THREADS, else one a processor."""
    return int(os.environ.get(THREADS) or os.cpu_count() or 1)


def memory_limit() -> str:
    """Returns how much memory a database may take before it goes over to the disk: AFTERGLOW_MEMORY_LIMIT (`4GB`).

    DuckDB's own limit is most of the machine's memory, whatever else runs there, and a step would take it for a large
    study though it is no quicker with it.
    """
    return os.environ.get(MEMORY) or f"{_MEGABYTES_A_THREAD * threads()}MB"


def spill_directory() -> Path:
    """Returns where a database that is in memory puts what does not fit; DuckDB makes the folder and removes it."""
    return _room(os.getpid()) / "spill"


@functools.cache
def _room(_process: int) -> Path:
    # A process that is killed leaves subjects' values there: the next one removes them.
    room = contextlib.ExitStack()
    atexit.register(room.close)
    return room.enter_context(owned_directory(Path(tempfile.gettempdir()), "afterglow-spill-"))


def connect(path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Opens `path`, or an in-memory database.

    Extensions are not loaded by themselves, and the session's time zone is UTC, so that results do not depend on the
    machine's settings. What does not fit into `memory_limit` lies on the disk while it is needed.
    """
    connection = duckdb.connect(
        str(path) if path else ":memory:",
        read_only=read_only,
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": memory_limit(),
            "threads": threads(),
            "temp_directory": str(spill_directory()),
        },
    )
    connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    return connection


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts rows of values into `table`, a name as SQL writes it; each row has a value for each of its columns.

    Many rows a statement: `executemany` plans and commits each row by itself, which takes twenty times as long.
    """
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        part = rows[start : start + _ROWS_A_STATEMENT]
        marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in part)
        connection.execute(f"insert into {table} values {marks}", [value for row in part for value in row])


def identifier(name: str) -> str:
    """Returns `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | None) -> str:
    """Returns `value` as an SQL literal; numbers as they are, text quoted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def parquet_scan(paths: list[Path]) -> str:
    """Returns a `read_parquet` call over exactly these files.

    DuckDB globs `[`, `*` and `?` in a path; a bracket around each makes them plain.
    """
    names = ", ".join(literal(_glob_escaped(str(path))) for path in paths)
    return f"read_parquet([{names}])"


def _glob_escaped(path: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)
