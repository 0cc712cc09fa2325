"""The section of queries: how many by site and check, how old, and nothing that a subject said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.core.duck import connect
from pipelines.report import report
from tests.report.test_assembly import rows
from tests.report.trials import parallel

DELIVERIES = [
    {"siteid": "S01", "file": "a_2026-03-11.csv", "outcome": "accepted", "delivered_on": "2026-03-11", "rows_in": 1,
     "rows_accepted": 1, "rows_quarantined": 0, "is_current": True, "delivery_id": "a" * 64, "codes": ""},
]  # fmt: skip
ASKED = (
    ("S01", "KAP-1", "Q_RANGE", "major", "2026-03-01"),
    ("S01", "KAP-2", "Q_RANGE", "major", "2026-03-07"),
    ("S02", "KAP-3", "LAN-DM-008", "critical", None),
)


def with_queries(root: Path, asked: tuple[tuple[Any, ...], ...]) -> str:
    """Returns the page of a cut that asks these."""
    study, cut = parallel(root, deliveries=DELIVERIES)
    with connect(cut.duckdb) as connection:
        connection.execute(
            "create table queries (siteid varchar, usubjid varchar, check_id varchar, severity varchar,"
            " opened_on date, sentence varchar)"
        )
        for row in asked:
            connection.execute("insert into queries values (?, ?, ?, ?, ?, 'It should hold.')", row)
    report(study, cut.cut_id)
    return (cut.report / "deliveries.html").read_text()


def test_queries_are_counted_by_site_and_check_with_their_age(tmp_path: Path) -> None:
    page = with_queries(tmp_path, ASKED)
    assert "3 queries are put to 2 sites and vendors." in page
    assert rows(page, "Queries by site")[1:] == [
        ["S01 Basel", "2", "0", "2", "0", "7.0", "10"],
        ["S02 Lund", "1", "1", "0", "0", "\u2014", "\u2014"],
    ]
    assert rows(page, "Queries by check")[1] == ["Q_RANGE", "It should hold.", "major", "2", "1"]
    assert "KAP-1" not in page


def test_a_cut_that_asks_nothing_says_so_and_one_without_the_table_is_silent(tmp_path: Path) -> None:
    assert "Nothing is asked of any site." in with_queries(tmp_path / "asks", ())
    study, cut = parallel(tmp_path / "older")
    report(study, cut.cut_id)
    assert "Queries to sites" not in (cut.report / "deliveries.html").read_text()
