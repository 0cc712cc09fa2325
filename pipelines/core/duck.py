"""A DuckDB connection with nothing loaded, fetched or guessed behind our back."""

from __future__ import annotations

from pathlib import Path

import duckdb


def connect(path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Opens `path`, or an in-memory database.

    Extensions are not loaded by themselves, and the session's time zone is UTC, so that results do not depend on the
    machine's settings.
    """
    connection = duckdb.connect(
        str(path) if path else ":memory:",
        read_only=read_only,
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False},
    )
    connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    return connection


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
