"""A study file that changes after a signed cut was published is seen by a person before anything is made with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.cut import cut_inputs
from pipelines.land import land
from pipelines.publish import publish
from pipelines.sign import sign, sign_study_file
from pipelines.study import Study, load_study
from tests.small_cut import make_candidate, small_study
from tests.small_signers import add_signers, key_file, key_of

WIDER = ("total: {type: integer", "total: {type: number")


def published(root: Path, signoff: str = "[pi]") -> Study:
    study = small_study(root, signoff)
    cut = make_candidate(study)
    if signoff == "[pi]":
        add_signers(study, pat="pi", dan="data_manager")
        sign(study, cut.cut_id, role="pi", key=key_of("pat"))
    publish(study, cut.cut_id)
    return study


def changed(study: Study, old: str, new: str) -> Study:
    text = study.folder.study_file.read_text()
    assert old in text
    study.folder.study_file.write_text(text.replace(old, new))
    return load_study(study.folder.root)


def test_a_changed_study_file_halts_a_signed_study_until_a_role_has_signed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "dan")
    study = published(tmp_path)
    cut_inputs(study)
    pointer = study.folder.pointer.read_bytes()
    after = changed(study, *WIDER)
    assert land(after).new, "old deliveries land anew, and nothing is made of them"
    with pytest.raises(NotAllowedError, match=r"H_CONFIG.*--study-file"):
        cut_inputs(after)
    with pytest.raises(NotAllowedError, match="H_CONFIG"):
        publish(after, make_candidate(after, number=2).cut_id)
    assert study.folder.pointer.read_bytes() == pointer
    stopped = CliRunner().invoke(main, ["build", str(tmp_path)])
    assert (stopped.exit_code, "H_CONFIG" in stopped.output) == (13, True)
    given = [
        "sign",
        str(tmp_path),
        "--study-file",
        "--role",
        "pi",
        "--key",
        str(key_file(tmp_path.parent / "pat.key", "pat")),
        "--reason",
        "amendment 2",
    ]
    assert CliRunner().invoke(main, given).exit_code == 0
    cut_inputs(after)
    kept = [path.read_text() for path in (tmp_path / "store" / "study_files").iterdir()]
    assert any("amendment 2" in text for text in kept)
    assert after.folder.study_file.read_text() in kept
    again = changed(after, "range: [18, 90]", "range: [18, 98]")
    land(again)
    with pytest.raises(NotAllowedError, match="H_CONFIG"):
        cut_inputs(again)


def test_a_study_file_that_asks_for_no_signature_any_more_halts_too(tmp_path: Path) -> None:
    after = changed(published(tmp_path), "signoff: [pi]", "signoff: none")
    with pytest.raises(NotAllowedError, match="H_CONFIG"):
        cut_inputs(after)
    sign_study_file(after, role="pi", reason="the study has ended", key=key_of("pat"))
    land(after)
    cut_inputs(after)


@pytest.mark.parametrize(
    ("role", "reason", "signer"),
    [("pi", " ", "pat"), ("somebody", "why", "pat"), ("pi", "why", "eve"), ("admin", "why", "office")],
)
def test_a_study_file_is_signed_by_a_signer_of_the_role_and_with_a_reason(
    tmp_path: Path, role: str, reason: str, signer: str
) -> None:
    after = changed(published(tmp_path), *WIDER)
    with pytest.raises(NotAllowedError):
        sign_study_file(after, role=role, reason=reason, key=key_of(signer))
    with pytest.raises(NotAllowedError, match="H_CONFIG"):
        cut_inputs(after)


@pytest.mark.requirement("SIG-2")
def test_an_altered_or_copied_signature_of_a_study_file_does_not_count(tmp_path: Path) -> None:
    after = changed(published(tmp_path), *WIDER)
    sign_study_file(after, role="pi", reason="amendment 2", key=key_of("pat"))
    (record,) = (tmp_path / "store" / "study_files").glob("*.json")
    good = record.read_text()
    record.write_text(good.replace("amendment 2", "amendment 3"))
    with pytest.raises(IntegrityError, match="does not hold"):
        cut_inputs(after)
    record.write_text(good)
    again = changed(after, "range: [18, 90]", "range: [18, 98]")
    with pytest.raises(NotAllowedError, match="H_CONFIG") as halted:
        cut_inputs(again)
    (now,) = re.findall(r"now it is ([0-9a-f]{12})", str(halted.value))
    assert now != record.stem[:12]
    from pipelines.core.hashing import sha256_file
    from pipelines.cut.config import _identity

    record.with_name(f"{_identity(sha256_file(again.folder.study_file), again.metadata)}.json").write_text(good)
    with pytest.raises(IntegrityError, match=r"bound to another record \(study_file\)"):
        cut_inputs(again)


def test_a_study_without_signatures_goes_on(tmp_path: Path) -> None:
    after = changed(published(tmp_path, "none"), *WIDER)
    land(after)
    cut_inputs(after)
