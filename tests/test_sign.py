"""A signature says who, in which role and meaning and when, for one manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import GateFailedError, NotAllowedError
from pipelines.manifest import manifest_sha256
from pipelines.publish import publish
from pipelines.sign import DEMO_ROLE, sign, signatures
from tests.small_cut import make_candidate, small_study


def test_a_signature_is_bound_to_the_manifest(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver]")
    cut = make_candidate(study)
    given = sign(study, cut.cut_id, name="A. Approver", role="approver", meaning="approve")
    assert given.manifest_sha256 == manifest_sha256(cut)
    assert given.signed_at.endswith("Z")
    assert signatures(cut) == [given]


def test_the_same_signature_twice_is_one(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver]")
    cut = make_candidate(study)
    first = sign(study, cut.cut_id, name="A. Approver", role="approver")
    assert sign(study, cut.cut_id, name="A. Approver", role="approver") == first
    assert len(signatures(cut)) == 1


@pytest.mark.parametrize(
    ("signoff", "name", "role"),
    [
        ("[approver]", "A. Approver", "statistician"),
        ("[approver]", " ", "approver"),
        ("none", "A. Approver", "approver"),
        ("demo", "A. Approver", DEMO_ROLE),
    ],
)
def test_only_the_roles_of_the_study_file_sign_and_with_a_name(
    tmp_path: Path, signoff: str, name: str, role: str
) -> None:
    study = small_study(tmp_path, signoff=signoff)
    cut = make_candidate(study)
    with pytest.raises(NotAllowedError):
        sign(study, cut.cut_id, name=name, role=role)
    assert signatures(cut) == []


def test_a_blocked_cut_can_be_rejected_and_not_approved(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver]")
    cut = make_candidate(study, verdict="FAIL", blocking=True)
    with pytest.raises(GateFailedError):
        sign(study, cut.cut_id, name="A. Approver", role="approver")
    sign(study, cut.cut_id, name="A. Approver", role="approver", meaning="reject", reason="gates failed")
    assert [given.meaning for given in signatures(cut)] == ["reject"]


def test_signatures_are_closed_once_a_cut_is_published(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[approver]")
    cut = make_candidate(study)
    sign(study, cut.cut_id, name="A. Approver", role="approver")
    publish(study, cut.cut_id)
    with pytest.raises(NotAllowedError, match="is published; its signatures are closed"):
        sign(study, cut.cut_id, name="B. Approver", role="approver")
