"""The tables of the hand-made trial, row by row."""

from __future__ import annotations

from typing import Any

import duckdb

from pipelines.cut import Cut


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def subject(column: str = "usubjid") -> str:
    return f"right({column}, 3)"


def test_every_subject_is_in_adsl_with_arm_status_and_population(cut: Cut) -> None:
    query = f"select {subject()}, trta, eosstt, dcsreas, randfl, saffl, analysfl, doses from adsl order by usubjid"
    assert rows(cut, query) == [
        ("001", "KET", "COMPLETED", None, "Y", "Y", "Y", 1),
        ("002", "KET", "ONGOING", None, "Y", "Y", "Y", 1),
        ("003", "PBO", "DISCONTINUED", "LACK OF EFFICACY", "Y", "Y", "Y", 1),
        ("004", "PBO", "ONGOING", None, "Y", "N", "Y", 0),
        ("005", None, "ONGOING", None, "N", "N", "N", 0),
    ]


def test_adqs_has_every_assessment_with_its_visit_and_change(cut: Cut) -> None:
    query = f"""
        select {subject()}, avisit, ady, aval, base, chg, total_source, missing_reason, ablfl, anl01fl
        from adqs where {subject()} in ('002', '003') order by usubjid, adt
    """
    assert rows(cut, query) == [
        ("002", "BL", 1, 30, 30, None, "items", None, "Y", "Y"),
        ("002", "D2", 2, 15, 30, -15, "collected", None, None, "Y"),
        ("002", "W1", 11, 16, 30, -14, "collected", None, None, "Y"),
        ("003", "BL", 1, 30, 30, None, "items", None, "Y", "Y"),
        ("003", "D2", 2, None, 30, None, None, "1 of 10 items missing", None, "Y"),
        ("003", "W1", 8, 12, 30, -18, "collected", None, None, "Y"),
    ]


def test_response_has_a_row_for_every_analysed_subject_visit_and_rule(cut: Cut) -> None:
    query = f"""
        select {subject()}, avisit, missing_rule, aval, crit1fl, dtype from response
        where estimand = 'treatment_policy' and missing_rule <> 'observed' order by usubjid, avisitn, missing_rule
    """
    assert rows(cut, query) == [
        ("001", "D2", "locf", 10, "Y", None),
        ("001", "D2", "nri", 10, "Y", None),
        ("001", "W1", "locf", 9, "Y", None),
        ("001", "W1", "nri", 9, "Y", None),
        ("002", "D2", "locf", 15, "Y", None),
        ("002", "D2", "nri", 15, "Y", None),
        ("002", "W1", "locf", 16, "N", None),
        ("002", "W1", "nri", 16, "N", None),
        ("003", "D2", "locf", None, None, None),
        ("003", "D2", "nri", None, "N", "NRI"),
        ("003", "W1", "locf", 12, "Y", None),
        ("003", "W1", "nri", 12, "Y", None),
        ("004", "D2", "locf", None, None, None),
        ("004", "D2", "nri", None, "N", "NRI"),
        ("004", "W1", "locf", None, None, None),
        ("004", "W1", "nri", None, "N", "NRI"),
    ]


def test_an_event_before_the_visit_makes_it_a_failure_under_composite(cut: Cut) -> None:
    query = f"""
        select {subject()}, avisit, aval, crit1fl from response
        where estimand = 'failure' and missing_rule = 'observed' and {subject()} = '003' order by avisitn
    """
    assert rows(cut, query) == [("003", "D2", None, None), ("003", "W1", 12, "N")]


def test_remission_is_at_most_ten(cut: Cut) -> None:
    query = f"""
        select {subject()}, avisit, crit1, crit1fl from remission
        where estimand = 'treatment_policy' and missing_rule = 'observed' and aval is not null order by usubjid, avisitn
    """
    assert rows(cut, query) == [
        ("001", "D2", "MADRS total <= 10", "Y"),
        ("001", "W1", "MADRS total <= 10", "Y"),
        ("002", "D2", "MADRS total <= 10", "N"),
        ("002", "W1", "MADRS total <= 10", "N"),
        ("003", "W1", "MADRS total <= 10", "N"),
    ]


def test_durability_runs_from_the_first_response_to_its_loss_or_to_the_end(cut: Cut) -> None:
    query = f"""
        select {subject()}, startdy, ady, aval, lower_days, upper_days, cnsr, evntdesc, cnsdtdsc
        from durability order by usubjid
    """
    assert rows(cut, query) == [
        ("001", 2, 8, 7, 7, None, 1, None, "END OF FOLLOW-UP"),
        ("002", 2, 11, 10, 1, 10, 0, "LOSS OF RESPONSE", None),
        ("003", 8, 8, 1, 1, None, 1, None, "WITHDRAWAL"),
    ]


def test_every_value_names_the_row_that_it_came_from(cut: Cut) -> None:
    query = """
        select source_file, srcseq from response
        where aval = 16 and estimand = 'treatment_policy' and missing_rule = 'observed'
    """
    assert rows(cut, query) == [("scores_2026-03-01.csv", 6)]
    assert rows(cut, "select count(*) from adqs where delivery_id is null or srcseq is null") == [(0,)]
