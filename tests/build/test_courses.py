"""What must hold of any course of scores, doses and events: episodes do not overlap, intervals tile the follow-up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.build.database import create_database
from pipelines.build.derive import run_dbt
from pipelines.cut import cut_inputs
from pipelines.study import Study

MODELS = ("int_doses_timed", "durability_intervals", "int_responses_traced", "int_responses_grouped")
INPUTS = """
    attach ':memory:' as cut; attach ':memory:' as steps;
    create schema cut.study; create schema cut.marts; create schema steps.intermediate; use cut;
    create table study.durability (paramcd varchar, endpoint varchar, relapse_min_score double, relapse_strict boolean,
        maintenance_window_days integer, maintenance_category varchar);
    create table steps.intermediate.int_courses_ended (usubjid varchar, paramcd varchar, aperiod integer, startdt date);
    create table steps.intermediate.int_doses_numbered (usubjid varchar, aperiod integer, excat varchar, adt date);
    create table marts.durability (studyid varchar, usubjid varchar, siteid varchar, trta varchar, endpoint varchar,
        paramcd varchar, param varchar, srcdom varchar, delivery_id varchar, source_file varchar, aperiod integer,
        aval double, cnsr integer, srcseq bigint, startdt date);
    create table steps.intermediate.int_responses_assessed (usubjid varchar, endpoint varchar, dtc varchar,
        aperiod integer, ady integer, delivery_rank integer, srcseq bigint, aval double, base double,
        is_response boolean, adt date);
    create table steps.intermediate.int_response_events_dated (usubjid varchar, endpoint varchar, ended_by varchar,
        srcdom varchar, dtc varchar, aperiod integer, ady integer, priority integer, cnsr integer,
        delivery_rank integer, srcseq bigint, aval double, base double, adt date);
"""
DAYS = st.integers(min_value=-10, max_value=60)


@pytest.fixture(scope="module")
def database(trial: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty inputs of the models of this page, and the models as views over them."""
    folder = tmp_path_factory.mktemp("courses")
    create_database(folder / "cut.duckdb", trial, cut_inputs(trial))
    compiled = _compiled(folder)
    with duckdb.connect(":memory:") as connection:
        connection.execute(INPUTS)
        for model in MODELS:
            schema = "marts" if model == "durability_intervals" else "steps.intermediate"
            connection.execute(f"create view {schema}.{model} as {compiled[model]}")
        yield connection


def _compiled(folder: Path) -> dict[str, str]:
    result = run_dbt("compile", "--select", *MODELS, database=folder / "cut.duckdb", scratch=folder / "scratch").result
    return {one.node.name: one.node.compiled_code for one in result if one.node.resource_type == "model"}


def cleared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    names = "select concat_ws('.', database_name, schema_name, table_name) from duckdb_tables()"
    for (table,) in connection.execute(names).fetchall():
        connection.execute(f"delete from {table}")
    return connection


@settings(max_examples=60, deadline=None)
@given(
    doses=st.lists(st.tuples(DAYS, st.sampled_from(["INITIAL", "MAINTENANCE"])), max_size=8),
    length=st.integers(min_value=1, max_value=50),
    window=st.none() | st.integers(min_value=1, max_value=20),
    category=st.none() | st.just("MAINTENANCE"),
    censored=st.sampled_from([0, 1]),
)
def test_the_intervals_of_a_time_tile_it_and_count_each_dose_from_the_day_after_it(
    database: duckdb.DuckDBPyConnection,
    doses: list[tuple[int, str]],
    length: int,
    window: int | None,
    category: str | None,
    censored: int,
) -> None:
    connection = cleared(database)
    connection.execute("insert into study.durability values ('TT', 'p', null, null, ?, ?)", [window, category])
    connection.execute("insert into steps.intermediate.int_courses_ended values ('A', 'TT', 1, '2026-01-01')")
    connection.execute(
        "insert into marts.durability by name select 'A' as usubjid, 'TT' as paramcd, 1 as aperiod, ? as aval,"
        " ? as cnsr, date '2026-01-01' as startdt",
        [length, censored],
    )
    for day, kind in doses:
        connection.execute(
            "insert into steps.intermediate.int_doses_numbered select 'A', 1, ?, date '2026-01-01' + (? - 1)",
            [kind, day],
        )
    found = connection.execute(
        "select tstart, tstop, event, doses, maintfl from marts.durability_intervals order by tstart"
    ).fetchall()
    starts, stops = [row[0] for row in found], [row[1] for row in found]
    assert [0, *stops] == [*starts, length]
    assert all(start < stop for start, stop in zip(starts, stops, strict=True))
    assert [row[2] for row in found] == [*[0] * (len(found) - 1), 1 - censored]
    maintenance = [day for day, kind in doses if (kind == category if category else day >= 1)]
    for start, stop, _, counted, flag in found:
        for day in range(start + 1, stop + 1):
            assert counted == sum(given < day for given, _ in doses)
            on_maintenance = window is not None and any(0 < day - given <= window for given in maintenance)
            assert flag == (None if window is None else "Y" if on_maintenance else "N")


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.tuples(st.integers(min_value=2, max_value=40), st.sampled_from([10, 20, 25])), max_size=10),
    events=st.lists(st.tuples(st.integers(min_value=2, max_value=40), st.sampled_from([0, 1])), max_size=3),
)
def test_episodes_do_not_overlap_and_hold_every_response_and_no_other_score(
    database: duckdb.DuckDBPyConnection, scores: list[tuple[int, int]], events: list[tuple[int, int]]
) -> None:
    connection = cleared(database)
    connection.execute("insert into study.durability values ('TT', 'p', 22, false, null, null)")
    for number, (day, score) in enumerate(scores):
        connection.execute(
            "insert into steps.intermediate.int_responses_assessed select 'A', 'p', null, 1, ?, 1, ?, ?, 30, ? <= 15,"
            " date '2026-01-01' + (? - 1)",
            [day, number, score, score, day],
        )
    for number, (day, cnsr) in enumerate(events):
        connection.execute(
            "insert into steps.intermediate.int_response_events_dated select 'A', 'p', 'EVENT', 'CE', null, 1, ?,"
            " 1, ?, 1, ?, null, null, date '2026-01-01' + (? - 1)",
            [day, cnsr, 100 + number, day],
        )
    found = connection.execute(
        "select episode, start_day, last_day, end_day, assessments, ended_by"
        " from steps.intermediate.int_responses_grouped order by episode"
    ).fetchall()
    assert [row[0] for row in found] == list(range(1, len(found) + 1))
    assert all(start <= last <= end for _, start, last, end, _, _ in found)
    assert all(earlier[3] < later[1] for earlier, later in pairwise(found))
    assert sum(row[4] for row in found) == sum(score <= 15 for _, score in scores)
    assert all(row[5] is not None for row in found[:-1])
    for _, start, last, _, _, _ in found:
        # A score that is none on the last day itself is what ended the episode.
        assert not [day for day, score in scores if score > 15 and start <= day < last]
