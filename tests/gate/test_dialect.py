"""The DuckDB dialect: what Great Expectations reads through it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from pipelines.core import duck
from pipelines.gate import dialect
from pipelines.gate.library import great_expectations

_number = itertools.count(1)


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    great_expectations()
    dialect.register()
    name = f":memory:dialect-{next(_number)}"
    owner = duck.connect(Path(name))
    owner.execute("attach ':memory:' as other; create table other.main.elsewhere as select 1 as i")
    owner.execute(
        "create schema rooms; create view rooms.scores as "
        "select 1::bigint as a, 'x' as b, date '2026-01-01' as c, 1.5::double as d"
    )
    owner.execute("create table rooms.kept as select true as e")
    made = sa.create_engine(f"duckdb:///{name}")
    yield made
    made.dispose()
    owner.close()


def test_a_named_database_in_memory_is_seen_by_every_connection(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(sa.text("select a from rooms.scores")).scalar() == 1


def test_tables_views_and_columns_are_reflected_and_attached_databases_are_not(engine: sa.Engine) -> None:
    inspector = sa.inspect(engine)
    assert inspector.get_view_names("rooms") == ["scores"]
    assert inspector.get_table_names("rooms") == ["kept"]
    assert inspector.get_table_names() == []
    assert "rooms" in inspector.get_schema_names()
    assert [(column["name"], str(column["type"])) for column in inspector.get_columns("scores", "rooms")] == [
        ("a", "BIGINT"),
        ("b", "VARCHAR"),
        ("c", "DATE"),
        ("d", "FLOAT"),
    ]
    assert inspector.has_table("scores", "rooms")
    assert not inspector.has_table("elsewhere")
    assert inspector.get_pk_constraint("kept", "rooms")["constrained_columns"] == []
    assert inspector.get_foreign_keys("kept", "rooms") == []


def test_a_table_that_is_not_there_is_an_error(engine: sa.Engine) -> None:
    with pytest.raises(NoSuchTableError):
        sa.inspect(engine).get_columns("nothing", "rooms")


def test_a_result_outlives_the_next_statement(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        first = connection.execute(sa.text("select i from range(3) as t (i) order by i"))
        connection.execute(sa.text("select 1")).scalar()
        assert first.fetchone() == (0,)
        assert first.fetchmany(1) == [(1,)]
        assert first.fetchall() == [(2,)]


def test_parameters_are_bound_and_errors_are_duckdbs(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(sa.text("select :a + 1"), {"a": 2}).scalar() == 3
        connection.commit()
        connection.rollback()
        with pytest.raises(sa.exc.DBAPIError) as raised:
            connection.execute(sa.text("select nothing from rooms.scores"))
    assert isinstance(raised.value.orig, duckdb.BinderException)


def test_great_expectations_keeps_the_one_connection() -> None:
    great_expectations()
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    dialect.register()
    dialect.register()
    kept = [str(getattr(name, "value", name)) for name in engine._PERSISTED_CONNECTION_DIALECTS]
    assert kept.count("duckdb") == 1
    assert engine._dialect_requires_persisted_connection(connection_string="duckdb:///:memory:x")
