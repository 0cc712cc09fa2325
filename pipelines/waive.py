"""Waive: let rows that fail a critical check pass for one cut, signed with a key, scoped, dated and with a reason.

Rule    only a FAIL of rows that the signer can look at is waived; an ERROR says that nobody knows, and is repaired
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipelines.core.clock import utc_today
from pipelines.core.errors import NotAllowedError, UsageError
from pipelines.core.files import held_still
from pipelines.cut import Cut
from pipelines.gate import read_verdict
from pipelines.gate.waivers import (
    Waiver,
    failing_rows,
    gate_rows,
    keep_waiver,
    rows_sha256,
    waiver_of,
    waivers,
    waiving_roles,
)
from pipelines.ledger import Event, audited, record
from pipelines.signers import SigningKey, check_register, signed_statement
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is waived: the failing rows of a check, all of them or those of a site or a subject."""

    check_id: str
    siteid: str = ""
    usubjid: str = ""


@audited
def waive(
    study: Study, cut_id: str, scope: Scope, *, role: str, reason: str, until: dt.date, key: SigningKey
) -> Waiver:
    """Waives failing rows of a cut up to a day; the same waiver given twice is one.

    Raises:
        NotAllowedError: the study file does not ask this role to sign, the key is of no signer in it, the reason is
            empty, the cut is published, the date has passed, or the check ended in an ERROR.
        UsageError: the check does not block this cut, or no row in the scope fails it.
    """
    cut = Cut(study.folder, cut_id)
    _check_asked(study, role=role, reason=reason)
    _check_open(study, cut)
    if until < utc_today():
        msg = f"{study.name}: the waiver would have ended on {until.isoformat()}. Give a day that is still to come."
        raise NotAllowedError(msg)
    rows = _blocking_rows(study, cut, scope)
    check_register(study)
    bound = {
        "cut_id": cut_id,
        "check_id": scope.check_id,
        "siteid": scope.siteid,
        "usubjid": scope.usubjid,
        "until": until.isoformat(),
        "rows": str(len(rows)),
        "rows_sha256": rows_sha256(rows),
        "reason": reason,
    }
    waiver = waiver_of(signed_statement(study, bound, meaning="waive", role=role, key=key))
    for given in waivers(cut):
        if (given.record["signer"], given.role, given.record["bound"]) == (waiver.record["signer"], role, bound):
            return _recorded(study, given)
    # As a signature: publishing lists and seals the waivers, and one comes before that or not at all.
    with held_still(cut.directory):
        _check_open(study, cut)
        keep_waiver(cut, waiver)
    return _recorded(study, waiver)


def _check_open(study: Study, cut: Cut) -> None:
    if cut.seal.exists():
        msg = f"{study.name}: cut {cut.short_id} is published; what was waived for it is closed."
        raise NotAllowedError(msg)


def _recorded(study: Study, waiver: Waiver) -> Waiver:
    of_site = f" of site {waiver.siteid}" if waiver.siteid else ""
    happened = Event(
        action="waive",
        object=f"cut {waiver.cut_id}",
        field=f"{waiver.check_id}{of_site} until {waiver.until}, by {waiver.name} ({waiver.role})",
        new=f"{waiver.rows} rows {waiver.rows_sha256}",
        reason=waiver.reason,
        subject=waiver.usubjid,
    )
    record(study.folder, happened)
    return waiver


def _check_asked(study: Study, *, role: str, reason: str) -> None:
    if role not in waiving_roles(study):
        asked = ", ".join(waiving_roles(study)) or "nobody: no role of a person is in its signoff"
        msg = f"{study.name}: by the study file {asked} may waive a check; '{ascii(role)[1:-1]}' may not."
        raise NotAllowedError(msg)
    if not reason.strip():
        msg = f"{study.name}: a waiver needs a reason."
        raise NotAllowedError(msg)


def _blocking_rows(study: Study, cut: Cut, scope: Scope) -> list[dict[str, object]]:
    check_id, verdict = scope.check_id, read_verdict(cut)
    if check_id not in verdict.blocked_by:
        blocking = ", ".join(verdict.blocked_by) or "none"
        msg = f"{study.name}: '{ascii(check_id)[1:-1]}' does not block cut {cut.short_id}. Blocking: {blocking}."
        raise UsageError(msg)
    result = next(row for row in gate_rows(cut, "checks") if row["check_id"] == check_id)
    if result["verdict"] == "ERROR":
        msg = (
            f"{study.name}: {check_id} could not run ({result['error']}), so nobody knows what it would have found. "
            "An ERROR is not waived: repair its cause and make a new cut."
        )
        raise NotAllowedError(msg)
    rows: list[dict[str, object]] = [
        row
        for row in failing_rows(cut, [check_id])[check_id]
        if scope.siteid in {"", row["siteid"]} and scope.usubjid in {"", row["usubjid"]}
    ]
    if not rows and (result["rows_failed"] or scope.siteid or scope.usubjid):
        msg = f"{study.name}: no row of that scope fails {check_id} in cut {cut.short_id}: there is nothing to waive."
        raise UsageError(msg)
    return rows
