"""Unblind: two signers open the arms of a published blinded cut, for all sites or some, each for a reason.

Writes  store/unblinding/<id>/request.json, and a signature for each signer
Rule    the blinded cuts and their pointer stay; what is opened is built as a lineage of its own (`published/UNBLINDED`)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pipelines.core.clock import utc_now
from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_json
from pipelines.cut import (
    SIGNERS,
    Cut,
    Unblinding,
    bound_to,
    is_same_study,
    published_cut,
    read_unblinding,
    role_of,
    unblinding_directory,
    unblinding_id,
)
from pipelines.ledger import Event, audited, record
from pipelines.signers import SigningKey, signed_statement
from pipelines.study import Study


@audited
def unblind(
    study: Study, *, cut_id: str | None = None, scope: Sequence[str] = (), reason: str, key: SigningKey
) -> Unblinding:
    """Signs the unblinding of a published blinded cut; the second signature of another person makes it whole.

    Args:
        study: the study.
        cut_id: the blinded cut; by default the published one.
        scope: the sites whose arms are opened; none: all.
        reason: why; the audit trail keeps each signer's.
        key: the signer's, whom the register knows in one of the study file's `unblinding.roles`.

    Raises:
        NotAllowedError: the study is open; the cut is not published, or its study file was changed since; the register
            does not know the key, or not in one of these roles; or the same person signed already.
        UsageError: a site is not in the study file, or the reason is empty.
    """
    sites = tuple(site for site in study.sites if site in scope)
    _check_asked(study, scope, reason)
    cut = _blinded_cut(study, cut_id)
    identity = unblinding_id(cut.inputs, sites)
    with study.folder.lock():
        known = read_unblinding(study, identity)
        asked = _request(study, cut, identity, sites, reason) if known is None else _asked(study, identity)
        role = role_of(study, key, study.unblinding.roles)
        signed = signed_statement(study, bound_to(asked), meaning="unblind", role=role, key=key)
        if known and signed["name"] in known.signers:
            missing = "" if known.complete else " Another person has to sign too."
            msg = f"{study.name}: {signed['name']} has signed this unblinding already.{missing}"
            raise NotAllowedError(msg)
        before = len(known.signers) if known else 0
        happened = Event(
            action="unblind",
            object=f"unblinding {identity}",
            field=f"{signed['name']} ({role})",
            new=f"signature {before + 1} of {SIGNERS}: {', '.join(sites) or 'all sites'}, cut {cut.cut_id}",
            reason=reason,
        )
        directory = unblinding_directory(study, identity)
        # Said before it is done: nothing is opened that the audit trail does not tell of.
        record(study.folder, happened)
        if known is None:
            write_atomically(directory / "request.json", canonical_json(asked), change="unblind.request")
        path = directory / "signatures" / f"{sha256_json(signed)[:16]}.json"
        write_atomically(path, canonical_json(signed), change="unblind.signature")
    now = read_unblinding(study, identity)
    if now is None:
        msg = f"{directory}: is gone."
        raise IntegrityError(msg)
    return now


def _check_asked(study: Study, scope: Sequence[str], reason: str) -> None:
    if study.blinding != "blinded":
        msg = f"{study.name} is an open study: there is nothing to unblind. `afterglow build --open` shows its arms."
        raise NotAllowedError(msg)
    if strange := sorted(set(scope) - set(study.trial_sites)):
        msg = f"{study.name}: no site {', '.join(map(ascii, strange))}. Sites: {', '.join(study.trial_sites)}."
        raise UsageError(msg)
    if not reason.strip():
        msg = f"{study.name}: unblinding needs a reason; it is recorded. It must not name a subject or an arm."
        raise UsageError(msg)


def _blinded_cut(study: Study, cut_id: str | None) -> Cut:
    cut = Cut(study.folder, cut_id) if cut_id else published_cut(study.folder)
    if cut is None or not cut.seal.exists() or not cut.inputs["blinded"]:
        msg = (
            f"{study.name}: what is unblinded is a published blinded cut, and this is none. "
            "Publish one first: so its results stand before anybody sees an arm."
        )
        raise NotAllowedError(msg)
    if not is_same_study(study, cut):
        msg = (
            f"{study.name}: the study file was changed since cut {cut.short_id} was made, so what would be opened is "
            "not what was published. Publish a blinded cut with this study file first, or bring the file back."
        )
        raise NotAllowedError(msg)
    return cut


def _request(study: Study, cut: Cut, identity: str, sites: tuple[str, ...], reason: str) -> dict[str, Any]:
    return {
        "unblinding": identity,
        "study": study.study,
        "cut_id": cut.cut_id,
        "study_file_sha256": cut.inputs["study_file_sha256"],
        "scope": list(sites),
        "reason": reason,
        "requested_at": utc_now(),
    }


def _asked(study: Study, identity: str) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads((unblinding_directory(study, identity) / "request.json").read_bytes())
    return asked
