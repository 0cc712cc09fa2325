"""A study file that changes after a signed cut was published is seen by a person before anything is made with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import NotAllowedError
from pipelines.cut import cut_inputs
from pipelines.land import land
from pipelines.publish import publish
from pipelines.sign import sign, sign_study_file
from pipelines.study import Study, load_study
from tests.small_cut import make_candidate, small_study

WIDER = ("total: {type: integer", "total: {type: number")


def published(root: Path, signoff: str = "[pi]") -> Study:
    study = small_study(root, signoff)
    cut = make_candidate(study)
    if signoff == "[pi]":
        sign(study, cut.cut_id, name="P. Investigator", role="pi")
    publish(study, cut.cut_id)
    return study


def changed(study: Study, old: str, new: str) -> Study:
    text = study.folder.study_file.read_text()
    assert old in text
    study.folder.study_file.write_text(text.replace(old, new))
    return load_study(study.folder.root)


def test_a_changed_study_file_halts_a_signed_study_until_a_role_has_signed_it(tmp_path: Path) -> None:
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
        "--name",
        "P. Investigator",
        "--role",
        "pi",
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
    sign_study_file(after, name="P. Investigator", role="pi", reason="the study has ended")
    land(after)
    cut_inputs(after)


@pytest.mark.parametrize("signature", [("", "pi", "why"), ("P. I.", "pi", " "), ("P. I.", "somebody", "why")])
def test_a_signature_of_the_study_file_has_a_name_a_role_and_a_reason(
    tmp_path: Path, signature: tuple[str, str, str]
) -> None:
    after = changed(published(tmp_path), *WIDER)
    name, role, reason = signature
    with pytest.raises(NotAllowedError):
        sign_study_file(after, name=name, role=role, reason=reason)


def test_a_study_without_signatures_goes_on(tmp_path: Path) -> None:
    after = changed(published(tmp_path, "none"), *WIDER)
    land(after)
    cut_inputs(after)
