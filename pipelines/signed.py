"""Proving signatures again, long after they were given: with the study's folder alone, without a network."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.core.errors import AfterglowError
from pipelines.core.hashing import sha256_file
from pipelines.cut import Cut
from pipelines.ledger import Recorded
from pipelines.sign import Signature, check_apart, prove_signature, signatures
from pipelines.signers import DEMO, Register, check_register
from pipelines.study import Study


def wrong_signatures(study: Study, cuts: Sequence[Cut], trail: Sequence[Recorded]) -> list[str]:
    """Returns a line for each signature of these cuts that does not hold, and for the register where it does not.

    A signature holds that is bound to its cut's manifest, was made with its signer's key in the signer's time, and of
    which the audit trail knows: before it knows that the signer was revoked, so that none was dated back afterwards.
    """
    try:
        known = check_register(study)
    except AfterglowError as error:
        return [str(error)]
    wrong: list[str] = []
    for cut in cuts:
        try:
            given = signatures(cut)
        except AfterglowError as error:
            wrong.append(str(error))
            continue
        bound = sha256_file(cut.manifest)
        for each in given:
            wrong += _wrong_signature(study, cut, each, bound, known, trail)
        try:
            check_apart(study, given)
        except AfterglowError as error:
            wrong.append(f"{cut.signatures}: {error}")
    return wrong


def _wrong_signature(
    study: Study, cut: Cut, given: Signature, bound: str, known: Register, trail: Sequence[Recorded]
) -> list[str]:
    try:
        prove_signature(study, cut, given)
    except AfterglowError as error:
        return [f"{cut.signatures}: {error}"]
    if given.manifest_sha256 != bound:
        return [f"{cut.signatures}: the signature of {given.name} ({given.role}) is bound to another manifest"]
    if given.signer == DEMO.signer:
        return []
    # The content of an event may have been erased, with a recorded reason: then it cannot be asked.
    new = f"{given.meaning} {given.manifest_sha256}"
    told = _told(trail, "sign", f"cut {cut.cut_id}", new, field=f"{given.name} ({given.role})")
    if told is None and not any(link.action == "sign" and link.content is None for link in trail):
        return [f"{cut.signatures}: the audit trail does not know the signature of {given.name} ({given.role})"]
    later = known.changes[known.numbers[given.record["register"]] :]
    ended = next((change for change in later if change.signer == given.signer), None)
    since = None if ended is None else _told(trail, "role", f"signer {ended.signer}", ended.sha256)
    if told is not None and since is not None and since < told:
        return [f"{cut.signatures}: {given.name} ({given.role}) signed after a change of the register, dated back"]
    return []


def _told(trail: Sequence[Recorded], action: str, about: str, new: str, field: str | None = None) -> int | None:
    """Returns the number of the first event that says this; None where there is none."""
    for each in trail:
        if each.action != action or (event := each.event) is None:
            continue
        if (event.object, event.new) == (about, new) and field in {None, event.field}:
            return each.seq
    return None
