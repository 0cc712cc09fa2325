"""Step 5, sign: who stands for a cut, in which role and meaning, bound to the hash of its manifest.

Rule    a person signs with a key that the register of signers knows; author and approver differ; a signature that was
        altered or moved stops publishing, and is never left out of the count in silence
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.files import held_still, write_atomically
from pipelines.core.hashing import canonical_json, sha256_json
from pipelines.cut import Cut, published_cut, record_study_file, signing_roles
from pipelines.gate import check_gate, read_verdict
from pipelines.ledger import Event, acting_as, audited, record
from pipelines.manifest import manifest_sha256
from pipelines.signers import (
    DEMO,
    DEMO_KEY,
    SigningKey,
    check_register,
    check_statement,
    key_path,
    load_key,
    register,
    signed_statement,
)
from pipelines.study import Study

Meaning = Literal["author", "review", "approve", "release", "reject"]
Method = Literal["cli", "airflow", "demo"]
DEMO_ROLE = "demo"
DEMO_SIGNER = DEMO.name
# What counts as the approval that the study file asks for.
APPROVALS = frozenset({"approve", "release"})


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature. `signed_at` is UTC; it holds for the manifest with this hash and no other.

    `signed_by` owns the key: the signer, or the service that signed what the signer answered in Airflow.
    """

    name: str
    role: str
    meaning: Meaning
    method: Method
    reason: str
    signed_at: str
    signer: str
    signed_by: str
    cut_id: str
    manifest_sha256: str
    record: dict[str, Any] = field(repr=False)


@audited
def sign(
    study: Study,
    cut_id: str,
    *,
    role: str,
    name: str = "",
    meaning: Meaning = "approve",
    method: Method = "cli",
    reason: str = "",
    key: SigningKey | None = None,
) -> Signature:
    """Signs a cut that passed its gates, or rejects one; the same signature given twice is one signature.

    Args:
        study: the study.
        cut_id: the cut.
        role: one that the study file's `signoff` names; for an author or reviewer any role of the signer's.
        name: the printed name; by default that of the key's owner.
        meaning: what the signature means.
        method: `demo` signs with the demo signer's key, which everybody has.
        reason: why; a rejection needs it.
        key: the signer's, or that of a service which signs what the person of this name answered.

    Raises:
        GateFailedError: an approval of a cut that its gates block.
        NotAllowedError: role, key, name or reason do not allow it; the author may not approve; the cut is published.
        IntegrityError: the register of signers or a signature that was given before does not hold.
    """
    cut = Cut(study.folder, cut_id)
    _check_asked(study, role=role, meaning=meaning, method=method, reason=reason)
    _check_open(study, cut)
    key = DEMO_KEY if method == "demo" else key
    if key is None:
        msg = f"{study.name}: a signature needs its signer's key. Make one with `afterglow signer key`."
        raise NotAllowedError(msg)
    check_register(study)
    # Any gated cut may be rejected; one that its gates block may not be approved.
    read_verdict(cut) if meaning == "reject" else check_gate(study, cut)
    bound = {"cut_id": cut_id, "manifest_sha256": manifest_sha256(cut), "method": method, "reason": reason}
    made = signed_statement(study, bound, meaning=meaning, role=role, key=key, signer=_id_of(study, name))
    signature = _read(made)
    # Publishing lists the signatures and seals the list: one comes before that, or not at all.
    with held_still(cut.directory):
        _check_open(study, cut)
        given = proved_signatures(study, cut)
        for other in given:
            same = ("signer", "role", "meaning", "manifest_sha256")
            if all(getattr(other, part) == getattr(signature, part) for part in same):
                return _recorded(study, other)
        check_apart(study, [*given, signature])
        path = cut.signatures / f"{sha256_json(made)[:16]}.json"
        write_atomically(path, canonical_json(made), change="sign.signature")
    return _recorded(study, signature)


def sign_answer(study: Study, cut_id: str, *, user: str, role: str, meaning: Meaning, reason: str) -> Signature:
    """Signs what a person answered in Airflow, with this service's own key ($AFTERGLOW_KEY).

    Raises:
        NotAllowedError: the register knows no signer by this user's name, or as for `sign`.
    """
    entry = register(study).of_user(user)
    if entry is None:
        msg = (
            f"{study.name}: no signer of the register is the user '{ascii(user)[1:-1]}', so nothing was signed. "
            f"An admin adds the person: `afterglow signer add {study.name} ... --user {ascii(user)[1:-1]}`."
        )
        raise NotAllowedError(msg)
    with acting_as(user):
        return sign(
            study, cut_id, name=entry.name, role=role, meaning=meaning, method="airflow", key=load_key(key_path()),
            reason=reason or ("no reason given" if meaning == "reject" else ""),
        )  # fmt: skip


def _check_open(study: Study, cut: Cut) -> None:
    if cut.seal.exists():
        msg = f"{study.name}: cut {cut.short_id} is published; its signatures are closed."
        raise NotAllowedError(msg)


@audited
def sign_study_file(study: Study, *, role: str, reason: str, key: SigningKey) -> str:
    """Signs the study file as it is now, where it was changed after a signed cut; returns its SHA-256.

    Raises:
        NotAllowedError: neither the study file nor the published cut names the role; the key is no signer's of that
            role; or no reason is given.
    """
    current = published_cut(study.folder)
    allowed = required_roles(study) or (signing_roles(current) if current else ())
    if role not in allowed or role == DEMO_ROLE:
        msg = f"{study.name}: '{ascii(role)[1:-1]}' may not sign the study file; {', '.join(allowed) or 'nobody'} may."
        raise NotAllowedError(msg)
    if not reason.strip():
        msg = f"{study.name}: signing the study file needs what changed and why."
        raise NotAllowedError(msg)
    check_register(study)
    made = record_study_file(study, role=role, reason=reason, key=key)
    sha256, who = str(made["bound"]["study_file"]), f"{made['name']} ({made['role']})"
    record(study.folder, Event(action="sign", object="study.yml", field=who, new=f"approve {sha256}", reason=reason))
    return sha256


def signatures(cut: Cut) -> list[Signature]:
    """Returns the cut's signatures as they say of themselves, in the order in which they were given.

    Raises:
        IntegrityError: a record cannot be read.
    """
    found = []
    for path in sorted(cut.signatures.glob("*.json")):
        try:
            found.append(_read(json.loads(path.read_bytes())))
        except (ValueError, KeyError, TypeError):
            msg = f"{path}: is no signature. A signature from before the register of signers has to be given again."
            raise IntegrityError(msg) from None
    return sorted(found, key=lambda given: (given.signed_at, given.role, given.name))


def proved_signatures(study: Study, cut: Cut) -> list[Signature]:
    """Returns the cut's signatures, each proved with the register of signers: by its key, as of its time.

    Raises:
        IntegrityError: one was altered, or is of another cut.
        NotAllowedError: one was given by somebody who might not.
    """
    found = signatures(cut)
    for given in found:
        prove_signature(study, cut, given)
    return found


def prove_signature(study: Study, cut: Cut, given: Signature) -> None:
    """Proves one signature of a cut.

    Raises:
        IntegrityError, NotAllowedError: as for `proved_signatures`.
    """
    of_this = {**given.record["bound"], "cut_id": cut.cut_id}
    check_statement(study, given.record, meaning=given.meaning, bound=of_this)


def required_roles(study: Study) -> tuple[str, ...]:
    """Returns the roles whose approval the study file asks for."""
    if study.signoff == "none":
        return ()
    return (DEMO_ROLE,) if study.signoff == "demo" else tuple(study.signoff)


def check_signed(study: Study, cut: Cut) -> None:
    """Checks that every role the study file asks for approved this very manifest, and nobody rejected it.

    Raises:
        NotAllowedError: a signature is missing, of somebody who might not, or a rejection; the author approved.
        IntegrityError: a signature was altered, moved, or given for other bytes; the register does not hold.
    """
    check_register(study)
    bound = manifest_sha256(cut)
    found = proved_signatures(study, cut)
    given = [signature for signature in found if signature.manifest_sha256 == bound]
    rejected = [signature for signature in given if signature.meaning == "reject"]
    if rejected:
        first = rejected[0]
        msg = f"{study.name}: cut {cut.short_id} was rejected by {first.name} ({first.role}): {first.reason}."
        raise NotAllowedError(msg)
    approved = {signature.role for signature in given if signature.meaning in APPROVALS}
    if missing := [role for role in required_roles(study) if role not in approved]:
        msg = (
            f"{study.name}: cut {cut.short_id} is not signed by: {', '.join(missing)}. "
            f"Look at {cut.report / 'index.html'}, then `afterglow sign {study.name} --cut {cut.short_id} --role ...`."
        )
        raise NotAllowedError(msg)
    check_apart(study, given)
    if strange := [signature for signature in found if signature.manifest_sha256 != bound]:
        msg = f"{cut.signatures}: the signature of {strange[0].name} is bound to other bytes than this cut's."
        raise IntegrityError(msg)


def _check_asked(study: Study, *, role: str, meaning: Meaning, method: Method, reason: str) -> None:
    allowed = required_roles(study)
    if not allowed or (role not in allowed and (meaning not in {"author", "review"} or DEMO_ROLE in allowed)):
        asked = ", ".join(allowed) or "no signature"
        msg = f"{study.name}: the study file asks for {asked}; '{ascii(role)[1:-1]}' is none of that."
        raise NotAllowedError(msg)
    if (method == "demo") != (role == DEMO_ROLE):
        msg = f"{study.name}: the demo signer signs for the role '{DEMO_ROLE}', and nobody else does."
        raise NotAllowedError(msg)
    if meaning == "reject" and not reason.strip():
        msg = f"{study.name}: a rejection needs its reason."
        raise NotAllowedError(msg)


def check_apart(study: Study, given: list[Signature]) -> None:
    """Checks that no author approved, and nobody approved in two roles.

    Raises:
        NotAllowedError: somebody did: by the register's id, or by the printed name.
    """
    for one, other in combinations(given, 2):
        if one.signer != other.signer and one.name.casefold() != other.name.casefold():
            continue
        meanings = {one.meaning, other.meaning}
        if "author" in meanings and meanings & APPROVALS:
            msg = f"{study.name}: {one.name} is the author of this cut, so somebody else approves it."
            raise NotAllowedError(msg)
        if meanings <= APPROVALS and one.role != other.role:
            msg = f"{study.name}: {one.name} approved as {one.role}, so somebody else signs as {other.role}."
            raise NotAllowedError(msg)


def _id_of(study: Study, name: str) -> str:
    if not name or name == DEMO.name:
        return ""
    named = [entry.signer for entry in register(study).entries().values() if entry.name == name]
    if not named:
        msg = f"{study.name}: the register of signers has nobody of this printed name."
        raise NotAllowedError(msg)
    return named[0]


def _read(made: dict[str, Any]) -> Signature:
    own = {part: made[part] for part in ("name", "role", "meaning", "signed_at", "signer", "signed_by")}
    of = {part: made["bound"][part] for part in ("method", "reason", "cut_id", "manifest_sha256")}
    return Signature(**own, **of, record=made)


def _recorded(study: Study, signature: Signature) -> Signature:
    happened = Event(
        action="sign", object=f"cut {signature.cut_id}", field=f"{signature.name} ({signature.role})",
        new=f"{signature.meaning} {signature.manifest_sha256}", reason=signature.reason,
    )  # fmt: skip
    record(study.folder, happened)
    return signature
