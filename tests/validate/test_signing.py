"""The validation package is signed by key, and whatever was changed or moved afterwards fails visibly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.ledger import events
from pipelines.signers import DEMO_KEY, revoke_signer
from pipelines.study import Study
from pipelines.validate import sign_package, validate, verify_package
from pipelines.validate.signing import seal_package
from tests.small_cut import small_study
from tests.small_signers import add_signers, key_file, key_of


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = small_study(tmp_path / "study")
    add_signers(study, ada="quality", bob=("quality", "reviewer"), cy="quality")
    return study


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return made(tmp_path / "package")


def made(directory: Path, deviations: int = 0) -> Path:
    directory.mkdir()
    for name in ("validation.json", "validation.html"):
        (directory / name).write_text(f"{name} of {directory.name}")
    facts = {"afterglow": "0.1.0", "made_at": "2026-01-01T00:00:00Z", "deviations": deviations}
    verdict = "DEVIATIONS" if deviations else "PASSED"
    seal_package(directory, facts | {"verdict": verdict}, ("validation.json", "validation.html"))
    return directory


def signed(study: Study, package: Path) -> Path:
    sign_package(study, package, role="quality", meaning="author", key=key_of("ada"))
    sign_package(study, package, role="reviewer", meaning="review", key=key_of("bob"))
    sign_package(study, package, role="quality", meaning="approve", key=key_of("bob"), reason="read <all> of it")
    return package


@pytest.mark.requirement("VAL-1", "SIG-1", "SIG-4")
def test_author_reviewer_and_approver_sign_and_the_page_shows_them(study: Study, package: Path) -> None:
    assert "Not signed yet: author, review, approve." in (package / "signatures.html").read_text()
    receipt = verify_package(study, signed(study, package))
    assert [(one.name, one.role, one.meaning) for one in receipt.signatures] == [
        ("ADA", "quality", "author"),
        ("BOB", "reviewer", "review"),
        ("BOB", "quality", "approve"),
    ]
    shown = (package / "signatures.html").read_text()
    assert all(told in shown for told in ("ADA", "approve", "read &lt;all&gt; of it", receipt.package_sha256))
    assert "Not signed yet" not in shown
    told = [event for each in events(study.folder) if each.action == "sign" and (event := each.event)]
    assert [(event.object, event.field, event.new) for event in told] == [
        (f"validation package {receipt.package_sha256}", "ADA (quality)", "author ada"),
        (f"validation package {receipt.package_sha256}", "BOB (reviewer)", "review bob"),
        (f"validation package {receipt.package_sha256}", "BOB (quality)", "approve bob"),
    ]


@pytest.mark.requirement("SIG-3")
def test_the_author_does_not_approve_and_the_same_signature_is_one(study: Study, package: Path) -> None:
    first = sign_package(study, package, role="quality", meaning="author", key=key_of("ada"))
    assert sign_package(study, package, role="quality", meaning="author", key=key_of("ada")) == first
    with pytest.raises(NotAllowedError, match="ADA is the author of this package"):
        sign_package(study, package, role="quality", meaning="approve", key=key_of("ada"))
    assert len(verify_package(study, package).signatures) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"role": "reviewer", "meaning": "review", "key": key_of("ada")}, "role that is not asked for"),
        ({"role": "quality", "meaning": "review", "key": key_of("nobody")}, "does not know this key"),
        ({"role": "quality", "meaning": "release", "key": key_of("ada")}, "signed as author, review, approve"),
        ({"role": "demo", "meaning": "approve", "key": DEMO_KEY}, "the demo signer is nobody"),
    ],
)
def test_only_a_registered_signer_in_an_own_role_signs(
    study: Study, package: Path, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotAllowedError, match=said):
        sign_package(study, package, **asked)
    assert verify_package(study, package).signatures == ()


def test_a_package_with_deviations_is_approved_with_their_assessment_only(study: Study, tmp_path: Path) -> None:
    package = made(tmp_path / "package", deviations=2)
    with pytest.raises(NotAllowedError, match="needs their assessment"):
        sign_package(study, package, role="quality", meaning="approve", key=key_of("ada"))
    reason = "both are tests of a browser that is not used here"
    assert sign_package(study, package, role="quality", meaning="approve", key=key_of("ada"), reason=reason).reason


def alter_signature(package: Path) -> None:
    path = min((package / "signatures").iterdir())
    record = json.loads(path.read_bytes())
    record["bound"]["reason"] = "another reason"
    path.write_text(json.dumps(record))


def seal_again(package: Path) -> None:
    (package / "validation.json").write_text("0 deviations")
    manifest = json.loads((package / "manifest.json").read_bytes())
    facts = {name: value for name, value in manifest.items() if name != "files"}
    seal_package(package, facts, ("validation.json", "validation.html"))


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file changed": (lambda package: (package / "validation.json").write_text("0 deviations"), "was changed"),
    "a file gone": (lambda package: (package / "validation.html").unlink(), "is missing"),
    "a file more": (lambda package: (package / "notes.txt").write_text("fine"), "is not in the package's manifest"),
    "made anew": (seal_again, r"bound to another record \(package_sha256\)"),
    "a signature altered": (alter_signature, "does not hold"),
    "a signature unreadable": (lambda package: (package / "signatures" / "0.json").write_text("{"), "is no signature"),
    "the page of signatures": (lambda package: (package / "signatures.html").write_text("approved"), "is not the page"),
    "a signature gone": (lambda package: min((package / "signatures").iterdir()).unlink(), "is gone"),
    "no manifest's form": (lambda package: (package / "manifest.json").write_text("[]"), "is no manifest"),
}


@pytest.mark.requirement("SIG-2", "SIG-4")
@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_after_it_was_signed_fails_visibly(study: Study, package: Path, what: str) -> None:
    change, said = CHANGES[what]
    change(signed(study, package))
    with pytest.raises(IntegrityError, match=said):
        verify_package(study, package)


@pytest.mark.requirement("SIG-2")
def test_a_signature_moved_to_another_package_or_study_fails(study: Study, package: Path, tmp_path: Path) -> None:
    signed(study, package)
    other = made(tmp_path / "other")
    shutil.copytree(package / "signatures", other / "signatures")
    with pytest.raises(IntegrityError, match=r"bound to another record \(package_sha256\)"):
        verify_package(study, other)
    elsewhere = small_study(tmp_path / "elsewhere")
    with pytest.raises(IntegrityError, match="another register of signers"):
        verify_package(elsewhere, package)


def test_a_package_may_be_carried_elsewhere_and_a_signature_outlives_its_signer(
    study: Study, package: Path, tmp_path: Path
) -> None:
    signed(study, package)
    revoke_signer(study, "bob", reason="left", key=key_of("office"))
    assert len(verify_package(study, Path(shutil.move(package, tmp_path / "archive"))).signatures) == 3


@pytest.mark.requirement("VAL-1")
def test_a_signed_package_is_not_written_over(study: Study, package: Path, tmp_path: Path) -> None:
    signed(study, package)
    with pytest.raises(NotAllowedError, match="holds a package that was signed"):
        validate(package)
    with pytest.raises(UsageError, match="holds no validation package"):
        verify_package(study, tmp_path / "study")


@pytest.mark.requirement("SIG-4", "AUD-1")
def test_a_signature_that_was_taken_away_with_its_line_on_the_page_is_missed(study: Study, package: Path) -> None:
    signed(study, package)
    last = max((package / "signatures").iterdir(), key=lambda path: json.loads(path.read_bytes())["signed_at"])
    last.unlink()
    with pytest.raises(IntegrityError, match=r"\(quality\), approve, is gone"):
        verify_package(study, package)
    # Signing again writes the page anew, without it.
    sign_package(study, package, role="quality", meaning="author", key=key_of("ada"))
    with pytest.raises(IntegrityError, match=r"the signature of BOB \(quality\), approve, is gone"):
        verify_package(study, package)


@pytest.mark.requirement("SIG-4", "USE-1")
def test_one_command_signs_and_one_verifies(
    study: Study, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_file(tmp_path / "ada.key", "ada")

    def said(*command: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, [*command, "--package", str(package)])
        return done.exit_code, done.output

    root, own = str(study.folder.root), ["--key", str(key)]
    # Without a login of the register, as an inspector has it; `sign` asks for one.
    unsigned = "verified 2 files of the validation package (PASSED): as recorded\nsigned: by nobody\n"
    assert said("verify", root) == (0, unsigned)
    code, output = said("sign", root, "--role", "quality", *own)
    assert (code, "no role in the register" in output) == (13, True)
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "ada")
    code, output = said("sign", root, *own, "--reason", "read")
    assert (code, ": approve by ADA (quality) at " in output) == (0, True)
    assert said("verify", root)[1].endswith("signed: approve by ADA (quality)\n")
    (package / "validation.html").write_text("other")
    assert said("verify", root)[0] == 14
