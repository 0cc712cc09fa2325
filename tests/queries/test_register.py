"""A query over the cuts: opened, answered, closed, opened again; told by the cuts and the answers alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError
from pipelines.queries import Query, import_answers, queries
from pipelines.study import Study
from tests.queries.asked import Asked, gated_cut
from tests.small_cut import small_study

FIRST, SECOND = Asked(query_id="Q-000001-AAAAAA"), Asked(query_id="Q-000002-BBBBBB", siteid="S02")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return small_study(tmp_path / "small")


def by_id(study: Study) -> dict[str, Query]:
    return {one.query_id: one for one in queries(study).queries}


def answered(study: Study, folder: Path, query_id: str, answer: str = "confirmed") -> None:
    file = folder / f"{query_id}-{answer}.csv"
    file.write_text(f"query_id,answer,comment\n{query_id},{answer},\n")
    import_answers(study, file)


def test_a_query_is_open_while_cuts_ask_it_and_closed_by_the_first_that_does_not(study: Study) -> None:
    gated_cut(study, "2026-01-10", FIRST, SECOND)
    gated_cut(study, "2026-02-10", FIRST)
    found = by_id(study)
    assert (found[FIRST.query_id].status, found[FIRST.query_id].age_days) == ("open", 31)
    closed = found[SECOND.query_id]
    assert (closed.status, closed.closed_on, closed.age_days) == ("closed", "2026-02-10", 31)
    assert closed.closed_by == queries(study).cuts[1]


def test_a_query_that_was_closed_and_is_asked_again_is_reopened(study: Study) -> None:
    first = gated_cut(study, "2026-01-10", FIRST)
    gated_cut(study, "2026-02-10")
    again = gated_cut(study, "2026-03-10", FIRST)
    found = by_id(study)[FIRST.query_id]
    assert (found.status, found.cuts, found.closed_on) == ("reopened", (first.cut_id, again.cut_id), None)


def test_an_answer_counts_until_the_query_is_opened_again(study: Study, tmp_path: Path) -> None:
    gated_cut(study, "2026-01-10", FIRST)
    answered(study, tmp_path, FIRST.query_id, "corrected")
    assert (by_id(study)[FIRST.query_id].status, by_id(study)[FIRST.query_id].answer) == ("answered", "corrected")
    gated_cut(study, "2026-02-10")
    assert by_id(study)[FIRST.query_id].status == "closed"
    gated_cut(study, "2026-03-10", FIRST)
    assert (by_id(study)[FIRST.query_id].status, by_id(study)[FIRST.query_id].answer) == ("reopened", None)
    answered(study, tmp_path, FIRST.query_id, "confirmed")
    assert by_id(study)[FIRST.query_id].status == "answered"


def test_a_check_that_could_not_run_closes_nothing(study: Study) -> None:
    gated_cut(study, "2026-01-10", FIRST)
    gated_cut(study, "2026-02-10", errors=(FIRST.check_id,))
    assert by_id(study)[FIRST.query_id].status == "open"


def test_a_cut_of_an_earlier_day_has_no_part_in_it(study: Study) -> None:
    gated_cut(study, "2026-02-10", FIRST)
    gated_cut(study, "2026-01-10", as_of="2026-01-10")
    assert by_id(study)[FIRST.query_id].status == "open"
    assert len(queries(study).cuts) == 1


def test_sites_are_counted_by_status_with_the_median_age_of_what_is_not_closed(study: Study) -> None:
    old = Asked(query_id="Q-000003-CCCCCC", opened_on="2026-01-01")
    gated_cut(study, "2026-01-11", FIRST, SECOND, old)
    gated_cut(study, "2026-01-21", FIRST, old)
    first, second = queries(study).sites
    assert (first.siteid, first.open, first.closed, first.median_age_days) == ("S01", 2, 0, 15.5)
    assert (second.siteid, second.open, second.closed, second.median_age_days) == ("S02", 0, 1, None)


def test_a_table_that_was_damaged_is_named(study: Study) -> None:
    cut = gated_cut(study, "2026-01-10", FIRST)
    (cut.tables / "queries.parquet").write_bytes(b"no table")
    with pytest.raises(IntegrityError, match=r"queries\.parquet: cannot be read"):
        queries(study)
