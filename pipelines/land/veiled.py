"""Names of deliveries whose bytes tell the arm: in a blinded study not their SHA-256, which somebody could try out.

An allocation list of twenty subjects has a million forms: who knows the other columns hashes them all, and finds the
one. Such a delivery is named by site, file name and the how manieth content of that name it is; so whatever the
allocation, everything outside the vault has the same bytes. The SHA-256 stands in the vault.

Writes  vault/identities/<delivery id>.json
"""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_file, sha256_json
from pipelines.land.contract import contract_for
from pipelines.study import Study, StudyFolder
from pipelines.study.domains import DOMAINS


def delivery_id(study: Study, site: str, file: str, sha256: str) -> str:
    """Returns what the delivery is called: the SHA-256 of its bytes, or where those tell the arm a name of its own.

    The same bytes have the same name, whatever the file is called.
    """
    if not is_veiled(study, site, file):
        return sha256
    known = [json.loads(path.read_bytes()) for path in sorted(_identities(study.folder).glob("*.json"))]
    for one in known:
        if one["sha256"] == sha256:
            return str(one["delivery_id"])
    number = 1 + sum((one["site"], one["file"]) == (site, file) for one in known)
    identity = sha256_json(["afterglow veiled delivery", study.study, site, file, number])
    document = {"delivery_id": identity, "site": site, "file": file, "number": number, "sha256": sha256}
    path = _identities(study.folder) / f"{identity}.json"
    study.folder.vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, canonical_json(document), change="land.identity")
    return identity


def is_veiled(study: Study, site: str, file: str) -> bool:
    """Whether the file's bytes may tell the arm of a blinded study, as far as its layout says; one of no layout may."""
    if study.blinding != "blinded":
        return False
    matched = contract_for(study, site, file)
    if matched is None:
        return True
    export = matched[0].export
    if export.domain:
        return DOMAINS[export.domain].in_vault or bool(DOMAINS[export.domain].hidden)
    return any(column.column_class in {"treatment", "drop"} for column in export.columns.values())


def content_sha256(folder: StudyFolder, identity: str) -> str:
    """Returns the SHA-256 of a delivery's bytes."""
    path = _identities(folder) / f"{identity}.json"
    return str(json.loads(path.read_bytes())["sha256"]) if path.exists() else identity


def holds_bytes(folder: StudyFolder, identity: str, path: Path) -> bool:
    """Whether the file has the bytes of that delivery."""
    return sha256_file(path) == content_sha256(folder, identity)


def _identities(folder: StudyFolder) -> Path:
    return folder.vault / "identities"
