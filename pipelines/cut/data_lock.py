"""The data lock: which deliveries cuts are made of until somebody signs that changed data may enter again.

Form    store/locks/0001.json, 0002.json ...: a lock or an unlock each, signed, and named by its hash in the audit trail
Rule    what arrives after a lock lands as ever, and enters no cut; `status` and every run name it
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.core.errors import IntegrityError
from pipelines.core.hashing import sha256_file, sha256_json
from pipelines.land.store import Arrival, arrivals
from pipelines.ledger import events
from pipelines.signers import check_statement
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class LockRecord:
    """One lock or unlock: `deliveries` (site, file, delivery id) are those known then."""

    number: int
    change: Literal["lock", "unlock"]
    at: str
    reason: str
    signer: str
    deliveries: frozenset[tuple[str, str, str]]


def data_lock(study: Study) -> LockRecord | None:
    """Returns the lock that holds now, or None where the data are not locked.

    Raises:
        IntegrityError: a record was altered, or is gone although the audit trail names it.
        NotAllowedError: the signer had none of the study file's `data_lock.roles`.
    """
    folder = study.folder.locks
    paths = sorted(folder.glob("*.json"))
    told = [each.event.new for each in events(study.folder) if each.action in {"lock", "unlock"} and each.event]
    if gone := [name for name in told if name not in map(lock_name, paths)]:
        msg = f"{folder}: record {gone[0][:4]} is gone or another one than the audit trail names. Bring it back."
        raise IntegrityError(msg)
    if not paths:
        return None
    last = _read(study, paths[-1].read_bytes(), int(paths[-1].stem))
    return last if last.change == "lock" else None


def late_deliveries(study: Study) -> list[Arrival]:
    """Returns what arrived after the data lock, and so enters no cut; empty where the data are not locked."""
    lock = data_lock(study)
    if lock is None:
        return []
    return [one for one in arrivals(study.folder) if one.site in study.sites and not is_locked_in(lock, one)]


def is_locked_in(lock: LockRecord, arrival: Arrival) -> bool:
    """Whether the delivery was there when the data were locked."""
    return (arrival.site, arrival.file, arrival.sha256) in lock.deliveries


def lock_name(path: Path) -> str:
    """Returns the name of a record in the audit trail: its number and its hash."""
    return f"{path.stem} {sha256_file(path)}"


def lock_statement(change: str, number: int, deliveries: Sequence[Sequence[str]], reason: str) -> dict[str, str]:
    """Returns what the signature of a lock or unlock is bound to."""
    return {
        "change": change,
        "number": str(number),
        "deliveries": sha256_json([list(one) for one in deliveries]),
        "reason": reason,
    }


def _read(study: Study, content: bytes, number: int) -> LockRecord:
    try:
        document: dict[str, Any] = json.loads(content)
        change: Literal["lock", "unlock"] = "lock" if document["change"] == "lock" else "unlock"
        listed = [(str(site), str(file), str(identity)) for site, file, identity in document["deliveries"]]
        bound = lock_statement(change, number, listed, document["reason"])
        signed = document["signature"]
    except (ValueError, KeyError, TypeError):
        msg = f"{study.folder.locks}: record {number} cannot be read. Bring it back from the backup."
        raise IntegrityError(msg) from None
    signer = check_statement(study, signed, meaning=change, roles=study.data_lock.roles, bound=bound)
    return LockRecord(
        number=number,
        change=change,
        at=str(signed["signed_at"]),
        reason=document["reason"],
        signer=signer.name,
        deliveries=frozenset(listed),
    )
