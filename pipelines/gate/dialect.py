"""A SQLAlchemy dialect for DuckDB, as much of one as Great Expectations needs to read.

Great Expectations has no DuckDB data source, and duckdb-engine's reflection fails on SQLAlchemy 2.1. The database of
the URL is a named in-memory one (`duckdb:///:memory:gate`): every connection of this process that opens that name sees
the same schemas, so that the gate prepares them before Great Expectations looks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import BIGINT, BOOLEAN, DATE, FLOAT, URL, VARCHAR, StaticPool
from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import NoSuchTableError

from pipelines.core import duck

_TYPES: dict[str, Any] = {"BIGINT": BIGINT, "INTEGER": BIGINT, "BOOLEAN": BOOLEAN, "DATE": DATE, "DOUBLE": FLOAT}


class Cursor:
    """A cursor that holds its whole result: DuckDB drops a pending one when the connection runs something else."""

    arraysize = 1
    lastrowid: int | None = None
    rowcount = -1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: list[Any] | None = None

    def execute(self, statement: str, parameters: Any = None) -> None:
        """Runs `statement` and fetches all of its rows."""
        self._connection.execute(statement, list(parameters or ()))
        self.description = list(self._connection.description or ()) or None
        self._rows = self._connection.fetchall() if self.description else []

    def fetchone(self) -> tuple[Any, ...] | None:
        """Returns the next row, or None."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """Returns the next `size` rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Returns the rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Lets the rows go."""
        self._rows = []


class Connection:
    """What SQLAlchemy asks of a DB-API connection. Nothing is written through it, so that nothing is committed."""

    def __init__(self, database: str) -> None:
        self._connection = duck.connect(Path(database))

    def cursor(self) -> Cursor:
        """Returns a cursor on this very connection."""
        return Cursor(self._connection)

    def commit(self) -> None:
        """Does nothing."""

    def rollback(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


class DuckDBDialect(DefaultDialect):
    """Reads the schemas, tables, views and columns of a DuckDB database."""

    name = "duckdb"
    driver = "duckdb"
    default_paramstyle = "qmark"
    default_schema_name = "main"
    supports_statement_cache = True
    supports_native_boolean = True
    poolclass = StaticPool

    @classmethod
    def import_dbapi(cls) -> Any:
        """Returns DuckDB's module, for its exceptions."""
        return duckdb

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        """Takes the database's name from the URL."""
        return [url.database], {}

    def connect(self, *arguments: Any, **_: Any) -> Any:
        """Opens the database."""
        return Connection(*arguments)

    def initialize(self, connection: Any) -> None:
        """Asks nothing: version and defaults are known."""

    def get_schema_names(self, connection: Any, **_: Any) -> list[str]:
        """Returns the schemas of the database itself, not those of attached ones."""
        return _names(connection, "duckdb_schemas()", "schema_name", "not internal")

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Returns the tables of `schema`."""
        return _names(connection, "duckdb_tables()", "table_name", "schema_name = ?", schema or "main")

    def get_view_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        """Returns the views of `schema`."""
        return _names(connection, "duckdb_views()", "view_name", "schema_name = ?", schema or "main")

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        """Says whether there is such a table or view."""
        return bool(_columns(connection, table_name, schema))

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> list[Any]:
        """Returns the columns of a table or view.

        Raises:
            NoSuchTableError: there is none of that name.
        """
        columns = _columns(connection, table_name, schema)
        if not columns:
            raise NoSuchTableError(table_name)
        return [
            {"name": name, "type": _TYPES.get(kind, VARCHAR)(), "nullable": True, "default": None}
            for name, kind in columns
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
        """Returns no key: views have none."""
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(self, *_: Any, **__: Any) -> list[Any]:
        """Returns none."""
        return []


def _names(connection: Any, function: str, column: str, condition: str, *parameters: str) -> list[str]:
    # The names are this module's own; only `parameters` come from outside, and are bound.
    statement = f"select distinct {column} from {function} where {condition} and database_name = current_database()"
    return [name for (name,) in connection.exec_driver_sql(f"{statement} order by all", parameters)]


def _columns(connection: Any, table_name: str, schema: str | None) -> list[tuple[str, str]]:
    statement = """
        select column_name, data_type from duckdb_columns()
        where table_name = ? and schema_name = ? and database_name = current_database() order by column_index
    """
    return list(connection.exec_driver_sql(statement, (str(table_name), str(schema or "main"))))


class _Kept(str):
    """A dialect name in the form in which Great Expectations compares it."""

    __slots__ = ()

    @property
    def value(self) -> str:
        """The name."""
        return str(self)


def register() -> None:
    """Makes `duckdb://` known to SQLAlchemy, and to Great Expectations as a dialect whose one connection is kept.

    Without the latter every expectation fails with "list index out of range" (1.24.1). There is no public setting for
    it; tests/gate/test_dialect.py fails when a release takes this one away.
    """
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    registry.register("duckdb", __name__, DuckDBDialect.__name__)
    kept: tuple[Any, ...] = engine._PERSISTED_CONNECTION_DIALECTS  # noqa: SLF001
    if "duckdb" not in kept:
        engine.__dict__["_PERSISTED_CONNECTION_DIALECTS"] = (*kept, _Kept("duckdb"))
