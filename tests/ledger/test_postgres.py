"""The audit trail in PostgreSQL: what holds in SQLite holds there, writers at the same time included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from pipelines.core.errors import UsageError
from pipelines.ledger import Event, check_ledger, erase, events, record
from pipelines.ledger.database import engine
from pipelines.study import StudyFolder
from tests.ledger import test_ledger as in_sqlite
from tests.ledger_in_postgres import NEEDS_POSTGRES, ledger, url

pytestmark = [*NEEDS_POSTGRES, pytest.mark.usefixtures("ledger")]
__all__ = ["ledger", "url"]


# The same functions, with this module's ledger.
test_an_event_names_who_what_when_and_what_its_object_was_before = (
    in_sqlite.test_an_event_names_who_what_when_and_what_its_object_was_before
)
test_what_is_said_again_is_not_written_again_and_going_back_is = (
    in_sqlite.test_what_is_said_again_is_not_written_again_and_going_back_is
)
test_whatever_is_changed_in_the_ledger_is_named = in_sqlite.test_whatever_is_changed_in_the_ledger_is_named
test_equal_contents_have_unlike_commitments = in_sqlite.test_equal_contents_have_unlike_commitments
test_writers_at_the_same_time_make_one_chain = in_sqlite.test_writers_at_the_same_time_make_one_chain


@pytest.mark.requirement("AUD-4")
def test_what_was_erased_is_in_no_row_and_the_chain_still_holds(tmp_path: Path, ledger: str) -> None:
    folder = in_sqlite.three_events(tmp_path)
    record(folder, Event(action="sign", object="cut 1", reason="spoke with Mrs Waterhouse"))
    erase(folder, 4, reason="named a person")
    with engine(ledger).connect() as connection:
        said: Sequence[str] = connection.execute(text("select content from ledger_contents")).scalars().all()
    assert not [content for content in said if "Waterhouse" in content]
    assert (check_ledger(folder), events(folder)[3].event) == (5, None)
    with pytest.raises(UsageError, match="no event 4 with content"):
        erase(folder, 4, reason="again")


@pytest.mark.requirement("AUD-2")
def test_studies_have_a_chain_each_in_one_database(tmp_path: Path) -> None:
    one = in_sqlite.three_events(tmp_path)
    other = StudyFolder(tmp_path / "another")
    record(other, Event(action="land", object="S01/a.csv"))
    assert (check_ledger(one), check_ledger(other)) == (3, 1)
    assert not one.ledger.exists()
