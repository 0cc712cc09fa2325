"""Unblinding: two signers, a scope and a reason, bound to one published blinded cut and to what that was made of.

Reads   store/unblinding/<id>/request.json and signatures/*.json
Rule    without two valid signatures nothing joins the arms of a blinded study to its tables; and what they opened is
        the data of that blinded cut and no other: changed deliveries or a changed study file ask for new signatures
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.hashing import sha256_json
from pipelines.cut.cut import Cut, short_id
from pipelines.signers import Signer, check_statement
from pipelines.study import Study

SIGNERS = 2
# What of a blinded cut's inputs an unblinding holds for; its code may change, what it was made of may not.
_BOUND = ("study", "study_file_sha256", "metadata_sha256", "study_key", "as_of", "data_cutoff")


@dataclass(frozen=True, kw_only=True)
class Unblinding:
    """One unblinding: of which blinded cut, of which sites (none named: all), why, and who signed so far."""

    unblinding_id: str
    cut_id: str
    scope: tuple[str, ...]
    reason: str
    requested_at: str
    signers: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether two different persons have signed."""
        return len(self.signers) >= SIGNERS

    @property
    def in_words(self) -> str:
        """The scope in words."""
        return f"site {', '.join(self.scope)}" if self.scope else "all sites"


def unblinding_id(inputs: Mapping[str, Any], scope: tuple[str, ...]) -> str:
    """Returns the identity of the unblinding of this scope for what a cut with these inputs is made of."""
    deliveries = sorted([one["siteid"], one["file"], one["delivery_id"]] for one in inputs["deliveries"])
    # A code that was broken after the blinded cut is in none of its tables: what is opened would be another cut.
    broken = [inputs["code_breaks"]] if inputs.get("code_breaks") else []
    return sha256_json([*(inputs[name] for name in _BOUND), deliveries, list(scope), *broken])


def unblinding_directory(study: Study, identity: str) -> Path:
    """Where the request and its signatures lie."""
    return study.folder.unblindings / identity


def read_unblinding(study: Study, identity: str) -> Unblinding | None:
    """Returns an unblinding with the signatures that hold; None where nobody asked for it.

    Raises:
        IntegrityError: the request or a signature was altered, or is of another record.
        NotAllowedError: a signer's key was revoked before, or has none of the roles that the study file names.
    """
    directory = unblinding_directory(study, identity)
    try:
        asked = json.loads((directory / "request.json").read_bytes())
        scope = tuple(asked["scope"])
        cut = Cut(study.folder, asked["cut_id"])
        bound_right = unblinding_id(cut.inputs, scope) == identity == asked["unblinding"]
        given = [json.loads(path.read_bytes()) for path in sorted((directory / "signatures").glob("*.json"))]
    except FileNotFoundError as error:
        if error.filename == str(directory / "request.json"):
            return None
        msg = f"{error.filename}: is gone. Bring it back from the backup."
        raise IntegrityError(msg) from None
    except (ValueError, KeyError, TypeError):
        msg = f"{directory}: is not what was asked for and signed. Bring it back from the backup."
        raise IntegrityError(msg) from None
    if not bound_right:
        msg = f"{directory}: is of another cut than it says. Bring it back from the backup."
        raise IntegrityError(msg)
    roles = study.unblinding.roles
    signers = [
        check_statement(study, record, meaning="unblind", roles=roles, bound=bound_to(asked)) for record in given
    ]
    return Unblinding(
        unblinding_id=identity,
        cut_id=cut.cut_id,
        scope=scope,
        reason=asked["reason"],
        requested_at=asked["requested_at"],
        # The same person twice, by key or by printed name, is one signer.
        signers=_persons(signers),
    )


def bound_to(asked: Mapping[str, Any]) -> dict[str, str]:
    """Returns what the signatures of an unblinding are bound to: the request whole."""
    return {"unblinding": str(asked["unblinding"]), "cut_id": str(asked["cut_id"]), "request": sha256_json(dict(asked))}


def _persons(signers: Sequence[Signer]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for signer in signers:
        if signer.name.casefold() not in map(str.casefold, found.values()):
            found.setdefault(signer.public_key, signer.name)
    return tuple(found.values())


def signed_unblinding(study: Study, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what an unblinded cut with these inputs says of its unblinding.

    Where several are signed, one of all sites goes before one of some.

    Raises:
        NotAllowedError: none is signed by two for these deliveries and this study file.
    """
    complete = []
    for path in sorted(study.folder.unblindings.glob("*/request.json")):
        found = read_unblinding(study, path.parent.name)
        if found and found.complete and unblinding_id(inputs, found.scope) == found.unblinding_id:
            complete.append(found)
    if not complete:
        msg = (
            f"{study.name} is a blinded study, and no unblinding by {SIGNERS} signers holds for its study file and "
            f"deliveries as they are now. Leave `blinded` as it is; or publish the blinded cut, and have two of "
            f"{', '.join(study.unblinding.roles)} each run `afterglow unblind {study.name} --reason ...`."
        )
        raise NotAllowedError(msg)
    first = min(complete, key=lambda one: (bool(one.scope), one.scope))
    return {
        "id": first.unblinding_id,
        "cut_id": first.cut_id,
        "scope": list(first.scope),
    }


def check_unblinded(study: Study, cut: Cut) -> None:
    """Checks that the unblinding of an unblinded cut is signed; a blinded cut, or one of an open study, needs none.

    Raises:
        NotAllowedError: its unblinding is not signed by two.
        IntegrityError: what was signed was altered.
    """
    named = cut.inputs.get("unblinding")
    if not named:
        return
    found = read_unblinding(study, str(named["id"]))
    if found is None or not found.complete or unblinding_id(cut.inputs, found.scope) != found.unblinding_id:
        msg = (
            f"{study.name}: cut {cut.short_id} shows arms, and its unblinding {short_id(str(named['id']))} is not "
            f"signed by {SIGNERS} signers."
        )
        raise NotAllowedError(msg)
