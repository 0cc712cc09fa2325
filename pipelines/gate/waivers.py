"""Waivers: a signed decision that rows which fail a critical check do not keep one cut from being published.

Record  cuts/<cut_id>/waivers/<hash>.json, a signed statement outside the manifest and in the seal, as signatures are
Rule    a waiver covers what was seen and nothing else: the failing rows of one check in one cut, of one site or subject
        where it says so, up to its date. An ERROR cannot be waived, and a verdict on disk stays what it is
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.core.errors import IntegrityError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_json
from pipelines.core.leftovers import remove_leftovers
from pipelines.signers import check_statement

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.cut import Cut
    from pipelines.study import Study

# What the signature is bound to.
_BOUND = ("cut_id", "check_id", "siteid", "usubjid", "until", "rows", "rows_sha256", "reason")


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One waiver. `until` is its last day, `signed_at` is UTC; `siteid` and `usubjid` are empty where it holds for all.

    `rows` and `rows_sha256` are number and hash of the failing rows that the signer saw in its scope; `record` is the
    signed statement that says all of this.
    """

    name: str
    role: str
    reason: str
    signed_at: str
    until: str
    cut_id: str
    check_id: str
    siteid: str
    usubjid: str
    rows: int
    rows_sha256: str
    record: dict[str, Any] = field(repr=False, compare=False)

    @property
    def scope(self) -> str:
        """For whom it holds, in words."""
        return self.usubjid or (f"site {self.siteid}" if self.siteid else "all failing rows")

    def covers(self, row: dict[str, Any]) -> bool:
        """Whether a failing row of its check lies in its scope."""
        return self.siteid in {"", row["siteid"]} and self.usubjid in {"", row["usubjid"]}


def waivers(cut: Cut) -> list[Waiver]:
    """Returns the waivers given for a cut, in the order in which they were given.

    Raises:
        IntegrityError: a record is not one.
    """
    try:
        given = [waiver_of(json.loads(path.read_bytes())) for path in sorted(_directory(cut).glob("*.json"))]
    except (ValueError, TypeError, KeyError) as error:
        msg = f"{_directory(cut)}: a waiver cannot be read. Remove the record and have it signed again."
        raise IntegrityError(msg) from error
    return sorted(given, key=lambda one: (one.signed_at, one.check_id, one.scope, one.role, one.name))


def waiver_of(record: dict[str, Any]) -> Waiver:
    """Returns the waiver that a signed statement is; whether it holds is for `waived_checks` to say."""
    bound = {part: record["bound"][part] for part in _BOUND}
    signed = {part: record[part] for part in ("name", "role", "signed_at")}
    return Waiver(**signed, **{**bound, "rows": int(bound["rows"])}, record=record)


def keep_waiver(cut: Cut, waiver: Waiver) -> None:
    """Writes a waiver beside the cut."""
    path = _directory(cut) / f"{sha256_json(waiver.record)[:16]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent)
    write_atomically(path, canonical_json(waiver.record), change="waive.waiver")


def waiving_roles(study: Study) -> tuple[str, ...]:
    """Returns the roles that may waive: those of persons whose approval the study file asks for."""
    return () if isinstance(study.signoff, str) else tuple(study.signoff)


def waived_checks(study: Study, cut: Cut, check_ids: Sequence[str], *, on: str) -> tuple[str, ...]:
    """Returns those of these blocking checks whose failing rows are all covered by waivers that hold on a day (ISO).

    Raises:
        IntegrityError: a waiver was altered, or is bound to another cut.
        NotAllowedError: its signer may not waive, or was not valid when it was signed.
    """
    given = [one for one in waivers(cut) if one.until >= on]
    if not given:
        return ()
    # The study file of a published cut may have changed since; its roles were asked for then.
    roles = None if cut.seal.exists() else waiving_roles(study)
    for one in given:
        bound = {part: str(getattr(one, part)) for part in _BOUND} | {"cut_id": cut.cut_id}
        check_statement(study, one.record, meaning="waive", roles=roles, bound=bound)
    results = {row["check_id"]: row for row in gate_rows(cut, "checks") if row["check_id"] in check_ids}
    failing = failing_rows(cut, check_ids)
    return tuple(
        check_id
        for check_id in check_ids
        if check_id in results
        and _is_covered(results[check_id], failing[check_id], [one for one in given if one.check_id == check_id])
    )


def failing_rows(cut: Cut, check_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Returns the keys of the failing rows of these checks."""
    found: dict[str, list[dict[str, Any]]] = {check_id: [] for check_id in check_ids}
    for row in gate_rows(cut, "failing_rows"):
        if row["check_id"] in found:
            found[row["check_id"]].append(row)
    return found


def rows_sha256(rows: Sequence[dict[str, Any]]) -> str:
    """Returns the hash of failing rows, in whatever order they come."""
    return sha256_json(sorted(json.dumps(row, sort_keys=True) for row in rows))


def gate_rows(cut: Cut, name: str) -> list[dict[str, Any]]:
    """Returns the rows of a table that the gate wrote; raises as `read_rows`."""
    from pipelines.core.parquet import read_rows

    return read_rows(cut.gate / f"{name}.parquet")


def _is_covered(result: dict[str, Any], rows: list[dict[str, Any]], given: Sequence[Waiver]) -> bool:
    if result["verdict"] != "FAIL" or len(rows) != (result["rows_failed"] or 0):
        return False
    holding = [one for one in given if one.rows_sha256 == rows_sha256([row for row in rows if one.covers(row)])]
    if not rows:
        # A failure that is not one of rows is waived as a whole.
        return any(not one.siteid and not one.usubjid for one in holding)
    return all(any(one.covers(row) for one in holding) for row in rows)


def _directory(cut: Cut) -> Path:
    return cut.directory / "waivers"
