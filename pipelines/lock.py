"""Lock, unlock: from which day on changed data need a signature to enter a cut (ICH E6(R3) 4.2.6).

Writes  store/locks/<number>.json
Rule    a lock changes no cut that is there; what lands after it waits, and an unlock says who let it in and why
"""

from __future__ import annotations

import json
from typing import Literal

from pipelines.core.errors import UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.cut import LockRecord, data_lock, lock_name, lock_statement, role_of
from pipelines.land.store import arrivals
from pipelines.ledger import Event, audited, events, record
from pipelines.signers import SigningKey, signed_statement
from pipelines.study import Study


@audited
def lock(study: Study, *, reason: str, key: SigningKey) -> LockRecord:
    """Locks the data: cuts are made of the deliveries known now, until `unlock`.

    Raises:
        UsageError: they are locked already, nothing was delivered, or the reason is empty.
        NotAllowedError: the key's signer has none of `data_lock.roles`.
    """
    return _change(study, "lock", reason=reason, key=key)


@audited
def unlock(study: Study, *, reason: str, key: SigningKey) -> LockRecord:
    """Lets deliveries that arrived after the lock into the next cut.

    Raises:
        UsageError: the data are not locked, or the reason is empty.
        NotAllowedError: the key's signer has none of `data_lock.roles`.
    """
    return _change(study, "unlock", reason=reason, key=key)


def _change(study: Study, change: Literal["lock", "unlock"], *, reason: str, key: SigningKey) -> LockRecord:
    if not reason.strip():
        msg = f"{study.name}: to {change} the data needs a reason; it is recorded."
        raise UsageError(msg)
    with study.folder.lock():
        # Of a command that was killed and is given again, the trail may not know yet.
        held = data_lock(study)
        _tell(study)
        if (held is not None) == (change == "lock"):
            msg = f"{study.name}: the data are {'locked already' if held else 'not locked'}."
            raise UsageError(msg)
        known = sorted((one.site, one.file, one.sha256) for one in arrivals(study.folder) if one.site in study.sites)
        if not known:
            msg = f"{study.name}: nothing was delivered yet, so there is nothing to lock."
            raise UsageError(msg)
        number = len(list(study.folder.locks.glob("*.json"))) + 1
        bound = lock_statement(change, number, known, reason)
        role = role_of(study, key, study.data_lock.roles)
        signed = signed_statement(study, bound, meaning=change, role=role, key=key)
        document = {"change": change, "reason": reason, "deliveries": [list(one) for one in known], "signature": signed}
        write_atomically(study.folder.locks / f"{number:04d}.json", canonical_json(document), change="lock.record")
        _tell(study)
    return LockRecord(
        number=number, change=change, at=signed["signed_at"], reason=reason, signer=signed["name"],
        deliveries=frozenset(known),
    )  # fmt: skip


def _tell(study: Study) -> None:
    """Tells the audit trail of every record that it does not name yet: a crash may have kept one from it."""
    told = {each.event.new for each in events(study.folder) if each.action in {"lock", "unlock"} and each.event}
    for path in sorted(study.folder.locks.glob("*.json")):
        if lock_name(path) not in told:
            document = json.loads(path.read_bytes())
            who = f"{document['signature']['name']} ({document['signature']['role']})"
            happened = Event(
                action=document["change"], object="data lock", field=who, new=lock_name(path), reason=document["reason"]
            )
            record(study.folder, happened)
