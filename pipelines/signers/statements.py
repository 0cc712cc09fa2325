"""Signed statements: who says what about which record, in which role and meaning, and when (21 CFR 11.50, 11.70).

Form    JSON: printed name, role, meaning, UTC time, what it is bound to, the register as it then was, and an Ed25519
        signature of the rest as RFC 8785 JSON
Rule    it holds for what it is bound to and nothing else; it is checked with the study's folder alone, offline
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

import rfc8785

from pipelines.core.clock import utc_now
from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.signers.keys import SigningKey, holds, public_key
from pipelines.signers.register import DEMO, SERVICE, Change, Register, Signer, is_valid, register
from pipelines.study import Study

Meaning = Literal[
    "author", "review", "approve", "reject", "release", "waive", "unblind", "code_break", "lock", "unlock"
]
# What every statement holds beside what it is bound to.
_PARTS = ("study", "name", "role", "meaning", "signed_at", "signer", "signed_by", "register", "signature")


def signed_statement(
    study: Study,
    statement: Mapping[str, str],
    *,
    meaning: Meaning,
    role: str,
    key: SigningKey,
    signer: str = "",
) -> dict[str, Any]:
    """Returns the statement with who signs it, in which role and meaning and when, signed with `key`.

    Args:
        study: the study, whose register knows the signer.
        statement: what the signature is bound to (ids and hashes, a scope, a reason).
        meaning: what the signature means.
        role: one of the signer's roles.
        key: the signer's, or that of a registered service which signs what this signer answered.
        signer: the signer's id; by default whose key it is.

    Raises:
        NotAllowedError: the key or the role is not the signer's, or their time is over.
        IntegrityError: the register does not hold.
    """
    known = register(study)
    entries = {**known.entries(), DEMO.signer: DEMO}
    owner = next((entry for entry in entries.values() if entry.public_key == public_key(key)), None)
    if owner is None:
        msg = (
            f"{study.name}: the register of signers does not know this key. "
            f"An admin adds it: `afterglow signer add {study.name} ...`."
        )
        raise NotAllowedError(msg)
    entry = entries.get(signer or owner.signer)
    if entry is None or (entry != owner and SERVICE not in owner.roles):
        msg = f"{study.name}: this key is not that of the signer '{ascii(signer)[1:-1]}'."
        raise NotAllowedError(msg)
    made = {
        "study": study.study,
        "name": entry.name,
        "role": role,
        "meaning": meaning,
        "signed_at": utc_now("milliseconds"),
        "signer": entry.signer,
        "signed_by": owner.signer,
        "register": known.head,
        "bound": dict(statement),
    }
    signed = {**made, "signature": key.sign(_signed_bytes(made)).hex()}
    check_statement(study, signed, meaning=meaning, roles=(role,), bound=statement)
    return signed


def check_statement(
    study: Study,
    record: Mapping[str, Any],
    *,
    meaning: Meaning,
    roles: Collection[str] | None = None,
    bound: Mapping[str, str],
) -> Signer:
    """Checks a signed statement as of the time when it was signed, and returns the signer.

    A signature made before its signer was revoked stays valid, unless the key was compromised by then.

    Args:
        study: the study.
        record: what `signed_statement` returned.
        meaning: what it has to mean.
        roles: the roles of which it has to be one; None: any that the signer had.
        bound: what it has to be bound to; every part has to be the same.

    Raises:
        IntegrityError: it was altered, or is bound to another record.
        NotAllowedError: the signer had not that role, or was not (or no longer) valid.
    """
    parts = {part: record.get(part) for part in _PARTS}
    of = record.get("bound")
    if set(record) != {*_PARTS, "bound"} or not isinstance(of, Mapping) or not all(map(_is_text, parts.values())):
        msg = f"{study.name}: this is no signed statement."
        raise IntegrityError(msg)
    known = register(study)
    what = f"{study.name}: the signature of {ascii(parts['name'])[1:-1]} ({ascii(parts['role'])[1:-1]})"
    if parts["register"] not in known.numbers:
        msg = f"{what} was made under another register of signers than this study's."
        raise IntegrityError(msg)
    entry = _checked(what, known, str(parts["signer"]), record)
    owner = entry
    if parts["signed_by"] != entry.signer:
        owner = _checked(what, known, str(parts["signed_by"]), record)
        if SERVICE not in owner.roles:
            msg = f"{what} was made with the key of {owner.signer!a}, who is no service."
            raise NotAllowedError(msg)
    signed = {name: value for name, value in record.items() if name != "signature"}
    if parts["name"] != entry.name or not holds(owner.public_key, str(parts["signature"]), _signed_bytes(signed)):
        msg = f"{what} does not hold: it was altered, or made with another key."
        raise IntegrityError(msg)
    if parts["study"] != study.study or dict(of) != dict(bound):
        differing = sorted(name for name in {*of, *bound} if of.get(name) != bound.get(name)) or ["study"]
        msg = f"{what} is bound to another record ({', '.join(differing)})."
        raise IntegrityError(msg)
    if parts["meaning"] != meaning:
        msg = f"{what} means '{ascii(parts['meaning'])[1:-1]}', and '{meaning}' is asked for."
        raise NotAllowedError(msg)
    if parts["role"] not in entry.roles or (roles is not None and parts["role"] not in roles):
        msg = f"{what} is in a role that is not asked for, or that the register does not give. {_asked(roles)}".strip()
        raise NotAllowedError(msg)
    return entry


def _checked(what: str, known: Register, signer: str, record: Mapping[str, Any]) -> Signer:
    """Returns the signer as the register was when it was signed, if the signature's time is within theirs."""
    upto, at = known.numbers[str(record["register"])], str(record["signed_at"])
    if signer == DEMO.signer:
        return DEMO
    entry = known.entries(upto).get(signer)
    if entry is None:
        msg = f"{what}: '{ascii(signer)[1:-1]}' was not in the register of signers then."
        raise NotAllowedError(msg)
    later = [change for change in known.changes[upto:] if change.signer == signer]
    if not is_valid(entry, at):
        msg = f"{what} is dated outside of the signer's time ({entry.valid_from} to {entry.valid_until or 'open'})."
        raise NotAllowedError(msg)
    if later and at > later[0].at:
        msg = f"{what} was made after {later[0].at}, when the register was changed: {_told(later[0])}."
        raise NotAllowedError(msg)
    for change in known.changes:
        if change.public_key == entry.public_key and change.compromised_since and at >= change.compromised_since:
            msg = f"{what} does not count: the key is compromised since {change.compromised_since[:10]}."
            raise NotAllowedError(msg)
    return entry


def _told(change: Change) -> str:
    return "revoked" if change.change == "revoke" else "another key, name or role"


def _signed_bytes(signed: Mapping[str, Any]) -> bytes:
    try:
        return rfc8785.dumps({"type": "afterglow signature", **signed})
    except (ValueError, TypeError):
        # What cannot be written as such JSON was never signed.
        return b""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _asked(roles: Collection[str] | None) -> str:
    return f"Asked for: {', '.join(roles)}." if roles is not None else ""
