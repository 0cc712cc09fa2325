"""The root hash: one number for all that a study has published and landed, and for where its audit trail stands.

Two studies with the same root hash have the same published cuts, signatures, deliveries and events. It is the same with
and without the vault, which is not in every copy: the hashes of landed deliveries are outside of it.
"""

from __future__ import annotations

from typing import Any

from pipelines.core.hashing import sha256_file, sha256_json
from pipelines.ledger import head
from pipelines.study import StudyFolder

# What is not in every copy, is hashed by its own manifests, or has its own head.
_ELSEWHERE = {"inbox", "vault", "store", "cuts", "ledger", "ledger-journal", "restored.json"}


def root_hash(folder: StudyFolder) -> str:
    """Returns the root hash, 64 hex digits."""
    stands = head(folder)
    others = [path for path in folder.root.iterdir() if path.name not in _ELSEWHERE and path.name[0] != "."]
    files = [path for top in others for path in ([top] if top.is_file() else top.rglob("*"))]
    files += [*folder.cuts.glob("*/seal.json"), *(folder.root / "store").glob("*/*.*")]
    names = {path.relative_to(folder.root).as_posix(): sha256_file(path) for path in files if path.is_file()}
    return sha256_json([content_hash(folder), names, stands.seq, stands.sha256])


def content_hash(folder: StudyFolder) -> str:
    """Returns one hash over what follows from deliveries, study file and code alone, without any time or signature.

    Two machines that are given the same have the same.
    """
    files = [folder.study_file, *folder.cuts.glob("*/manifest.json"), *folder.deliveries.glob("*/*/hashes.json")]
    files += [folder.key_commitment]
    found: dict[str, Any] = {}
    for path in files:
        if path.is_file():
            found[path.relative_to(folder.root).as_posix()] = sha256_file(path)
    return sha256_json(found)
