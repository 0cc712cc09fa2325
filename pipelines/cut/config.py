"""The study file under a sign-off: once a signed cut is published, a changed file is seen by a person first (H_CONFIG).

A change of a layout lands old deliveries anew, and one of a rule gives other results from the same rows: both are new
cuts that have to be signed, but who signs one sees tables, not what changed in the file behind them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.core.errors import IntegrityError, NotAllowedError, StudyFileError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_json
from pipelines.cut.cut import Cut, is_same_study, published_cut
from pipelines.land.receipts import REASONS
from pipelines.signers import DEMO, SigningKey, check_statement, signed_statement
from pipelines.study import Study


def check_config(study: Study) -> None:
    """Halts a study whose published cut a person signed, where its study file is another now and nobody signed that.

    Raises:
        NotAllowedError: H_CONFIG; how to see and sign the change is said; or who signed it may not.
        IntegrityError: the signature of the study file does not hold.
    """
    current = published_cut(study.folder)
    # Whether it was signed, not whether the study file asks for it: that may be what was changed.
    if current is None or not signing_roles(current) or is_same_study(study, current):
        return
    sha256 = _identity(study.file_sha256, study.metadata)
    if _record(study, sha256).exists():
        _check_record(study, current, sha256)
        return
    published = _identity(current.inputs["study_file_sha256"], current.inputs.get("metadata_sha256", {}))
    msg = (
        f"{study.name}: H_CONFIG: {REASONS['H_CONFIG']} Published: cut {current.short_id}, with the "
        f"study file {published[:12]}; now it is {sha256[:12]}. Look at what changed, then "
        f"`afterglow sign {study.name} --study-file --role ... --reason ...`, or bring the file back."
    )
    raise NotAllowedError(msg)


def signing_roles(cut: Cut) -> tuple[str, ...]:
    """Returns the roles in which persons signed a cut."""
    records = [json.loads(path.read_bytes()) for path in sorted(cut.signatures.glob("*.json"))]
    # Before there were keys a record had no signer, and said of the demo in which way it was given.
    persons = [each for each in records if each.get("signer") != DEMO.signer and each.get("method") != "demo"]
    return tuple(sorted({str(record["role"]) for record in persons}))


def record_study_file(study: Study, *, role: str, reason: str, key: SigningKey) -> dict[str, Any]:
    """Writes down who stands for the study file as it was read, and the file itself; returns the signed statement.

    Raises:
        StudyFileError: it was changed since: nobody stands for what they have not seen.
    """
    sha256 = _identity(study.file_sha256, study.metadata)
    record = _record(study, sha256)
    if record.exists():
        known: dict[str, Any] = json.loads(record.read_bytes())
        return known
    content = study.folder.study_file.read_bytes()
    if sha256_bytes(content) != study.file_sha256:
        msg = f"{study.name}: study.yml was changed while it was being signed. Look at it, then sign again."
        raise StudyFileError(msg)
    bound = {"study_file": sha256, "reason": reason}
    made = signed_statement(study, bound, meaning="approve", role=role, key=key)
    write_atomically(record.with_suffix(".yml"), content, change="sign.copy")
    write_atomically(record, canonical_json(made), change="sign.study_file")
    return made


def _check_record(study: Study, current: Cut, sha256: str) -> None:
    path = _record(study, sha256)
    try:
        record = json.loads(path.read_bytes())
        bound = {"study_file": sha256, "reason": record["bound"]["reason"]}
    except (ValueError, KeyError, TypeError):
        msg = f"{path}: cannot be read. Bring it back from the backup, or sign the study file again without it."
        raise IntegrityError(msg) from None
    asked = () if isinstance(study.signoff, str) else study.signoff
    check_statement(study, record, meaning="approve", roles=(*asked, *signing_roles(current)), bound=bound)


def _identity(study_file_sha256: str, metadata: dict[str, str]) -> str:
    # The dictionaries that layouts read their columns from belong to the study file.
    return sha256_json([study_file_sha256, metadata])


def _record(study: Study, sha256: str) -> Path:
    return study.folder.root / "store" / "study_files" / f"{sha256}.json"
