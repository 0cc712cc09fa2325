"""A signature says who, in which role and meaning and when, for one manifest; with a key that the register knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.core.errors import GateFailedError, IntegrityError, NotAllowedError
from pipelines.core.hashing import canonical_json
from pipelines.cut import Cut
from pipelines.ledger import events
from pipelines.manifest import manifest_sha256
from pipelines.publish import publish
from pipelines.sign import DEMO_ROLE, Meaning, Signature, sign, sign_answer, signatures
from pipelines.signers import KEY_VARIABLE, revoke_signer
from pipelines.study import Study
from tests.small_cut import make_candidate, small_study
from tests.small_signers import ADMIN_ID, add_signers, key_file, key_of


def candidate(root: Path, signoff: str = "[approver]") -> tuple[Study, Cut]:
    study = small_study(root, signoff=signoff)
    add_signers(study, ada="approver", bob=("approver", "statistician"), dan="data_manager", airflow="service")
    return study, make_candidate(study)


def given(
    study: Study, cut: Cut, signer: str = "ada", role: str = "approver", meaning: Meaning = "approve"
) -> Signature:
    reason = "gates failed" if meaning == "reject" else ""
    return sign(study, cut.cut_id, role=role, meaning=meaning, reason=reason, key=key_of(signer))


@pytest.mark.requirement("SIG-1")
@pytest.mark.requirement("SIG-2")
def test_a_signature_says_who_and_when_and_is_bound_to_the_manifest(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    made = given(study, cut)
    assert (made.name, made.role, made.meaning, made.signed_by) == ("ADA", "approver", "approve", "ada")
    assert made.manifest_sha256 == manifest_sha256(cut)
    assert made.signed_at.endswith("Z")
    assert signatures(cut) == [made]


def test_the_same_signature_twice_is_one(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    first = given(study, cut)
    assert given(study, cut) == first
    assert len(signatures(cut)) == 1


@pytest.mark.requirement("SIG-3")
@pytest.mark.parametrize(
    ("signoff", "signer", "role"),
    [
        ("[approver]", "bob", "statistician"),
        ("[approver]", "dan", "approver"),
        ("[approver]", "eve", "approver"),
        ("none", "ada", "approver"),
        ("demo", "ada", DEMO_ROLE),
    ],
)
def test_only_registered_keys_of_the_study_files_roles_sign(
    tmp_path: Path, signoff: str, signer: str, role: str
) -> None:
    study, cut = candidate(tmp_path, signoff)
    with pytest.raises(NotAllowedError):
        given(study, cut, signer, role)
    assert signatures(cut) == []


@pytest.mark.requirement("SIG-3")
def test_nobody_signs_without_a_key_and_the_demo_signer_only_a_demo(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    with pytest.raises(NotAllowedError, match="needs its signer's key"):
        sign(study, cut.cut_id, role="approver", name="ADA")
    with pytest.raises(NotAllowedError, match="demo signer signs for the role"):
        sign(study, cut.cut_id, role="approver", method="demo")


@pytest.mark.requirement("SIG-3")
@pytest.mark.parametrize("meaning", ["approve", "release"])
def test_the_author_does_not_approve_whichever_came_first(tmp_path: Path, meaning: Meaning) -> None:
    study, cut = candidate(tmp_path)
    given(study, cut, "bob", "statistician", "author")
    with pytest.raises(NotAllowedError, match="BOB is the author of this cut"):
        given(study, cut, "bob", "approver", meaning)
    given(study, cut, "ada", "approver", meaning)
    with pytest.raises(NotAllowedError, match="ADA is the author of this cut"):
        given(study, cut, "ada", "approver", "author")
    publish(study, cut.cut_id)


@pytest.mark.requirement("SIG-3")
def test_nobody_approves_in_two_roles(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path, "[approver, statistician]")
    given(study, cut, "bob", "approver")
    with pytest.raises(NotAllowedError, match="BOB approved as approver"):
        given(study, cut, "bob", "statistician")


def test_an_author_or_reviewer_signs_in_a_role_of_their_own_and_that_approves_nothing(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    given(study, cut, "dan", "data_manager", "author")
    given(study, cut, "bob", "statistician", "review")
    with pytest.raises(NotAllowedError, match="not signed by: approver"):
        publish(study, cut.cut_id)


@pytest.mark.requirement("SIG-1")
def test_a_blocked_cut_can_be_rejected_with_a_reason_and_not_approved(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver]")
    add_signers(study, ada="approver")
    cut = make_candidate(study, verdict="FAIL", blocking=True)
    with pytest.raises(GateFailedError):
        given(study, cut)
    with pytest.raises(NotAllowedError, match="rejection needs its reason"):
        sign(study, cut.cut_id, role="approver", meaning="reject", key=key_of("ada"))
    given(study, cut, meaning="reject")
    assert [one.meaning for one in signatures(cut)] == ["reject"]


def test_signatures_are_closed_once_a_cut_is_published(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    given(study, cut)
    publish(study, cut.cut_id)
    with pytest.raises(NotAllowedError, match="is published; its signatures are closed"):
        given(study, cut, "bob")


@pytest.mark.requirement("SIG-2")
@pytest.mark.parametrize("part", ["name", "role", "meaning", "signed_at", "signature", "reason", "manifest_sha256"])
def test_an_altered_signature_stops_publishing(tmp_path: Path, part: str) -> None:
    study, cut = candidate(tmp_path)
    given(study, cut)
    (path,) = cut.signatures.iterdir()
    record = json.loads(path.read_bytes())
    of = record if part in record else record["bound"]
    of[part] = f"{of[part]}0" if part != "meaning" else "release"
    path.write_bytes(canonical_json(record))
    with pytest.raises(IntegrityError, match="does not hold"):
        publish(study, cut.cut_id)


@pytest.mark.requirement("SIG-2")
def test_a_signature_moved_to_another_cut_stops_publishing(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    given(study, cut)
    other = make_candidate(study, number=2)
    cut.signatures.rename(other.signatures)
    with pytest.raises(IntegrityError, match=r"bound to another record \(cut_id\)"):
        publish(study, other.cut_id)
    with pytest.raises(NotAllowedError, match="not signed by: approver"):
        publish(study, cut.cut_id)


@pytest.mark.requirement("SIG-3")
def test_a_signature_of_a_compromised_key_stops_publishing_and_one_before_a_revocation_does_not(tmp_path: Path) -> None:
    from datetime import date

    study, cut = candidate(tmp_path)
    given(study, cut)
    given(study, cut, "bob")
    revoke_signer(study, "ada", reason="left the study", key=key_of(ADMIN_ID))
    other = make_candidate(study, number=2)
    with pytest.raises(NotAllowedError, match="does not know this key"):
        given(study, other)
    publish(study, cut.cut_id)
    third = make_candidate(study, number=3)
    given(study, third, "bob")
    revoke_signer(study, "bob", reason="stolen", key=key_of(ADMIN_ID), compromised_since=date(2026, 1, 1))
    with pytest.raises(NotAllowedError, match="compromised since 2026-01-01"):
        publish(study, third.cut_id)


@pytest.mark.requirement("SIG-3")
def test_a_register_that_was_taken_away_stops_signing_and_publishing(tmp_path: Path) -> None:
    study, cut = candidate(tmp_path)
    given(study, cut)
    study.folder.signers.rename(tmp_path.parent / f"{tmp_path.name}-gone")
    with pytest.raises(IntegrityError, match="change 1 is gone"):
        publish(study, cut.cut_id)
    with pytest.raises(IntegrityError, match="change 1 is gone"):
        add_signers(study, eve="approver")


def test_an_answer_of_airflow_is_signed_by_the_service_for_the_registered_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, cut = candidate(tmp_path / "trial")
    monkeypatch.setenv(KEY_VARIABLE, str(key_file(tmp_path / "service.key", "airflow")))

    def answer(user: str, meaning: Meaning) -> Signature:
        return sign_answer(study, cut.cut_id, user=user, role="approver", meaning=meaning, reason="")

    with pytest.raises(NotAllowedError, match="is the user 'mallory'"):
        answer("mallory", "approve")
    with pytest.raises(NotAllowedError, match="role that is not asked for"):
        answer("dan", "approve")
    made = answer("ada", "approve")
    assert (made.name, made.signer, made.signed_by, made.method) == ("ADA", "ada", "airflow", "airflow")
    assert [each.user for each in events(study.folder) if each.action == "sign"] == ["ada"]
    assert answer("bob", "reject").reason == "no reason given"
