"""Changing the register: an admin adds a signer, changes one, or revokes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal

from pipelines.core.clock import utc_now
from pipelines.core.errors import NotAllowedError, UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.ledger import Event, audited, record
from pipelines.signers.keys import SigningKey, is_public_key, public_key
from pipelines.signers.register import ADMIN, DEMO, SERVICE, Change, Register, Signer, check_register, is_valid
from pipelines.study import Study


@audited
def add_signer(study: Study, wanted: Signer, *, key: SigningKey, reason: str = "") -> Change:
    """Adds a signer, or gives one who is there other roles, another key or another name; signed with an admin's `key`.

    The first signer of a study is its first admin, and adds itself. Given again, the same is one change.

    Args:
        study: the study.
        wanted: the signer; `valid_from` is the time of the change.
        key: the admin's key.
        reason: why.

    Raises:
        NotAllowedError: the key is no admin's; or key, printed name or user is another signer's.
        UsageError: a part is missing or has no sense.
    """
    with study.folder.lock():
        known = check_register(study)
        _check_new(study, known, wanted)
        entry = known.entries().get(wanted.signer)
        if entry and replace(wanted, valid_from=entry.valid_from) == entry:
            _recorded(study, known)
            return next(change for change in reversed(known.changes) if change.signer == wanted.signer)
        return _written(study, known, key, "add", wanted, reason=reason)


@audited
def revoke_signer(
    study: Study, signer: str, *, reason: str, key: SigningKey, compromised_since: date | None = None
) -> Change:
    """Revokes a signer; what was signed before stays valid, unless the key is `compromised_since` an earlier day.

    Raises:
        NotAllowedError: the key is no admin's, or the signer is the only admin.
        UsageError: there is no such signer, or no reason.
    """
    since = "" if compromised_since is None else f"{compromised_since.isoformat()}T00:00:00.000Z"
    with study.folder.lock():
        known = check_register(study)
        entries = known.entries()
        if not reason.strip():
            msg = f"{study.name}: revoking a signer needs a reason."
            raise UsageError(msg)
        if signer not in entries:
            msg = f"{study.name}: the register has no signer '{ascii(signer)[1:-1]}'. It has {', '.join(entries)}."
            raise UsageError(msg)
        if [each for each, entry in entries.items() if ADMIN in entry.roles] == [signer]:
            msg = f"{study.name}: {signer} is the only admin. Add another one first: nobody could change it afterwards."
            raise NotAllowedError(msg)
        return _written(study, known, key, "revoke", entries[signer], reason=reason, compromised_since=since)


def end_of_day(day: date) -> str:
    """Returns the last moment of a day in UTC, as the register writes the end of a signer's time."""
    return f"{day.isoformat()}T23:59:59.999Z"


def _check_new(study: Study, known: Register, wanted: Signer) -> None:
    if not wanted.signer.strip() or not wanted.name.strip() or not wanted.roles:
        msg = f"{study.name}: a signer needs an id, a printed name and at least one role."
        raise UsageError(msg)
    if not is_public_key(wanted.public_key):
        msg = f"{study.name}: this is no public key. The person finds it with `afterglow signer key`: 64 hex digits."
        raise UsageError(msg)
    if not known.changes and ADMIN not in wanted.roles:
        msg = f"{study.name}: the register is empty. Its first signer has the role '{ADMIN}', and adds the others."
        raise UsageError(msg)
    if SERVICE in wanted.roles and len(wanted.roles) > 1:
        msg = f"{study.name}: a service signs what persons answered, so it has no other role than '{SERVICE}'."
        raise UsageError(msg)
    if DEMO.signer in {wanted.signer, *wanted.roles} or wanted.public_key == DEMO.public_key:
        msg = f"{study.name}: 'demo' is the signer of demonstrations, who is nobody. Take another id and role."
        raise UsageError(msg)
    entries = known.entries()
    if [each for each, entry in entries.items() if ADMIN in entry.roles] == [wanted.signer]:
        _check_admin_stays(study, wanted)
    if any(each.public_key == wanted.public_key for each in known.changes if each.signer != wanted.signer):
        msg = f"{study.name}: this key is another signer's. Each signer has a key of their own."
        raise NotAllowedError(msg)
    others = [entry for signer, entry in entries.items() if signer != wanted.signer]
    if any(entry.name.casefold() == wanted.name.casefold() for entry in others):
        msg = f"{study.name}: another signer has this printed name. Tell the two apart in it."
        raise NotAllowedError(msg)
    if taken := sorted({user for entry in others for user in entry.users} & set(wanted.users)):
        msg = f"{study.name}: the user {taken[0]} is another signer's."
        raise NotAllowedError(msg)


def _check_admin_stays(study: Study, wanted: Signer) -> None:
    if ADMIN not in wanted.roles:
        msg = f"{study.name}: {wanted.signer} is the only admin. Add another one first: nobody could change it then."
        raise NotAllowedError(msg)


def _written(
    study: Study,
    known: Register,
    key: SigningKey,
    change: Literal["add", "revoke"],
    entry: Signer,
    *,
    reason: str,
    compromised_since: str = "",
) -> Change:
    at, public = utc_now("milliseconds"), public_key(key)
    admins = [each for each in known.entries().values() if ADMIN in each.roles and each.public_key == public]
    if not known.changes and entry.public_key == public:
        admins = [replace(entry, valid_from=at)]
    if not admins:
        msg = f"{study.name}: this key is no admin's of the study. An admin of the register has to sign the change."
        raise NotAllowedError(msg)
    if (known.changes and at < known.changes[-1].at) or not is_valid(admins[0], at):
        msg = f"{study.name}: {admins[0].signer} may not sign now: the time is over, or this machine's clock is behind."
        raise NotAllowedError(msg)
    unsigned = Change(
        **{**vars(entry), "valid_from": at}, seq=len(known.changes) + 1, study=study.study, change=change,
        compromised_since=compromised_since, reason=reason, at=at, by=admins[0].signer, previous=known.head,
        signature="",
    )  # fmt: skip
    made = replace(unsigned, signature=key.sign(unsigned.signed_bytes).hex())
    write_atomically(
        study.folder.signers / f"{made.seq:04d}.json", canonical_json(made.document), change="sign.register"
    )
    _recorded(study, Register((*known.changes, made)))
    return made


def _recorded(study: Study, known: Register) -> None:
    # All of them: what a crash kept from the audit trail is told at the next change, and nothing is told twice.
    told: list[Event] = []
    before: dict[str, str] = {}
    for change in known.changes:
        happened = Event(
            action="role",
            object=f"signer {change.signer}",
            field=f"change {change.seq}",
            # The change by which the signer was what they were until now.
            old=before.get(change.signer, ""),
            new=change.sha256,
            reason=f"{change.change} as {', '.join(change.roles)} by {change.by}. {change.reason}".strip(),
        )
        told.append(happened)
        before[change.signer] = change.sha256
    record(study.folder, *told)
