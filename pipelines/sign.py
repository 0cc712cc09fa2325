"""Step 5, sign: who stands for a cut, in which role and meaning, bound to the hash of its manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from pipelines.core.errors import NotAllowedError
from pipelines.core.files import held_still, write_atomically
from pipelines.core.hashing import canonical_json, sha256_json
from pipelines.cut import Cut, published_cut, record_study_file, signing_roles
from pipelines.gate import check_gate, read_verdict
from pipelines.ledger import Event, audited, record
from pipelines.manifest import manifest_sha256
from pipelines.study import Study

Meaning = Literal["author", "review", "approve", "reject"]
Method = Literal["cli", "airflow", "demo"]
DEMO_ROLE = "demo"
DEMO_SIGNER = "Demo signer"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature. `signed_at` is UTC; it holds for the manifest with this hash and no other."""

    name: str
    role: str
    meaning: Meaning
    method: Method
    reason: str
    signed_at: str
    cut_id: str
    manifest_sha256: str


@audited
def sign(
    study: Study,
    cut_id: str,
    *,
    name: str,
    role: str,
    meaning: Meaning = "approve",
    method: Method = "cli",
    reason: str = "",
) -> Signature:
    """Signs a cut that passed its gates, or rejects one; the same signature given twice is one signature.

    Raises:
        GateFailedError: an approval of a cut that its gates block.
        NotAllowedError: the study file names other roles, the name is empty, or the cut is published already.
    """
    cut = Cut(study.folder, cut_id)
    allowed = required_roles(study)
    if role not in allowed:
        asked = ", ".join(allowed) or "no signature"
        msg = f"{study.name}: the study file asks for {asked}; '{ascii(role)[1:-1]}' is none of that."
        raise NotAllowedError(msg)
    if not name.strip():
        msg = f"{study.name}: a signature needs the signer's printed name."
        raise NotAllowedError(msg)
    if (method == "demo") != (role == DEMO_ROLE):
        msg = f"{study.name}: the demo signer signs for the role '{DEMO_ROLE}', and nobody else does."
        raise NotAllowedError(msg)
    _check_open(study, cut)
    # Any gated cut may be rejected; one that its gates block may not be approved.
    read_verdict(cut) if meaning == "reject" else check_gate(study, cut)
    bound = manifest_sha256(cut)
    for given in signatures(cut):
        if (given.name, given.role, given.meaning, given.manifest_sha256) == (name, role, meaning, bound):
            return _recorded(study, given)
    signature = Signature(
        name=name,
        role=role,
        meaning=meaning,
        method=method,
        reason=reason,
        signed_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        cut_id=cut_id,
        manifest_sha256=bound,
    )
    record = asdict(signature)
    # Publishing lists the signatures and seals the list: one comes before that, or not at all.
    with held_still(cut.directory):
        _check_open(study, cut)
        path = cut.signatures / f"{sha256_json(record)[:16]}.json"
        write_atomically(path, canonical_json(record), change="sign.signature")
    return _recorded(study, signature)


def _recorded(study: Study, signature: Signature) -> Signature:
    happened = Event(
        action="sign",
        object=f"cut {signature.cut_id}",
        field=f"{signature.name} ({signature.role})",
        new=f"{signature.meaning} {signature.manifest_sha256}",
        reason=signature.reason,
    )
    record(study.folder, happened)
    return signature


def _check_open(study: Study, cut: Cut) -> None:
    if cut.seal.exists():
        msg = f"{study.name}: cut {cut.short_id} is published; its signatures are closed."
        raise NotAllowedError(msg)


@audited
def sign_study_file(study: Study, *, name: str, role: str, reason: str) -> str:
    """Signs the study file as it is now, where it was changed after a signed cut; returns its SHA-256.

    Raises:
        NotAllowedError: neither the study file nor the published cut names the role; the name or the reason is empty.
    """
    current = published_cut(study.folder)
    allowed = required_roles(study) or (signing_roles(current) if current else ())
    if role not in allowed or role == DEMO_ROLE:
        msg = f"{study.name}: '{ascii(role)[1:-1]}' may not sign the study file; {', '.join(allowed) or 'nobody'} may."
        raise NotAllowedError(msg)
    if not name.strip() or not reason.strip():
        msg = f"{study.name}: signing the study file needs the signer's printed name, and what changed and why."
        raise NotAllowedError(msg)
    sha256 = record_study_file(study, name=name, role=role, reason=reason)
    happened = Event(
        action="sign", object="study.yml", field=f"{name} ({role})", new=f"approve {sha256}", reason=reason
    )
    record(study.folder, happened)
    return sha256


def signatures(cut: Cut) -> list[Signature]:
    """Returns the cut's signatures in the order in which they were given."""
    records = [json.loads(path.read_bytes()) for path in sorted(cut.signatures.glob("*.json"))]
    return sorted(
        (Signature(**record) for record in records), key=lambda given: (given.signed_at, given.role, given.name)
    )


def required_roles(study: Study) -> tuple[str, ...]:
    """Returns the roles whose approval the study file asks for."""
    if study.signoff == "none":
        return ()
    return (DEMO_ROLE,) if study.signoff == "demo" else tuple(study.signoff)


def check_signed(study: Study, cut: Cut) -> None:
    """Checks that every role the study file asks for approved this very manifest, and nobody rejected it.

    Raises:
        NotAllowedError: a signature is missing, bound to other bytes, or a rejection.
    """
    bound = manifest_sha256(cut)
    given = [signature for signature in signatures(cut) if signature.manifest_sha256 == bound]
    rejected = [signature for signature in given if signature.meaning == "reject"]
    if rejected:
        first = rejected[0]
        reason = first.reason or "no reason given"
        msg = f"{study.name}: cut {cut.short_id} was rejected by {first.name} ({first.role}): {reason}."
        raise NotAllowedError(msg)
    approved = {signature.role for signature in given if signature.meaning == "approve"}
    if missing := [role for role in required_roles(study) if role not in approved]:
        msg = (
            f"{study.name}: cut {cut.short_id} is not signed by: {', '.join(missing)}. "
            f"Look at {cut.report / 'index.html'}, then "
            f"`afterglow sign {study.name} --cut {cut.short_id} --role ... --name ...`."
        )
        raise NotAllowedError(msg)
