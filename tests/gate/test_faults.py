"""Every check of every suite is seen to fail with its fault put in, and to pass without."""

from __future__ import annotations

import re

import pytest

from pipelines.gate.checking import FAILING, checked
from pipelines.gate.rooms import Rooms
from pipelines.gate.suite import Suite, load_suites
from pipelines.gate.verdict import CheckResult
from tests.gate.faults import FAULTS

SUITES = load_suites()
CHECKS = {check.id: suite for suite in SUITES for check in suite.checks}
# A row set aside is itself a query to its site, so that the small cut has one.
KNOWN = {"LAN-QUARANTINE-003"}


def test_every_check_has_a_fault_and_every_fault_a_check() -> None:
    assert sorted(FAULTS) == sorted(CHECKS)


def test_every_check_passes_on_the_small_cut(rooms: Rooms) -> None:
    results = checked(rooms, SUITES)
    assert {
        result.check_id: (result.verdict, result.error) for result in results if result.verdict != "PASS"
    } == dict.fromkeys(KNOWN, ("PASS_WITH_ROWS", None))
    assert len(results) == len(CHECKS)


@pytest.mark.parametrize("check_id", sorted(CHECKS))
def test_the_check_fails_with_its_fault_put_in(pristine_rooms: Rooms, check_id: str) -> None:
    rooms, suite = pristine_rooms, CHECKS[check_id]
    try:
        rooms.connection.execute(FAULTS[check_id])
        _fails(rooms, suite, check_id)
    finally:
        for table in set(re.findall(r"(?:landed|curated|published|study)\.\w+", FAULTS[check_id])):
            rooms.connection.execute(f"create or replace table {table} as from pristine.{table}")


def _fails(rooms: Rooms, suite: Suite, check_id: str) -> None:
    results = {result.check_id: result for result in checked(rooms, [suite]) if not result.check_id.endswith("-000")}
    found = results[check_id]
    check = next(check for check in suite.checks if check.id == check_id)
    expected = "FAIL" if check.severity == "critical" else "PASS_WITH_ROWS"
    assert (found.verdict, found.error) == (expected, None)
    assert found.rows_failed
    kept = rooms.connection.execute(f"select count(*) from {FAILING} where check_id = ?", [check_id]).fetchone()
    assert kept == (found.rows_failed,)
    _others_ran(suite, results)


def _others_ran(suite: Suite, results: dict[str, CheckResult]) -> None:
    # A fault that one check finds must not keep the others from running.
    assert sorted(results) == sorted(check.id for check in suite.checks)
    assert not [check_id for check_id, result in results.items() if result.error]
