"""Verdicts: from what a check found to whether the cut may go on.

PASS            no row fails
PASS_WITH_ROWS  rows fail a check that is not critical: they become queries to the sites
FAIL            rows fail a critical check, or more rows than a check allows
ERROR           the check could not run, or ran on nothing; never a pass
Rule    a critical FAIL blocks, unless a waiver covers each of its rows (`waivers`), and any ERROR blocks
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from pipelines.core.clock import utc_today
from pipelines.core.errors import GateFailedError, IntegrityError
from pipelines.gate.suite import Check, Gate, Severity

if TYPE_CHECKING:
    from pipelines.cut import Cut
    from pipelines.study import Study

Outcome = Literal["PASS", "PASS_WITH_ROWS", "FAIL", "ERROR"]
OUTCOMES: tuple[Outcome, ...] = ("PASS", "PASS_WITH_ROWS", "FAIL", "ERROR")


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What one check found. `rows_failed` is None where a failure is not one of rows; `error` holds no value."""

    check_id: str
    gate: Gate
    table_name: str
    verdict: Outcome
    severity: Severity
    sentence: str
    standard: str
    expectation: str
    rows_checked: int
    rows_failed: int | None
    error: str | None = None
    code: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether this alone stops publishing."""
        return self.verdict == "ERROR" or (self.verdict == "FAIL" and self.severity == "critical")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A cut's verdict: the worst of its checks.

    `failed` are the ids of the checks that did not pass clean, `blocked_by` of those that stop publishing. `waived` are
    those of them that a person let pass, which the verdict on disk never holds: only `check_gate` fills it.
    """

    verdict: Outcome
    blocking: bool
    checks: int
    counts: dict[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()


def outcome_of(check: Check, *, rows_checked: int, rows_failed: int | None) -> Outcome:
    """Returns the outcome of a check that ran; `rows_failed` None is a failure that is not one of rows."""
    if rows_failed == 0:
        return "PASS"
    if check.severity == "critical" or rows_failed is None:
        return "FAIL"
    if check.at_most_pct is not None and rows_failed * 100 > check.at_most_pct * rows_checked:
        return "FAIL"
    return "PASS_WITH_ROWS"


def verdict_of(results: Sequence[CheckResult]) -> Verdict:
    """Returns the verdict over all checks; none at all is an ERROR."""
    if not results:
        return Verdict(verdict="ERROR", blocking=True, checks=0, counts=dict.fromkeys(OUTCOMES, 0))
    counts = Counter(result.verdict for result in results)
    blocked_by = tuple(result.check_id for result in results if result.blocks)
    return Verdict(
        verdict=max(counts, key=OUTCOMES.index),
        blocking=bool(blocked_by),
        checks=len(results),
        counts={outcome: counts[outcome] for outcome in OUTCOMES},
        failed=tuple(result.check_id for result in results if result.verdict != "PASS"),
        blocked_by=blocked_by,
    )


def read_verdict(cut: Cut) -> Verdict:
    """Returns the verdict that the gate wrote for `cut`.

    Raises:
        IntegrityError: the cut was not gated, or its verdict is not one.
    """
    file = cut.gate / "verdict.json"
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        outcome: Outcome = OUTCOMES[OUTCOMES.index(content["verdict"])]
        verdict = Verdict(
            verdict=outcome,
            blocking=bool(content["blocking"]),
            checks=int(content["checks"]),
            counts={name: int(number) for name, number in content["counts"].items()},
            failed=tuple(content["failed"]),
            blocked_by=tuple(content["blocked_by"]),
        )
    except FileNotFoundError:
        msg = f"cut {cut.short_id}: no gate verdict. Run `afterglow gate` first."
        raise IntegrityError(msg) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"cut {cut.short_id}: gate/verdict.json is not a verdict. Remove the cut's gate folder and gate again."
        raise IntegrityError(msg) from error
    if not verdict.blocking and (verdict.verdict == "ERROR" or verdict.checks == 0 or verdict.blocked_by):
        msg = f"cut {cut.short_id}: gate/verdict.json contradicts itself. Remove the cut's gate folder and gate again."
        raise IntegrityError(msg)
    return verdict


def check_gate(study: Study, cut: Cut) -> Verdict:
    """Returns the verdict of a cut that may go on: nothing blocks it, or waivers cover all that does.

    A waiver holds up to its date, and for a published cut on the day on which it was published.

    Raises:
        GateFailedError: the gates block the cut; the published cut stays as it is.
        IntegrityError: as in `read_verdict`; or a waiver was altered, or is bound to another cut.
        NotAllowedError: a waiver's signer may not waive.
    """
    verdict = _as_waived(study, cut, read_verdict(cut))
    if verdict.blocking:
        blocked_by = [check for check in verdict.blocked_by if check not in verdict.waived]
        page = cut.report / "validation.html"
        where = page if page.exists() else f"`afterglow report {study.name} --cut {cut.short_id}`"
        msg = (
            f"{study.name}: cut {cut.short_id} is blocked by its gates ({verdict.verdict}): "
            f"{', '.join(blocked_by) or 'no check ran'}. What they found: {where}. "
            "The published cut is unchanged."
        )
        raise GateFailedError(msg)
    return verdict


def _as_waived(study: Study, cut: Cut, verdict: Verdict) -> Verdict:
    if not verdict.blocked_by:
        return verdict
    from pipelines.gate.waivers import waived_checks

    day = utc_today().isoformat()
    if cut.seal.exists():
        day = str(json.loads(cut.seal.read_bytes())["published_at"])[:10]
    waived = waived_checks(study, cut, verdict.blocked_by, on=day)
    return replace(verdict, waived=waived, blocking=len(waived) < len(verdict.blocked_by))
