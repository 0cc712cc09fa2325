"""The fixtures of tests whose ledger is in PostgreSQL: an empty database, where every study's ledger is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from pipelines.ledger.database import engine
from tests.postgres import POSTGRES, postgres_server

NEEDS_POSTGRES = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL server here: apt-get install postgresql"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of an empty database."""
    with postgres_server() as (port, password):
        yield f"postgresql+psycopg2://airflow:{password}@127.0.0.1:{port}/airflow"


@pytest.fixture
def ledger(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same, as the ledger of every study while the test runs."""
    monkeypatch.setenv("AFTERGLOW_LEDGER", url)
    yield url
    with engine(url).begin() as connection:
        connection.execute(text("drop table if exists ledger_links, ledger_contents, copied"))
