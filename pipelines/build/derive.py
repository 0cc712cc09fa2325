"""One `dbt build`, in this process, into the candidate's database.

Steps between the landed records and the tables lie in a database of their own, in memory and gone with the build:
written into the cut they took a third of its time.

Rule    nothing that came from outside is passed as a dbt variable (dbt renders those); the database's path goes by the
        environment, everything else by the database itself
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.build.project import PROJECT, DocumentedTable, documented_tables, parsed_project
from pipelines.core import duck
from pipelines.core.errors import AfterglowError, GateFailedError
from pipelines.core.leftovers import owned_directory
from pipelines.core.machine import refusal, refused_in

if TYPE_CHECKING:
    import duckdb

# Errors about names and types, and the rows of the table in which dbt lays a contract beside a model.
_WITHOUT_VALUES = ("Binder Error", "Catalog Error", "Parser Error", "This model has an enforced contract", "|")


@contextlib.contextmanager
def derived(database: Path, scratch: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[DocumentedTable]]]:
    """Derives every table in `database` and tests it.

    Yields a connection to it, on which the steps between are there too, in the database `steps`; and what the project
    says of each table. `scratch` takes dbt's own files. Unit tests of the models are left out: they depend on the code
    alone, and the test suite runs them.

    Raises:
        GateFailedError: a data test found rows that break it.
        AfterglowError: a model could not be built.
        NotAllowedError: the disk is full, or the machine gave no more memory.
    """
    manifest = _parsed(scratch)
    build = ("build", "--exclude-resource-type", "unit_test")
    with _database_closed_after() as connected:
        result = _invoke(build, database=database, scratch=scratch, manifest=manifest)
        _raise_failures(result)
        with contextlib.closing(connected()) as connection:
            yield connection, documented_tables(manifest)


def parse_ahead() -> None:
    """Parses the project into its cache, so that the first cut after an installation need not wait for it."""
    with owned_directory(Path(tempfile.gettempdir()), "afterglow-parse-") as scratch:
        _parsed(scratch)


def _parsed(scratch: Path) -> Any:
    # dbt writes the database's name into what it parsed: it must be that of every cut.
    return parsed_project(lambda: run_dbt("parse", database=scratch / "cut.duckdb", scratch=scratch).result)


def run_dbt(*arguments: str, database: Path, scratch: Path, manifest: Any = None) -> Any:
    """Runs one dbt command on `database` and returns dbt's result; with `manifest` the project is not parsed again.

    Raises:
        AfterglowError: dbt could not start or crashed.
    """
    with _database_closed_after():
        return _invoke(arguments, database=database, scratch=scratch, manifest=manifest)


def _invoke(arguments: Sequence[str], *, database: Path, scratch: Path, manifest: Any) -> Any:
    from dbt.cli.main import dbtRunner

    settings = {
        "AFTERGLOW_CUT_DATABASE": str(database),
        "AFTERGLOW_SPILL_DIRECTORY": str(scratch / "spill"),
        duck.MEMORY: duck.memory_limit(),
        duck.THREADS: str(duck.threads()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [
        *arguments, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(scratch),
        "--log-path", str(scratch), "--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--quiet",
        "--no-partial-parse", "--no-version-check", "--no-write-json",
    ]  # fmt: skip
    with _environment(settings):
        result = dbtRunner(manifest=manifest).invoke(command)
    if result.exception is not None:
        if (refused := refusal(result.exception)) is not None:
            raise refused from None
        msg = f"dbt could not run: {type(result.exception).__name__}: {result.exception}"
        raise AfterglowError(msg) from result.exception
    return result


@contextlib.contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _database_closed_after() -> Iterator[Callable[[], duckdb.DuckDBPyConnection]]:
    """Frees the database file: dbt-duckdb holds it open in the process, which locks every other process out.

    Yields what returns a connection to it, once dbt has connected.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    manager: Any = DuckDBConnectionManager

    def connected() -> duckdb.DuckDBPyConnection:
        connection: duckdb.DuckDBPyConnection = manager.env().conn.cursor()
        connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        return connection

    try:
        yield connected
    finally:
        if manager._ENV is not None:  # noqa: SLF001 - `env()` raises where dbt never connected
            manager.env().close()
            manager.close_all_connections()


def _raise_failures(result: Any) -> None:
    failed = [one for one in result.result if one.status in {"error", "fail", "runtime error"}]
    if not failed and result.success:
        return
    if refused := next(filter(None, (refused_in(str(one.message or "")) for one in failed)), None):
        raise refused
    lines = [f"  {one.node.name}: {_reason(one)}" for one in sorted(failed, key=lambda one: str(one.node.name))]
    listed = "\n".join(lines) or "  dbt reports failure and names no model."
    only_tests = bool(failed) and all(one.node.resource_type == "test" and one.status == "fail" for one in failed)
    if only_tests:
        msg = f"Derived tables broke their data tests; nothing was written:\n{listed}"
        raise GateFailedError(msg)
    msg = f"The tables could not be derived; nothing was written:\n{listed}"
    raise AfterglowError(msg)


def _reason(failure: Any) -> str:
    """Says what went wrong, without a value: DuckDB quotes values in the errors of conversions and the like."""
    path = failure.node.original_file_path
    if failure.status == "fail":
        return f"{failure.failures} rows break this test ({path})"
    lines = [line.strip() for line in str(failure.message or "").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(_WITHOUT_VALUES)]
    kinds = [line.partition(":")[0] for line in lines if "Error" in line.partition(":")[0]]
    return "\n    ".join([f"{kinds[-1] if kinds else 'error'} ({path})", *told])
