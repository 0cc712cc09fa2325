"""Code break: the arm of one subject, in an emergency, to one authorised person, once (ICH E6(R3) 2.7.2, 4.1.3).

Writes  store/code_breaks/<hash>.json: who, when, why, of whom; never the arm
Rule    it is in the audit trail before the arm is read; the arm is returned to the caller and written nowhere. That a
        code was broken, when and for which class of reason, is an input of later cuts (`pipelines.cut.code_breaks`)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.core.errors import NotAllowedError, UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_json
from pipelines.cut import role_of, uncleared_inputs
from pipelines.ledger import Event, audited, record
from pipelines.signers import SigningKey, signed_statement
from pipelines.study import Study

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import CutInputs

# Where an arm is recorded: as treated before as planned; a label where there is no code.
_ARMS = (
    ("dm", "coalesce(actarmcd, actarm)", "as treated"),
    ("ex", "coalesce(arm, extrt)", "as treated"),
    ("dm", "coalesce(armcd, arm)", "as planned"),
    ("ds", "arm", "as planned"),
)
_DOMAINS = ("dm", "ds", "ex")


@dataclass(frozen=True, kw_only=True)
class CodeBreak:
    """The arms of one subject as the vault has them, in order of period; who was told, and in which role."""

    usubjid: str
    arms: tuple[str, ...]
    signer: str
    role: str


@audited
def code_break(
    study: Study, *, usubjid: str, reason: str, key: SigningKey, reason_class: str | None = None
) -> CodeBreak:
    """Returns the arm of one subject of a blinded study.

    Args:
        study: the study.
        usubjid: the subject.
        reason: why, in words; it must not name an arm.
        key: the signer's.
        reason_class: one of the study file's `unblinding.code_break_reasons`, by which reports count; None: none.

    Raises:
        NotAllowedError: the study is open, or the key's signer has none of `unblinding.code_break_roles`.
        UsageError: no subject of that id, no arm of theirs in the vault, no reason, or a class that is none.
        IntegrityError: landed rows or the register were altered.
    """
    if study.blinding != "blinded":
        msg = f"{study.name} is an open study: its tables show the arm."
        raise NotAllowedError(msg)
    if not reason.strip():
        msg = f"{study.name}: a code break needs a reason; it is recorded. It must not name an arm."
        raise UsageError(msg)
    classes = study.unblinding.code_break_reasons
    if reason_class is not None and reason_class not in classes:
        msg = f"{study.name}: '{ascii(reason_class)[1:-1]}' is no class of reasons. Classes: {', '.join(classes)}."
        raise UsageError(msg)
    inputs = uncleared_inputs(study, blinded=True)
    role = role_of(study, key, study.unblinding.code_break_roles)
    _check_known(study, inputs, usubjid)
    # What is recorded is an arm that was told: of who has none, nothing is, and nothing is broken.
    if not _has_arm(inputs, usubjid):
        msg = f"{study.name}: no arm of this subject is in the vault: not randomised, or not delivered yet."
        raise UsageError(msg)
    bound = {"usubjid": usubjid, "reason": reason, "study_file_sha256": str(inputs.document["study_file_sha256"])}
    if reason_class is not None:
        bound["reason_class"] = reason_class
    signed = signed_statement(study, bound, meaning="code_break", role=role, key=key)
    with study.folder.lock():
        name = sha256_json(signed)[:16]
        # The record before the event that names it: whatever is interrupted, a named record that is gone was taken.
        path = study.folder.code_breaks / f"{name}.json"
        write_atomically(path, canonical_json(signed), change="unblind.code_break")
        who = f"{signed['name']} ({role})"
        told = Event(action="code_break", object="subject", field=who, new=name, reason=reason, subject=usubjid)
        record(study.folder, told)
    arms = _arms(inputs, usubjid)
    return CodeBreak(usubjid=usubjid, arms=arms, signer=signed["name"], role=role)


def _check_known(study: Study, inputs: CutInputs, usubjid: str) -> None:
    query = " union all ".join(f"select usubjid from landed.{name} where usubjid = $subject" for name in _DOMAINS)
    with _records(inputs) as connection:
        if connection.execute(query, {"subject": usubjid}).fetchone() is None:
            msg = f"{study.name}: no subject of this id is among what was landed. Write the `usubjid` of the tables."
            raise UsageError(msg)


def _has_arm(inputs: CutInputs, usubjid: str) -> bool:
    # Whether there is one, not which: the arm itself is read after the audit trail has it.
    known = " union all ".join(
        f"select 1 from landed.{domain} where usubjid = $subject and {arm} is not null" for domain, arm, _ in _ARMS
    )
    with _records(_opened(inputs)) as connection:
        return connection.execute(f"select 1 from ({known}) limit 1", {"subject": usubjid}).fetchone() is not None


def _opened(inputs: CutInputs) -> CutInputs:
    return replace(inputs, document={**inputs.document, "blinded": False})


def _arms(inputs: CutInputs, usubjid: str) -> tuple[str, ...]:
    with _records(_opened(inputs)) as connection:
        for domain, arm, how in _ARMS:
            period = "period" if domain != "dm" else "null::integer"
            # Of several deliveries the newest counts, as in the tables.
            query = (
                f"select distinct {period} as period, {arm} as arm from landed.{domain} "
                f"where usubjid = $subject and {arm} is not null "
                f"qualify rank() over (partition by {period} order by delivery_rank desc) = 1 order by all"
            )
            if found := connection.execute(query, {"subject": usubjid}).fetchall():
                return tuple(f"{shown} ({how}{f', period {at}' if at is not None else ''})" for at, shown in found)
    return ()


@contextlib.contextmanager
def _records(inputs: CutInputs) -> Iterator[duckdb.DuckDBPyConnection]:
    from pipelines.build.landed import create_records
    from pipelines.core.duck import connect
    from pipelines.study.domains import DOMAINS

    with contextlib.closing(connect()) as connection:
        create_records(connection, inputs, [DOMAINS[name] for name in _DOMAINS])
        yield connection
