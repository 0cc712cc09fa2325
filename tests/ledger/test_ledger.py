"""What happened is written down once, in a chain that shows every later change."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError, UsageError
from pipelines.ledger import Event, Head, check_ledger, erase, events, head, ledger_url, record
from pipelines.ledger.database import engine
from pipelines.study import StudyFolder


def folder_of(root: Path) -> StudyFolder:
    return StudyFolder(root / "trial")


def three_events(root: Path) -> StudyFolder:
    folder = folder_of(root)
    folder.root.mkdir()
    record(folder, Event(action="land", object="S01/a.csv", new="aa"))
    record(folder, Event(action="land", object="S01/a.csv", new="bb"), Event(action="gate", object="cut 1", new="PASS"))
    return folder


def change(folder: StudyFolder, *statements: str) -> None:
    with engine(ledger_url(folder)).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_an_event_names_who_what_when_and_what_its_object_was_before(tmp_path: Path) -> None:
    folder = three_events(tmp_path)
    trail = events(folder)
    assert [each.seq for each in trail] == [1, 2, 3]
    assert [(each.event.action, each.event.old, each.event.new) for each in trail if each.event] == [
        ("land", "", "aa"),
        ("land", "aa", "bb"),
        ("gate", "", "PASS"),
    ]
    assert all(each.user and each.software.startswith("system:afterglow ") and each.at.endswith("Z") for each in trail)
    assert check_ledger(folder, [("a note", head(folder))]) == 3


def test_what_is_said_again_is_not_written_again_and_going_back_is(tmp_path: Path) -> None:
    folder = three_events(tmp_path)
    record(folder, Event(action="land", object="S01/a.csv", new="bb"))
    assert len(events(folder)) == 3
    record(folder, Event(action="land", object="S01/a.csv", new="aa"))
    assert len(events(folder)) == 4
    record(folder, Event(action="failure", object="build"), Event(action="failure", object="build"))
    assert len(events(folder)) == 6


# Each with the events that have to be named.
TAMPERINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "edited link": (("update ledger_links set \"user\" = 'someone' where seq = 2",), "event 2"),
    "edited content": (("update ledger_contents set content = replace(content, 'aa', 'cc') where seq = 1",), "event 1"),
    "other content": (
        ("update ledger_contents set content = (select content from ledger_contents where seq = 3) where seq = 1",),
        "event 1",
    ),
    "content removed": (("delete from ledger_contents where seq = 2",), "event 2"),
    "deleted": (("delete from ledger_links where seq = 2",), "event 3"),
    "inserted": (
        (
            "update ledger_links set seq = 4 where seq = 3",
            "create table copied as select * from ledger_links where seq = 2",
            "update copied set seq = 3",
            "insert into ledger_links select * from copied",
        ),
        "event 3",
    ),
    "reordered": (
        (
            "update ledger_links set seq = 9 where seq = 2",
            "update ledger_links set seq = 2 where seq = 3",
            "update ledger_links set seq = 3 where seq = 9",
        ),
        "event 2",
    ),
    "tail cut": (("delete from ledger_links where seq = 3", "delete from ledger_contents where seq = 3"), "event 3"),
}


@pytest.mark.requirement("AUD-3")
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_whatever_is_changed_in_the_ledger_is_named(tmp_path: Path, tampering: str) -> None:
    folder = three_events(tmp_path)
    known = head(folder)
    statements, named = TAMPERINGS[tampering]
    change(folder, *statements)
    with pytest.raises(IntegrityError, match=named):
        check_ledger(folder, [("the seal", known)])


@pytest.mark.requirement("AUD-3")
def test_a_chain_written_anew_is_told_by_the_head_that_stands_elsewhere(tmp_path: Path) -> None:
    folder = three_events(tmp_path)
    known = head(folder)
    folder.ledger.unlink()
    record(folder, *(Event(action="land", object=f"S01/{name}.csv") for name in "abcd"))
    assert check_ledger(folder) == 4
    with pytest.raises(IntegrityError, match="event 3: is not the one that the seal names"):
        check_ledger(folder, [("the seal", known)])
    assert Head(seq=0, sha256="0" * 64) == head(StudyFolder(tmp_path / "other"))


@pytest.mark.requirement("AUD-4")
def test_an_erased_identifier_is_in_no_byte_and_the_chain_still_holds(tmp_path: Path) -> None:
    folder = three_events(tmp_path)
    record(folder, Event(action="sign", object="cut 1", reason="spoke with Mrs Waterhouse"))
    assert b"Waterhouse" in folder.ledger.read_bytes()
    erase(folder, 4, reason="named a person")
    assert b"Waterhouse" not in folder.ledger.read_bytes()
    assert check_ledger(folder) == 5
    assert events(folder)[3].event is None
    with pytest.raises(UsageError, match="no event 4 with content"):
        erase(folder, 4, reason="again")


@pytest.mark.requirement("AUD-4")
def test_equal_contents_have_unlike_commitments(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.root.mkdir()
    record(folder, Event(action="failure", object="build"), Event(action="failure", object="build"))
    first, second = events(folder)
    assert first.event == second.event
    assert first.commitment != second.commitment


def write_many(root: Path, name: str, together: Barrier) -> None:
    together.wait()
    for number in range(20):
        record(folder_of(root), Event(action="land", object=f"{name}/{number}.csv"))


@pytest.mark.requirement("AUD-2")
def test_writers_at_the_same_time_make_one_chain(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.root.mkdir()
    together = multiprocessing.get_context("spawn")
    # None begins before all are there: one after the other they would show nothing.
    started = together.Barrier(3, timeout=60)
    start: Callable[..., multiprocessing.context.SpawnProcess] = together.Process
    writers = [start(target=write_many, args=(tmp_path, name, started)) for name in ("S01", "S02", "S03")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert check_ledger(folder) == 60


def test_a_ledger_that_is_no_database_is_said_and_its_bytes_are_not_shown(tmp_path: Path) -> None:
    folder = three_events(tmp_path)
    folder.ledger.write_bytes(b"secret" * 1000)
    with pytest.raises(IntegrityError, match="audit trail cannot be read") as error:
        events(folder)
    assert "secret" not in str(error.value)


def test_looking_makes_no_ledger(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.root.mkdir()
    assert events(folder) == []
    assert not folder.ledger.exists()
