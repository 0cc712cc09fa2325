"""Restatements: what a newer delivery changed is kept with both values, and what was known on a day is told again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build import build
from pipelines.build.history import compared, create_history
from pipelines.build.landed import create_landed
from pipelines.core.duck import connect
from pipelines.core.errors import IntegrityError
from pipelines.cut import Cut, cut_inputs
from pipelines.land import land
from pipelines.study import Study
from pipelines.study.domains import DOMAINS
from tests.build.trial import ALLOCATION, NONE, SUBJECTS, TRIAL
from tests.small_study import deliver, make_study, scores_file, scores_row

INCREMENTS = TRIAL.replace(
    "    - file: scores_{date}.csv\n", "    - file: scores_{date}.csv\n      delivery: increment\n"
)
BASELINE = scores_row("001", "BL", "2026-01-05")
DAY_2 = scores_row("001", "D2", "2026-01-06", NONE, "10", "")
CORRECTED = scores_row("001", "D2", "2026-01-06", NONE, "16", "")
WEEK_1 = scores_row("001", "W1", "2026-01-12", NONE, "9", "")
FIRST, SECOND, THIRD = (f"scores_2026-0{month}-01.csv" for month in (3, 4, 5))

Files = Sequence[tuple[str, str, str]]
TRIAL_FILES: Files = (("S01", "subjects_2026-03-01.csv", SUBJECTS), ("IRT", "allocation_2026-03-01.csv", ALLOCATION))
CHAIN: Files = (
    ("S01", FIRST, scores_file(BASELINE, DAY_2)),
    ("S01", SECOND, scores_file(BASELINE, CORRECTED, WEEK_1)),
    ("S01", THIRD, scores_file(CORRECTED, WEEK_1)),
)


def landed(root: Path, files: Files, text: str = TRIAL) -> Study:
    """Returns a study whose files arrived one run after the other, in this order."""
    study = make_study(root, text)
    for site, file, content in (*TRIAL_FILES, *files):
        deliver(study, site, file, content)
        assert not land(study).refused
    return study


def built(study: Study, **inputs: Any) -> Cut:
    return Cut(study.folder, build(study, **inputs).cut_id)


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


CHANGES = """
    select change, domain, record_key, variable, old_value, new_value, old_source_row, new_source_row, seen_on::varchar
    from record_changes
    where record_key not like 'MADRS0%' and record_key not like 'MADRS10%'
    order by seen_on, domain, record_key
"""


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Cut]:
    study = landed(tmp_path_factory.mktemp("chain"), CHAIN)
    return study, built(study)


@pytest.mark.requirement("RES-2")
def test_each_delivery_of_a_chain_says_what_it_changed(chained: tuple[Study, Cut]) -> None:
    day_2, week_1, baseline = "MADRSTOT | D2 | 2026-01-06", "MADRSTOT | W1 | 2026-01-12", "MADRSTOT | BL | 2026-01-05"
    assert rows(chained[1], CHANGES) == [
        ("changed", "QS", day_2, "qsstresn", "10", "16", 2, 2, "2026-04-01"),
        ("added", "QS", week_1, None, None, None, None, 3, "2026-04-01"),
        ("vanished", "LB", "CRP | BL | 2026-01-05", None, None, None, 1, None, "2026-05-01"),
        ("vanished", "QS", baseline, None, None, None, 1, None, "2026-05-01"),
    ]
    items = "select change, count(*) from record_changes where regexp_matches(record_key, '^MADRS(0|10)') group by all"
    assert rows(chained[1], items) == [("vanished", 10)]
    files = "select distinct old_source_file, new_source_file from record_changes order by all"
    assert rows(chained[1], files) == [(FIRST, SECOND), (SECOND, THIRD)]
    named = """
        select count(*) from record_changes
        where (select count(*) from deliveries where delivery_id in (old_delivery_id, new_delivery_id)) <> 2
    """
    assert rows(chained[1], named) == [(0,)]


@pytest.mark.requirement("RES-3")
def test_a_record_that_vanished_is_out_of_the_tables_and_can_come_back(tmp_path: Path) -> None:
    files = [("S01", FIRST, scores_file(BASELINE, WEEK_1)), ("S01", SECOND, scores_file(BASELINE))]
    cut = built(landed(tmp_path / "gone", files))
    assert rows(cut, CHANGES)[0][:4] == ("vanished", "QS", "MADRSTOT | W1 | 2026-01-12", None)
    assert rows(cut, "select count(*) from adqs where avisit = 'W1'") == [(0,)]
    # The old bytes under a new day: what they hold is known again.
    cut = built(landed(tmp_path / "back", [*files, ("S01", THIRD, files[0][2])]))
    assert [(row[0], row[-1]) for row in rows(cut, CHANGES)] == [("vanished", "2026-04-01"), ("added", "2026-05-01")]
    assert rows(cut, "select distinct old_source_file, new_source_file from record_changes order by all") == [
        (FIRST, SECOND),
        (SECOND, THIRD),
    ]
    assert rows(cut, "select count(*) from adqs where avisit = 'W1'") == [(1,)]


@pytest.mark.requirement("RES-1")
def test_the_same_bytes_twice_change_nothing(tmp_path: Path) -> None:
    once = [CHAIN[0]]
    study = landed(tmp_path, [*once, *once, ("S01", SECOND, CHAIN[0][2])])
    assert rows(built(study), "select count(*) from record_changes") == [(0,)]


def test_an_increment_changes_what_it_brings_again_and_nothing_else(tmp_path: Path) -> None:
    files = [
        ("S01", FIRST, scores_file(BASELINE, DAY_2)),
        ("S01", SECOND, scores_file(WEEK_1)),
        ("S01", THIRD, scores_file(CORRECTED)),
    ]
    cut = built(landed(tmp_path, files, INCREMENTS))
    changed = ("changed", "QS", "MADRSTOT | D2 | 2026-01-06", "qsstresn", "10", "16", 2, 1, "2026-05-01")
    assert rows(cut, "from record_changes select count(*)") == [(1,)]
    assert rows(cut, CHANGES) == [changed]
    assert rows(cut, "select aval from adqs where avisit in ('D2', 'W1') order by avisitn") == [(16,), (9,)]


@pytest.mark.requirement("RES-4")
@pytest.mark.slow
def test_in_whatever_order_dated_files_arrive_the_cut_is_the_same(chained: tuple[Study, Cut], tmp_path: Path) -> None:
    for number, order in enumerate(permutations(CHAIN)):
        study = landed(tmp_path / str(number), order)
        assert cut_inputs(study).cut_id == chained[1].cut_id, [file for _, file, _ in order]
    cut = built(landed(tmp_path / "reversed", CHAIN[::-1]))
    for path in chained[1].tables.iterdir():
        assert (cut.tables / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.requirement("RES-4")
@pytest.mark.slow
def test_content_that_came_under_two_names_is_of_the_one_exported_first_whichever_came_first(tmp_path: Path) -> None:
    twice = [("S01", file, scores_file(BASELINE, DAY_2)) for file in (FIRST, SECOND)]
    one, other = (built(landed(tmp_path / str(number), order)) for number, order in enumerate((twice, twice[::-1])))
    assert rows(other, "select distinct source_file from adqs") == [(FIRST,)]
    assert other.cut_id == one.cut_id
    for path in one.tables.iterdir():
        assert (other.tables / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.requirement("RES-2")
def test_what_was_known_on_a_day_is_told_again_under_the_same_cut_id(tmp_path: Path) -> None:
    day_2 = "select aval from adqs where avisit = 'D2'"
    before, after = dt.date(2026, 3, 31), dt.date(2026, 4, 1)
    study = landed(tmp_path, CHAIN[:1])
    known = built(study, as_of=before)
    assert rows(known, day_2) == [(10,)]
    for site, file, content in CHAIN[1:]:
        deliver(study, site, file, content)
    land(study)
    assert built(study, as_of=before).cut_id == known.cut_id
    later = built(study, as_of=after)
    assert rows(later, day_2) == [(16,)]
    assert {row[-1] for row in rows(later, CHANGES)} == {"2026-04-01"}
    assert rows(known, "select count(*) from record_changes") == [(0,)]


def test_a_change_of_what_happened_after_the_data_cutoff_is_left_out(chained: tuple[Study, Cut]) -> None:
    cut = built(chained[0], data_cutoff=dt.date(2026, 1, 5))
    assert {row[2].split(" | ")[1] for row in rows(cut, CHANGES)} == {"BL"}
    cut = built(chained[0], data_cutoff=dt.date(2026, 1, 6))
    assert {row[2].split(" | ")[1] for row in rows(cut, CHANGES)} == {"BL", "D2"}
    assert rows(cut, "select max(adt)::varchar from adqs") == [("2026-01-06",)]


@pytest.mark.requirement("BLD-1")
@pytest.mark.parametrize("blinded", [True, False])
def test_a_corrected_arm_is_in_no_cut_a_change(tmp_path: Path, *, blinded: bool) -> None:
    corrected = ALLOCATION.replace("S01,001,KET", "S01,001,PBO")
    study = landed(tmp_path, [CHAIN[0], ("IRT", "allocation_2026-04-01.csv", corrected)])
    with connect() as connection:
        inputs = cut_inputs(study, blinded=blinded)
        create_landed(connection, inputs)
        create_history(connection, inputs)
        told = connection.execute("select count(*), count(distinct record_values) from landed.history").fetchone()
        assert told == (8, 1)
        named = connection.execute("select distinct domain, variable from landed.history_variables").fetchall()
    # A trial's design names the arms too, and nobody who is in one.
    treatments = {(domain.name.upper(), one.name) for domain in DOMAINS.values() for one in domain.hidden}
    assert not treatments & set(named)
    assert not treatments & {(domain.name.upper(), one.name) for domain in DOMAINS.values() for one in compared(domain)}


def test_an_export_that_came_once_has_no_history_and_none_of_its_files_is_read(trial: Study) -> None:
    with connect() as connection:
        inputs = cut_inputs(trial)
        create_landed(connection, inputs)
        create_history(connection, inputs)
        view = connection.execute("select sql from duckdb_views() where view_name = 'history'").fetchone()
        assert view is not None
        assert "parquet" not in view[0]
        assert connection.execute("select count(*) from landed.history").fetchone() == (0,)


def test_damaged_rows_of_a_superseded_delivery_are_never_read(tmp_path: Path) -> None:
    study = landed(tmp_path, CHAIN[:2])
    superseded = next(one for one in cut_inputs(study).deliveries if one.file == FIRST)
    path = superseded.directory / "rows" / "qs.parquet"
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"qs\.parquet"):
        build(study)
