"""Unblinding: two signers, a scope, a reason; a lineage of its own beside the blinded one, which stays."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipelines.build import build
from pipelines.cli import main
from pipelines.code_break import code_break
from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.cut import Cut, cut_inputs, published_cut
from pipelines.ledger import events
from pipelines.publish import publish
from pipelines.run import run
from pipelines.status import status
from pipelines.study import Study, load_study
from pipelines.trace import trace
from pipelines.unblind import unblind
from pipelines.verify import verify
from tests.blinded_trial import make_blinded, unblind_by_two
from tests.small_signers import ADMIN_ID, add_signers, key_of

REASON = "the data are locked and the plan is final"


@pytest.fixture(scope="session")
def blinded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a blinded trial whose blinded cut is published."""
    study = make_blinded(tmp_path_factory.mktemp("blinded") / "small")
    run(study)
    return study.folder.root


@pytest.fixture
def blinded(blinded_once: Path, tmp_path: Path) -> Study:
    """Returns a copy of it, with signers."""
    shutil.copytree(blinded_once, tmp_path / "small")
    study = load_study(tmp_path / "small")
    add_signers(study, ada="unblinded_statistician", bo="blinded_statistician")
    return study


def arms(cut: Cut) -> list[tuple[str, str | None]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute("select usubjid, trta from adsl order by usubjid").fetchall()


@pytest.mark.requirement("BLD-4")
def test_no_open_cut_is_made_before_two_different_persons_signed(blinded: Study) -> None:
    with pytest.raises(NotAllowedError, match="no unblinding by 2 signers"):
        cut_inputs(blinded, blinded=False)
    unblind(blinded, reason=REASON, key=key_of("ada"))
    with pytest.raises(NotAllowedError, match="no unblinding by 2 signers"):
        cut_inputs(blinded, blinded=False)
    with pytest.raises(NotAllowedError, match="ADA has signed this unblinding already"):
        unblind(blinded, reason=REASON, key=key_of("ada"))
    with pytest.raises(NotAllowedError, match="this key may not sign that"):
        unblind(blinded, reason=REASON, key=key_of("bo"))
    with pytest.raises(NotAllowedError, match="this key may not sign that"):
        unblind(blinded, reason=REASON, key=key_of("nobody"))
    assert set(unblind(blinded, reason=REASON, key=key_of(ADMIN_ID)).signers) == {"ADA", "Study Office"}
    assert not cut_inputs(blinded, blinded=False).document["blinded"]
    said = [each.event for each in events(blinded.folder) if each.action == "unblind"]
    assert [(event.field, event.new.split(",")[0], event.reason) for event in said if event] == [
        ("ADA (unblinded_statistician)", "signature 1 of 2: all sites", REASON),
        ("Study Office (admin)", "signature 2 of 2: all sites", REASON),
    ]


@pytest.mark.requirement("BLD-4")
@pytest.mark.slow
def test_the_unblinded_cut_is_of_its_own_lineage_and_the_blinded_one_stays(blinded: Study) -> None:
    before = published_cut(blinded.folder)
    assert before
    pointer = blinded.folder.pointer.read_bytes()
    bytes_before = {path: path.read_bytes() for path in before.directory.rglob("*") if path.is_file()}
    unblind_by_two(blinded)
    receipt = run(blinded, blinded=False)
    opened = published_cut(blinded.folder, unblinded=True)
    assert opened
    assert (opened.cut_id, opened.is_unblinded) == (receipt.cut_id, True)
    assert blinded.folder.pointer.read_bytes() == pointer
    assert {path: path.read_bytes() for path in bytes_before} == bytes_before
    assert {arm for _, arm in arms(before)} == {"BLINDED", None}
    assert {arm for _, arm in arms(opened)} == {"KET", "PBO", None}
    assert verify(blinded).cuts == tuple(sorted([before.cut_id, opened.cut_id]))
    cuts = {cut.cut_id: cut for cut in status(blinded, today=date(2026, 4, 1)).cuts}
    assert [(cuts[cut.cut_id].state, cuts[cut.cut_id].lineage) for cut in (before, opened)] == [
        ("current", ""),
        ("current", "unblinded"),
    ]
    words = f"UNBLINDED: arms of all sites, opened by two signers (unblinding {opened.inputs['unblinding']['id'][:12]}"
    assert all(words in page.read_text() for page in opened.report.glob("*.html"))
    assert not any("UNBLINDED: arms" in page.read_text() for page in before.report.glob("*.html"))
    assert [given["name"] for given in json.loads(opened.unblinding.read_bytes())["signatures"]]
    # Without the signatures nothing of it is traced, published again or verified.
    shutil.rmtree(blinded.folder.unblindings)
    with pytest.raises(NotAllowedError, match="shows arms"):
        trace(blinded, "adsl", usubjid="SMALL-S01-001", cut=opened.cut_id)
    with pytest.raises(NotAllowedError, match="shows arms"):
        publish(blinded, opened.cut_id)
    with pytest.raises(IntegrityError, match="shows arms"):
        verify(blinded)
    # A blinded run goes on as before.
    assert run(blinded).cut_id == before.cut_id


@pytest.mark.requirement("BLD-4")
@pytest.mark.slow
def test_unblinding_one_site_shows_that_site_and_nobody_else(blinded: Study) -> None:
    unblind_by_two(blinded, "S02")
    opened = Cut(blinded.folder, build(blinded, blinded=False).cut_id)
    assert arms(opened) == [("SMALL-S02-001", "KET")]
    assert opened.inputs["unblinding"]["scope"] == ["S02"]


@pytest.mark.requirement("BLD-4")
def test_signatures_hold_for_what_was_signed_and_for_nothing_else(blinded: Study) -> None:
    unblind_by_two(blinded)
    cut_inputs(blinded, blinded=False)
    (request,) = blinded.folder.unblindings.glob("*/request.json")
    kept = request.read_bytes()
    # Another reason than the one that was signed.
    request.write_bytes(kept.replace(b"the plan is final", b"the plan is open!"))
    with pytest.raises(IntegrityError, match="bound to another record"):
        cut_inputs(blinded, blinded=False)
    # Another scope: it is no longer the unblinding that its folder names.
    request.write_bytes(kept.replace(b'"scope":[]', b'"scope":["S01"]'))
    with pytest.raises(IntegrityError, match="another cut than it says"):
        cut_inputs(blinded, blinded=False)
    request.write_bytes(kept)
    # One person's signature twice.
    first, second = sorted(request.parent.glob("signatures/*.json"))
    signature = second.read_bytes()
    second.write_bytes(first.read_bytes())
    with pytest.raises(NotAllowedError, match="no unblinding by 2 signers"):
        cut_inputs(blinded, blinded=False)
    second.write_bytes(signature)
    # Other data than those of the blinded cut that was signed.
    with pytest.raises(NotAllowedError, match="no unblinding by 2 signers"):
        cut_inputs(blinded, data_cutoff=date(2026, 1, 31), blinded=False)
    study_file = blinded.folder.study_file
    study_file.write_text(study_file.read_text().replace("min_reduction_pct: 50", "min_reduction_pct: 30"))
    changed = load_study(blinded.folder.root)
    with pytest.raises(NotAllowedError, match="no unblinding by 2 signers"):
        cut_inputs(changed, blinded=False)
    with pytest.raises(NotAllowedError, match="the study file was changed since cut"):
        unblind(changed, reason=REASON, key=key_of("ada"))


@pytest.mark.requirement("BLD-4")
def test_a_blinded_study_does_not_become_an_open_one_by_an_edit(blinded: Study) -> None:
    study_file = blinded.folder.study_file
    study_file.write_text(study_file.read_text().replace("blinding: blinded", "blinding: open"))
    edited = load_study(blinded.folder.root)
    for step in (lambda: cut_inputs(edited), lambda: run(edited)):
        with pytest.raises(NotAllowedError, match="deliveries landed while it was blinded"):
            step()


def test_what_is_unblinded_is_published_first(tmp_path: Path) -> None:
    study = make_blinded(tmp_path / "small")
    add_signers(study)
    with pytest.raises(NotAllowedError, match="a published blinded cut"):
        unblind(study, reason=REASON, key=key_of(ADMIN_ID))
    with pytest.raises(UsageError, match="no site 'S09'"):
        unblind(study, scope=["S09"], reason=REASON, key=key_of(ADMIN_ID))
    with pytest.raises(UsageError, match="needs a reason"):
        unblind(study, reason=" ", key=key_of(ADMIN_ID))


@pytest.mark.requirement("BLD-4")
def test_a_code_break_tells_the_arm_to_one_person_and_leaves_a_record_without_it(
    blinded: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "ada")
    key = tmp_path / "ada.key"
    key.write_bytes(pem_of("ada"))
    key.chmod(0o600)
    asked = [
        "code-break",
        str(blinded.folder.root),
        "--usubjid",
        "SMALL-S01-003",
        "--reason",
        "coma",
        "--key",
        str(key),
    ]
    shown = CliRunner().invoke(main, asked)
    assert (shown.exit_code, shown.stdout) == (0, "SMALL-S01-003: PBO (as planned)\n")
    (said,) = [each.event for each in events(blinded.folder) if each.action == "code_break"]
    assert said
    assert (said.subject, said.field, said.reason) == ("SMALL-S01-003", "ADA (unblinded_statistician)", "coma")
    (kept,) = blinded.folder.code_breaks.glob("*.json")
    assert "PBO" not in kept.read_text() + repr(said)
    assert published_cut(blinded.folder, unblinded=True) is None


@pytest.mark.requirement("BLD-4")
def test_a_code_is_broken_only_by_whom_the_study_file_names_and_never_silently(blinded: Study) -> None:
    with pytest.raises(NotAllowedError, match="this key may not sign that"):
        code_break(blinded, usubjid="SMALL-S01-003", reason="coma", key=key_of("bo"))
    with pytest.raises(UsageError, match="needs a reason"):
        code_break(blinded, usubjid="SMALL-S01-003", reason="", key=key_of("ada"))
    with pytest.raises(UsageError, match="no subject of this id"):
        code_break(blinded, usubjid="SMALL-S01-999", reason="coma", key=key_of("ada"))
    assert not [each for each in events(blinded.folder) if each.action == "code_break"]
    # Every time is told, also the second time of the same subject for the same reason.
    for _ in range(2):
        code_break(blinded, usubjid="SMALL-S01-003", reason="coma", key=key_of("ada"))
    assert len([each for each in events(blinded.folder) if each.action == "code_break"]) == 2


def pem_of(signer: str) -> bytes:
    return key_of(signer).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
