"""Checks that cannot run: each is an ERROR, says why without a value, and hides nothing about the others."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.core.errors import GateFailedError
from pipelines.gate.checking import checked
from pipelines.gate.expectations import explained
from pipelines.gate.rooms import Rooms
from pipelines.gate.suite import Suite, load_suites
from pipelines.gate.verdict import CheckResult
from pipelines.study.domains import DOMAINS
from tests.gate.faults import MARTS

CANARY = "Zaphod-Beeblebrox-42"


def _suite(*checks: dict[str, Any], table: str = "adqs", **more: Any) -> Suite:
    listed = [
        {
            "id": f"CUR-{table.upper()}-{number:03d}",
            "sentence": "A sentence for a site.",
            "standard": "ICH E6(R3)",
            **check,
        }
        for number, check in enumerate(checks, start=1)
    ]
    return Suite.model_validate({"gate": "curated", "table": table, "checks": listed, **more})


def _run(rooms: Rooms, suite: Suite) -> list[CheckResult]:
    return [result for result in checked(rooms, [suite]) if not result.check_id.endswith("-000")]


FINE = {"where": "usubjid is null"}


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"where": "nothing > 1"}, 'Binder Error: Referenced column "nothing" not found'),
        ({"rows": "select usubjid from nowhere"}, "Catalog Error: Table with name nowhere does not exist"),
        ({"where": "usubjid is"}, "Parser Error"),
        ({"rows": "select usubjid, aval from this"}, "selects what is no key: aval"),
        ({"where": "usubjid::date > date '2026-01-01'"}, "Conversion Error while the check ran"),
        ({"expectation": "ExpectColumnValuesToNotBeNull", "kwargs": {"column": "nothing"}}, 'column "nothing"'),
        ({"expectation": "ExpectMiracles", "kwargs": {}}, "the check raised an error"),
        ({"expectation": "ExpectColumnValuesToNotBeNull", "kwargs": {"field": "usubjid"}}, "the check raised an error"),
    ],
)
def test_a_check_that_cannot_run_is_an_error_and_the_others_run(rooms: Rooms, check: dict[str, Any], said: str) -> None:
    rooms.connection.execute("update curated.adqs set usubjid = ? where avisit = 'W2'", [CANARY])
    first, broken, last = _run(rooms, _suite(FINE, check, {"where": "aval = 26"}))
    assert (first.verdict, last.verdict, last.rows_failed) == ("PASS", "FAIL", 1)
    assert (broken.verdict, broken.rows_failed) == ("ERROR", None)
    assert said in str(broken.error)
    assert CANARY not in str(broken.error)


def test_a_table_that_is_not_there_is_an_error(rooms: Rooms) -> None:
    (result,) = _run(rooms, _suite(FINE, table="adxx"))
    assert (result.verdict, result.error) == ("ERROR", "there is no table curated.adxx")


def test_a_check_that_ran_on_nothing_is_an_error(rooms: Rooms) -> None:
    rooms.connection.execute("delete from curated.adqs")
    (result,) = _run(rooms, _suite(FINE))
    assert (result.verdict, result.error) == ("ERROR", "ran on nothing: curated.adqs has no rows")


def test_a_table_that_may_be_empty_passes_on_zero_rows_and_says_so(rooms: Rooms) -> None:
    rooms.connection.execute("delete from curated.adqs")
    (result,) = _run(rooms, _suite(FINE, may_be_empty=True))
    assert (result.verdict, result.rows_checked, result.rows_failed) == ("PASS", 0, 0)


def test_a_table_without_checks_is_an_error(rooms: Rooms) -> None:
    unchecked = {result.check_id: result.verdict for result in checked(rooms, [_suite(FINE)])}
    assert unchecked["CUR-ADSL-000"] == "ERROR"
    assert unchecked["PUB-ADQS-000"] == "ERROR"


def test_no_suite_at_all_leaves_every_table_unchecked(rooms: Rooms) -> None:
    results = checked(rooms, [])
    assert results
    assert {result.verdict for result in results} == {"ERROR"}


def test_braces_and_colons_in_a_rule_mean_what_they_say(rooms: Rooms) -> None:
    (result,) = _run(
        rooms,
        _suite(
            {"where": "regexp_matches(usubjid, '^S[0-9]{2}-') and 'a:b {c}' = 'a' || ':b {c}' and usubjid[2:3] = '01'"}
        ),
    )
    assert (result.verdict, result.rows_failed) == ("FAIL", 5)


def test_a_column_map_keeps_the_keys_of_its_failing_rows(rooms: Rooms) -> None:
    check = {"expectation": "ExpectColumnValuesToBeInSet", "kwargs": {"column": "avisit", "value_set": ["BL", "W1"]}}
    (result,) = _run(rooms, _suite({**check, "severity": "major"}))
    assert (result.verdict, result.rows_failed) == ("PASS_WITH_ROWS", 1)
    rows = rooms.connection.execute("select usubjid, avisit, source_file, srcseq from main.failing").fetchall()
    assert rows == [("S01-001", "W2", "all_2026-02-20.csv", 12)]


def test_a_table_expectation_that_fails_is_a_failure_without_rows(rooms: Rooms) -> None:
    check = {"expectation": "ExpectTableRowCountToEqual", "kwargs": {"value": 4}}
    (result,) = _run(rooms, _suite({**check, "severity": "minor"}))
    assert (result.verdict, result.rows_failed, result.blocks) == ("FAIL", None, False)


def test_when_the_machine_gives_up_there_is_no_verdict() -> None:
    with pytest.raises(GateFailedError, match="No verdict was written"):
        explained("(duckdb.OutOfMemoryException) Out of Memory Error: could not allocate block")


def test_every_check_passes_on_a_blinded_cut(rooms: Rooms) -> None:
    rooms.connection.execute("update study.settings set blinded = true")
    for schema in ("curated", "published"):
        for mart in MARTS.keys() - {"adsl"}:
            rooms.connection.execute(f"update {schema}.{mart} set trta = 'BLINDED'")
        rooms.connection.execute(
            f"update {schema}.adsl set trt01p = 'BLINDED', trt01a = 'BLINDED', trta = 'BLINDED';"
            f"update {schema}.exposure set trta = 'BLINDED', extrt = null, dose_mg = null, dose_mg_per_kg = null;"
            f"update {schema}.blinding_assessment set correctfl = null;"
            # Which arm a missed visit is the worst case of is not known.
            f"update {schema}.response set crit1fl = null, dtype = null where missing_rule = 'worst' and aval is null;"
            f"update {schema}.remission set crit1fl = null, dtype = null where missing_rule = 'worst' and aval is null"
        )
        for domain in DOMAINS.values():
            if domain.in_vault:
                rooms.connection.execute(f"delete from {schema}.{domain.name}")
    failed = [result.check_id for result in checked(rooms, load_suites()) if result.verdict != "PASS"]
    assert failed == ["LAN-QUARANTINE-003"]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        # Of a wide file a row gives many records.
        ("insert into landed.qs from landed.qs; insert into landed.qs from landed.qs", "PASS"),
        ("update landed.deliveries set rows_accepted = 3", "FAIL"),
    ],
)
def test_rows_are_told_apart_where_there_are_more_records_than_rows(rooms: Rooms, change: str, verdict: str) -> None:
    rooms.connection.execute(change)
    found = {result.check_id: result.verdict for result in checked(rooms, load_suites())}
    assert found["LAN-DELIVERIES-003"] == verdict
