"""Reconciliation: what is lost between delivery and publishing is seen, and what is left out has its reason."""

from __future__ import annotations

import pytest

from pipelines.gate.reconcile import reconcile
from pipelines.gate.rooms import Rooms
from tests.gate.conftest import reconcile_small, small_reading

PARTS = "superseded, absent_since, undone, after_cutoff, restated, not_asked, derived, published, unexplained"


def _line(rooms: Rooms, domain: str, *, where: str = "true") -> dict[str, int]:
    """Returns the parts of a domain's line that are not zero, `landed` among them."""
    query = f"select landed, {PARTS} from published.reconciliation where domain = '{domain}' and {where}"
    rows = rooms.connection.execute(query)
    names = [column[0] for column in rows.description]
    (row,) = rows.fetchall()
    return {name: number for name, number in zip(names, row, strict=True) if number}


def test_every_line_of_the_small_cut_balances(rooms: Rooms) -> None:
    assert _line(rooms, "QS") == {"landed": 15, "published": 15}
    assert _line(rooms, "EX") == {"landed": 2, "published": 2}
    assert _line(rooms, "DS") == {"landed": 3, "derived": 3}
    query = (
        "select delivered, landed, set_aside, refused, unexplained from published.reconciliation where unit = 'ROWS'"
    )
    assert rooms.connection.execute(query).fetchall() == [(100, 99, 1, 0, 0)]
    query = "select count(*), count(*) filter (unexplained = 0) from published.reconciliation"
    lines, balanced = rooms.connection.execute(query).fetchall()[0]
    assert lines == balanced > 9


@pytest.mark.parametrize(
    ("fault", "domain", "unexplained"),
    [
        ("delete from published.exposure where usubjid = 'S01-002'", "EX", 1),
        ("insert into published.adae from published.adae", "AE", -1),
        ("delete from published.adsl where usubjid = 'S01-002'", "DM", 1),
        ("delete from published.advs where atpt = '40 MIN'", "VS", 1),
        ("delete from published.biomarkers where avisit = 'W1'", "LB", 1),
        ("delete from published.therapy where prtrt = 'DOSING'", "PR", 1),
        ("delete from published.cm", "CM", 1),
        # Of a subject whose scores are not all there nothing is known: none of its records counts as published.
        ("delete from published.adqs where usubjid = 'S01-001' and avisit = 'W1'", "QS", 13),
        ("update published.adqs set source_rows = 10 where source_rows = 11", "QS", 13),
        ("delete from published.adqs where usubjid = 'S01-002'", "QS", 2),
    ],
)
def test_a_record_that_is_lost_or_doubled_is_unexplained(
    rooms: Rooms, fault: str, domain: str, unexplained: int
) -> None:
    rooms.connection.execute(fault)
    reconcile_small(rooms.connection)
    assert _line(rooms, domain)["unexplained"] == unexplained


LATER = "repeat('c', 64)"
# A second file in use, delivered later: an increment.
INCREMENT = f"""
    insert into landed.deliveries by name select * replace ({LATER} as delivery_id, 'more_2026-02-21.csv' as file,
        2 as rank, 1 as rows_in, 1 as rows_accepted, 0 as rows_quarantined) from landed.deliveries;
"""


def _delivered_again(table: str, where: str) -> str:
    origin = f"{LATER} as _delivery_id, 'more_2026-02-21.csv' as _source_file, 1 as _source_row"
    return f"insert into landed.{table} by name select * replace ({origin}) from landed.{table} where {where};"


def test_a_record_that_a_later_file_says_again_is_restated(rooms: Rooms) -> None:
    rooms.connection.execute(INCREMENT + _delivered_again("ex", "usubjid = 'S01-002'"))
    rooms.connection.execute(
        f"update published.exposure set delivery_id = {LATER}, source_file = 'more_2026-02-21.csv', srcseq = 1 "
        "where usubjid = 'S01-002'"
    )
    reconcile_small(rooms.connection)
    assert _line(rooms, "EX", where="source_file like 'all%'") == {"landed": 2, "restated": 1, "published": 1}
    assert _line(rooms, "EX", where="source_file like 'more%'") == {"landed": 1, "published": 1}


def test_a_subject_that_a_later_file_names_again_is_restated(rooms: Rooms) -> None:
    rooms.connection.execute(INCREMENT + _delivered_again("dm", "usubjid = 'S01-002'"))
    rooms.connection.execute(
        f"update published.adsl set delivery_id = {LATER}, source_file = 'more_2026-02-21.csv', srcseq = 1 "
        "where usubjid = 'S01-002'"
    )
    reconcile_small(rooms.connection)
    assert _line(rooms, "DM", where="source_file like 'all%'") == {"landed": 2, "restated": 1, "published": 1}


def test_an_item_that_a_later_file_says_again_is_restated_and_the_rest_of_its_score_published(rooms: Rooms) -> None:
    rooms.connection.execute("update landed.qs set _record = rowid + 1")
    rooms.connection.execute(INCREMENT + _delivered_again("qs", "qstestcd = 'MADRS03'"))
    reconcile_small(rooms.connection)
    assert _line(rooms, "QS", where="source_file like 'all%'") == {"landed": 15, "restated": 1, "published": 14}
    assert _line(rooms, "QS", where="source_file like 'more%'") == {"landed": 1, "published": 1}


def test_of_a_file_that_a_newer_one_replaced_what_vanished_is_told_from_what_was_replaced(rooms: Rooms) -> None:
    rooms.connection.execute(
        INCREMENT
        + _delivered_again("qs", "visit = 'W1'")
        + "update landed.deliveries set current = false where rank = 2;"
        + f"update published.record_changes set change = 'vanished', old_delivery_id = {LATER}, "
        + "old_source_file = 'more_2026-02-21.csv'"
    )
    reconcile_small(rooms.connection)
    line = _line(rooms, "QS", where="source_file like 'more%'")
    assert line == {"landed": 2, "superseded": 1, "absent_since": 1}


def test_what_the_study_does_not_ask_for_is_left_out_by_that_reason(rooms: Rooms) -> None:
    rooms.connection.execute(
        "insert into landed.lb by name select * replace ('ALT' as lbtestcd) from landed.lb;"
        "insert into landed.qs by name select * replace ('SF36' as qstestcd) from landed.qs where visit = 'W2';"
        "insert into landed.qs by name select * replace ('CSSRS05' as qstestcd) from landed.qs where qstestcd = 'SF36'"
    )
    reconcile_small(rooms.connection)
    assert _line(rooms, "LB") == {"landed": 4, "not_asked": 2, "published": 2}
    assert _line(rooms, "QS") == {"landed": 17, "not_asked": 1, "derived": 1, "published": 15}


def test_what_lies_after_the_cutoff_is_left_out_by_that_reason(rooms: Rooms) -> None:
    rooms.connection.execute("delete from published.adqs where avisit = 'W2'; drop table published.reconciliation")
    rooms.connection.execute("drop table main.counts; drop table main.tally; drop table main.uneven")
    reconcile(rooms.connection, {"qs": small_reading("qs", until="qsdtc < '2026-01-20'")})
    assert _line(rooms, "QS") == {"landed": 15, "after_cutoff": 1, "published": 14}


def test_a_mean_before_the_first_dose_is_no_record_of_a_site(rooms: Rooms) -> None:
    rooms.connection.execute(
        "insert into published.advs by name select * replace ('AVERAGE' as dtype) from published.advs limit 1;"
        "insert into published.adqs by name select * replace ('AVERAGE' as dtype) from published.adqs limit 1"
    )
    reconcile_small(rooms.connection)
    assert _line(rooms, "VS") == {"landed": 2, "published": 2}
    assert _line(rooms, "QS") == {"landed": 15, "published": 15}


def test_a_row_of_a_file_that_is_not_known_is_unexplained(rooms: Rooms) -> None:
    rooms.connection.execute("insert into published.therapy by name select 'S01-001' as usubjid")
    reconcile_small(rooms.connection)
    assert _line(rooms, "PR", where="delivery_id is null") == {"published": 1, "unexplained": -1}


@pytest.mark.parametrize(("rows", "counted"), [(7, (7, 0, 0, 7, 0)), ("null", (None, 0, 0, None, 0))])
def test_the_rows_of_a_refused_file_are_counted_where_it_could_be_read(
    rooms: Rooms, rows: object, counted: tuple[int | None, ...]
) -> None:
    rooms.connection.execute(f"""
        insert into landed.deliveries by name select * replace ({LATER} as delivery_id, 'bad.csv' as file, 2 as rank,
            'refused' as outcome, 0 as rows_in, 0 as rows_accepted, 0 as rows_quarantined, {rows} as rows_refused,
            false as current) from landed.deliveries;
    """)
    reconcile_small(rooms.connection)
    query = (
        "select delivered, landed, set_aside, refused, unexplained from published.reconciliation "
        "where unit = 'ROWS' and source_file = 'bad.csv'"
    )
    assert rooms.connection.execute(query).fetchall() == [counted]


def test_a_row_of_a_refused_file_that_landed_all_the_same_is_unexplained(rooms: Rooms) -> None:
    rooms.connection.execute("update landed.deliveries set outcome = 'accepted', rows_accepted = 98")
    reconcile_small(rooms.connection)
    query = "select unexplained from published.reconciliation where unit = 'ROWS'"
    assert rooms.connection.execute(query).fetchall() == [(1,)]
