"""From what checks found to whether a cut may go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import GateFailedError
from pipelines.gate.suite import Check, Severity
from pipelines.gate.verdict import CheckResult, Outcome, check_gate, outcome_of, verdict_of
from tests.small_cut import make_candidate, small_study


def _check(severity: Severity, at_most_pct: float | None = None) -> Check:
    return Check(
        id="CUR-ADQS-001",
        severity=severity,
        sentence="Every score is of a subject that is known.",
        standard="ADaMIG",
        where="true",
        at_most_pct=at_most_pct,
    )


def _result(verdict: Outcome, severity: Severity = "critical", check_id: str = "CUR-ADQS-001") -> CheckResult:
    return CheckResult(
        check_id=check_id,
        gate="curated",
        table_name="adqs",
        verdict=verdict,
        severity=severity,
        sentence="A sentence.",
        standard="ADaMIG",
        expectation="UnexpectedRowsExpectation",
        rows_checked=10,
        rows_failed=0,
    )


@pytest.mark.parametrize(
    ("severity", "at_most_pct", "failed", "outcome"),
    [
        ("critical", None, 0, "PASS"),
        ("critical", None, 1, "FAIL"),
        ("major", None, 100, "PASS_WITH_ROWS"),
        ("minor", None, 1, "PASS_WITH_ROWS"),
        ("major", 5, 5, "PASS_WITH_ROWS"),
        ("major", 5, 6, "FAIL"),
        ("minor", None, None, "FAIL"),
    ],
)
def test_the_outcome_follows_severity_and_share(
    severity: Severity, at_most_pct: float | None, failed: int | None, outcome: Outcome
) -> None:
    assert outcome_of(_check(severity, at_most_pct), rows_checked=100, rows_failed=failed) == outcome


def test_no_check_at_all_is_an_error_and_blocks() -> None:
    verdict = verdict_of([])
    assert (verdict.verdict, verdict.blocking, verdict.checks) == ("ERROR", True, 0)


def test_an_error_of_a_minor_check_blocks() -> None:
    verdict = verdict_of([_result("PASS"), _result("ERROR", "minor", "CUR-ADQS-002")])
    assert (verdict.verdict, verdict.blocking, verdict.blocked_by) == ("ERROR", True, ("CUR-ADQS-002",))


def test_a_major_failure_is_a_failure_that_does_not_block() -> None:
    verdict = verdict_of([_result("PASS"), _result("FAIL", "major")])
    assert (verdict.verdict, verdict.blocking, verdict.failed) == ("FAIL", False, ("CUR-ADQS-001",))


def test_the_worst_outcome_is_the_verdict() -> None:
    verdict = verdict_of(
        [_result("PASS"), _result("PASS_WITH_ROWS", "major"), _result("FAIL", check_id="CUR-ADQS-003")]
    )
    assert (verdict.verdict, verdict.blocking) == ("FAIL", True)
    assert verdict.counts == {"PASS": 1, "PASS_WITH_ROWS": 1, "FAIL": 1, "ERROR": 0}


def test_a_blocked_cut_is_stopped_with_the_checks_that_block_it_and_where_to_read_why(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study, verdict="FAIL", blocking=True)
    with pytest.raises(GateFailedError, match=r"\(FAIL\): CUR-ADQS-001\. What they found: `afterglow report .* --cut"):
        check_gate(study, cut)
    page = cut.report / "validation.html"
    page.touch()
    with pytest.raises(GateFailedError) as error:
        check_gate(study, cut)
    assert f"What they found: {page}. The published cut is unchanged." in str(error.value)
    assert not check_gate(study, make_candidate(study, number=2)).blocking
