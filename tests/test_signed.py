"""Signatures are proved again, long after they were given, with nothing but the study's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError
from pipelines.core.hashing import canonical_json, sha256_file
from pipelines.cut import Cut
from pipelines.ledger import Event
from pipelines.ledger import record as ledger_record
from pipelines.publish import publish
from pipelines.sign import sign
from pipelines.signers import revoke_signer, statements
from pipelines.study import Study
from pipelines.verify import verify
from tests.small_cut import make_candidate, small_study
from tests.small_signers import ADMIN_ID, add_signers, key_of


def signed(root: Path) -> tuple[Study, Cut]:
    study = small_study(root, signoff="[approver]")
    add_signers(study, ada="approver", bob="approver")
    cut = make_candidate(study)
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    publish(study, cut.cut_id)
    return study, cut


@pytest.mark.requirement("SIG-4")
def test_every_signature_is_proved_with_the_study_folder_alone(tmp_path: Path) -> None:
    study, _ = signed(tmp_path)
    assert verify(study).signatures == 1
    # A revocation afterwards takes nothing from it.
    revoke_signer(study, "ada", reason="left the study", key=key_of(ADMIN_ID))
    assert verify(study).signatures == 1


def sealed_anew(study: Study, cut: Cut) -> None:
    """Puts seal and pointer right, as somebody who may write every file of the study would."""
    cut.seal.chmod(0o644)
    seal = json.loads(cut.seal.read_bytes())
    for name in list(seal["files"]):
        if not (cut.directory / name).exists():
            del seal["files"][name]
    for path in cut.signatures.iterdir():
        seal["files"][f"signatures/{path.name}"] = sha256_file(path)
    cut.seal.write_bytes(canonical_json(seal))
    pointer = json.loads(study.folder.pointer.read_bytes()) | {"seal_sha256": sha256_file(cut.seal)}
    study.folder.pointer.write_bytes(canonical_json(pointer))


@pytest.mark.requirement("SIG-2")
@pytest.mark.parametrize("part", ["name", "role", "signed_at", "reason", "manifest_sha256", "signature"])
def test_an_altered_signature_is_named_even_where_every_hash_was_put_right(tmp_path: Path, part: str) -> None:
    study, cut = signed(tmp_path)
    (path,) = cut.signatures.iterdir()
    path.chmod(0o644)
    record = json.loads(path.read_bytes())
    (record if part in record else record["bound"])[part] += "0"
    path.write_bytes(canonical_json(record))
    sealed_anew(study, cut)
    with pytest.raises(IntegrityError, match=r"signatures: .* does not hold"):
        verify(study)


@pytest.mark.requirement("SIG-2")
def test_a_signature_moved_from_another_cut_is_named(tmp_path: Path) -> None:
    study, old = signed(tmp_path)
    cut = make_candidate(study, number=2)
    sign(study, cut.cut_id, role="approver", key=key_of("bob"))
    publish(study, cut.cut_id)
    for path in cut.signatures.iterdir():
        path.unlink()
    (path,) = old.signatures.iterdir()
    (cut.signatures / path.name).write_bytes(path.read_bytes())
    sealed_anew(study, cut)
    with pytest.raises(IntegrityError, match=r"bound to another record \(cut_id\)"):
        verify(study)


@pytest.mark.requirement("SIG-3")
def test_a_signature_dated_back_by_a_revoked_signer_is_named(tmp_path: Path) -> None:
    study, cut = signed(tmp_path)
    (path,) = cut.signatures.iterdir()
    first = json.loads(path.read_bytes())
    revoke_signer(study, "bob", reason="dismissed", key=key_of(ADMIN_ID))
    # Bob still has his key, and knows the register as it was before he was revoked.
    forged = {name: value for name, value in first.items() if name != "signature"}
    forged |= {"name": "BOB", "signer": "bob", "signed_by": "bob"}
    forged["signature"] = key_of("bob").sign(statements._signed_bytes(forged)).hex()
    (cut.signatures / "forged.json").write_bytes(canonical_json(forged))
    sealed_anew(study, cut)
    with pytest.raises(IntegrityError, match=r"the audit trail does not know the signature of BOB"):
        verify(study)
    told = Event(
        action="sign",
        object=f"cut {cut.cut_id}",
        field="BOB (approver)",
        new=f"approve {forged['bound']['manifest_sha256']}",
    )
    ledger_record(study.folder, told)
    with pytest.raises(IntegrityError, match=r"BOB \(approver\) signed after a change of the register, dated back"):
        verify(study)


@pytest.mark.requirement("SIG-4")
def test_a_register_that_was_cut_off_or_taken_away_is_named(tmp_path: Path) -> None:
    study, _ = signed(tmp_path)
    last = study.folder.signers / "0003.json"
    content = last.read_bytes()
    last.unlink()
    with pytest.raises(IntegrityError, match="change 3 is gone"):
        verify(study)
    last.write_bytes(content)
    verify(study)
    study.folder.signers.rename(tmp_path.parent / f"{tmp_path.name}-register")
    with pytest.raises(IntegrityError, match="change 1 is gone"):
        verify(study)
