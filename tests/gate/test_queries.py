"""What a cut asks of its sites: each failing row that a site can do something about, by an id that stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.gate import gate
from pipelines.land import land
from tests.small_study import SCORES_HEADER, deliver, make_study, scores_row

SUBJECTS = "id,age,consent,dose_date\n001,40,2026-01-02,2026-01-05\n002,41,2026-01-02,2026-01-05\n"
WRONG_TOTAL = scores_row("001", "W1", "2026-01-12", total="31")
RIGHT_TOTAL = scores_row("001", "W1", "2026-01-12")
OUT_OF_RANGE = scores_row("002", "W1", "2026-01-12", total="77")
GOOD = scores_row("002", "BL", "2026-01-05")


def rows_of(study: Any, day: str, *rows: str) -> list[dict[str, Any]]:
    """Returns the queries of the cut that is made after these scores were delivered on a day."""
    deliver(study, "S01", f"scores_{day}.csv", "\n".join([SCORES_HEADER, *rows, ""]))
    deliver(study, "S01", f"subjects_{day}.csv", SUBJECTS)
    land(study)
    cut = Cut(study.folder, build(study).cut_id)
    gate(study, cut.cut_id)
    found: list[dict[str, Any]] = pq.read_table(cut.tables / "queries.parquet").to_pylist()
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        assert connection.execute("select count(*) from monitoring.queries").fetchone() == (len(found),)
    return found


def one(rows: list[dict[str, Any]], check_id: str) -> dict[str, Any]:
    (found,) = [row for row in rows if row["check_id"] == check_id]
    return found


def test_a_query_keeps_its_id_and_its_day_though_its_row_moves_and_is_gone_once_it_is_mended(tmp_path: Path) -> None:
    study = make_study(tmp_path / "small")
    first = rows_of(study, "2026-02-01", WRONG_TOTAL, OUT_OF_RANGE, GOOD)
    moved = rows_of(study, "2026-03-01", scores_row("001", "BL"), GOOD, OUT_OF_RANGE, WRONG_TOTAL)
    for check_id, item, before, after in (("CUR-ADQS-006", "MADRS", 1, 4), ("Q_RANGE", "total", 2, 3)):
        asked, again = one(first, check_id), one(moved, check_id)
        assert asked["query_id"] == again["query_id"]
        assert (asked["item"], asked["srcseq"], again["srcseq"]) == (item, before, after)
        assert [str(row["opened_on"]) for row in (asked, again)] == ["2026-02-01", "2026-02-01"]
    assert (one(first, "CUR-ADQS-006")["usubjid"], one(first, "Q_RANGE")["usubjid"]) == (
        "SMALL-S01-001",
        "SMALL-S01-002",
    )
    mended = rows_of(study, "2026-04-01", RIGHT_TOTAL, GOOD)
    assert not {"CUR-ADQS-006", "Q_RANGE"} & {row["check_id"] for row in mended}
    back = rows_of(study, "2026-05-01", RIGHT_TOTAL, GOOD, OUT_OF_RANGE)
    assert one(back, "Q_RANGE")["query_id"] == one(first, "Q_RANGE")["query_id"]
    assert str(one(back, "Q_RANGE")["opened_on"]) == "2026-05-01"


def test_a_refused_file_is_asked_for_until_its_export_comes_again(tmp_path: Path) -> None:
    study = make_study(tmp_path / "small")
    deliver(study, "S01", "scores_2026-01-20.csv", "cut off")
    deliver(study, "S02", "scores_2026-02-20.csv", "cut off too")
    asked = [row for row in rows_of(study, "2026-02-01", GOOD, RIGHT_TOTAL) if row["check_id"] == "LAN-DELIVERIES-006"]
    assert [(row["siteid"], row["source_file"]) for row in asked] == [("S02", "scores_2026-02-20.csv")]


def test_a_subject_that_no_accepted_row_names_is_not_named_in_a_query(tmp_path: Path) -> None:
    study = make_study(tmp_path / "small")
    rows = rows_of(study, "2026-02-01", GOOD, scores_row("MrsWaterhouse", total="77"))
    found = one(rows, "Q_RANGE")
    assert (found["usubjid"], found["siteid"], found["source_file"], found["srcseq"]) == (
        None,
        "S01",
        "scores_2026-02-01.csv",
        2,
    )


def test_a_check_of_our_own_work_asks_no_site(small_cut: Callable[..., Any]) -> None:
    small = small_cut("update curated.adqs set chg = chg + 1 where chg is not null")
    gate(small.study, small.cut_id)
    failing = pq.read_table(small.directory / "gate" / "failing_rows.parquet").to_pylist()
    assert "CUR-ADQS-003" in {row["check_id"] for row in failing}
    assert len({(row["check_id"], row["row_id"]) for row in failing}) == len(failing)
    asked = pq.read_table(small.directory / "tables" / "queries.parquet").to_pylist()
    assert [(row["check_id"], row["siteid"], row["srcseq"]) for row in asked] == [("Q_RANGE", "S01", 100)]


def test_a_gate_that_was_broken_off_after_its_queries_is_done_again(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    first = gate(small.study, small.cut_id)
    queries = (small.directory / "tables" / "queries.parquet").read_bytes()
    for path in sorted((small.directory / "gate").iterdir()):
        path.unlink()
    (small.directory / "gate").rmdir()
    again = gate(small.study, small.cut_id)
    assert (again.reused, again.failed) == (False, first.failed)
    assert (small.directory / "tables" / "queries.parquet").read_bytes() == queries
