"""The ledger's two tables, in SQLite or PostgreSQL.

Rule    one writer at a time; what `append` returned from is on disk
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    NullPool,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    create_engine,
    event,
    text,
)

_METADATA = MetaData()
# `study` is part of the key: one PostgreSQL database may hold the ledgers of many studies, a chain each.
LINKS = Table(
    "ledger_links",
    _METADATA,
    Column("study", String(200), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", String(40), nullable=False),
    Column("user", String(200), nullable=False),
    Column("software", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("commitment", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("study", "seq"),
)
CONTENTS = Table(
    "ledger_contents",
    _METADATA,
    Column("study", String(200), nullable=False),
    Column("seq", Integer, nullable=False),
    # To find what was said of an object last; what counts is `content`.
    Column("object", String(500), nullable=False, index=True),
    Column("key", String(64), nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("study", "seq"),
)
_BUSY_MILLISECONDS = 60_000
# PostgreSQL's advisory locks have numbers; this one is the ledger's in every database ("ledger" in ASCII).
_ADVISORY_LOCK = int.from_bytes(b"ledger")


@cache
def engine(url: str) -> Engine:
    """Returns the engine of a ledger's URL; nothing is opened yet."""
    made = create_engine(url, poolclass=NullPool)
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _settings)
        event.listen(made, "begin", _begin)
    return made


def ensure_tables(connection: Connection) -> None:
    """Makes the tables where there are none."""
    _METADATA.create_all(connection)


def hold(connection: Connection) -> None:
    """Keeps other writers out until the transaction ends; on SQLite it began so.

    Before the tables are made: two that make them at the same time would be in each other's way.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:ledger)"), {"ledger": _ADVISORY_LOCK})


def _settings(connection: Any, _: Any) -> None:
    # SQLAlchemy's own recipe: the driver's implicit transactions are off, `_begin` starts them.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("pragma synchronous = full")
    cursor.execute(f"pragma busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # Immediate: of two writers the second waits here, before it reads the chain's head.
    connection.exec_driver_sql("begin immediate" if connection.get_execution_options().get("writes") else "begin")
