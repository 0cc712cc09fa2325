"""The register says who may sign; only an admin changes it, and no change of it can be taken back unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.core.hashing import canonical_json
from pipelines.ledger import check_ledger, events
from pipelines.signers import add_signer, check_register, public_key, register, revoke_signer
from pipelines.study import Study
from tests.small_cut import small_study
from tests.small_signers import ADMIN_ID, add_signers, key_of, signer_of

pytestmark = pytest.mark.requirement("SIG-3")


def add(study: Study, signer: str, by: str = ADMIN_ID, name: str = "", public: str = "", user: str = "") -> None:
    wanted = signer_of(signer, "approver", name=name, users=(user,) if user else ())
    add_signer(study, replace(wanted, public_key=public or wanted.public_key), key=key_of(by))


def test_the_first_signer_is_the_admin_who_adds_the_others(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with pytest.raises(UsageError, match="first signer has the role 'admin'"):
        add(study, "ada", by="ada")
    add_signers(study, ada="approver", bob=("author", "approver"))
    entries = register(study).entries()
    assert {signer: entry.roles for signer, entry in entries.items()} == {
        "office": ("admin",),
        "ada": ("approver",),
        "bob": ("author", "approver"),
    }
    found = register(study).of_user("bob")
    assert found is not None
    assert found.signer == "bob"


@pytest.mark.parametrize("by", ["ada", "nobody"])
def test_who_is_no_admin_changes_nothing(tmp_path: Path, by: str) -> None:
    study = small_study(tmp_path)
    add_signers(study, ada="approver")
    with pytest.raises(NotAllowedError, match="no admin's"):
        add(study, "eve", by=by)
    with pytest.raises(NotAllowedError, match="no admin's"):
        revoke_signer(study, "ada", reason="I say so", key=key_of(by))
    assert len(register(study).changes) == 2


def test_each_signer_has_a_key_a_printed_name_and_a_user_of_their_own(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    add_signers(study, ada="approver")
    with pytest.raises(NotAllowedError, match="this key is another signer's"):
        add(study, "eve", public=public_key(key_of("ada")))
    with pytest.raises(NotAllowedError, match="has this printed name"):
        add(study, "eve", name="Ada")
    with pytest.raises(NotAllowedError, match="the user ada is another signer's"):
        add(study, "eve", user="ada")
    with pytest.raises(UsageError, match="no public key"):
        add(study, "eve", public="00" * 31)


def test_every_change_is_an_event_and_the_same_twice_is_one(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    add_signers(study, ada="approver")
    for _ in range(2):
        add(study, "ada", user="ada")
    revoke_signer(study, "ada", reason="left the study", key=key_of(ADMIN_ID))
    told = [each.event for each in events(study.folder) if each.action == "role"]
    assert [(event.object, event.field) for event in told if event] == [
        ("signer office", "change 1"),
        ("signer ada", "change 2"),
        ("signer ada", "change 3"),
    ]
    assert told[-1]
    assert "left the study" in told[-1].reason
    assert check_ledger(study.folder)


def test_the_only_admin_stays(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    add_signers(study)
    with pytest.raises(NotAllowedError, match="only admin"):
        revoke_signer(study, ADMIN_ID, reason="tired", key=key_of(ADMIN_ID))
    with pytest.raises(NotAllowedError, match="only admin"):
        add_signer(study, signer_of(ADMIN_ID, "approver"), key=key_of(ADMIN_ID))
    with pytest.raises(UsageError, match="needs a reason"):
        revoke_signer(study, ADMIN_ID, reason=" ", key=key_of(ADMIN_ID))
    with pytest.raises(UsageError, match="has no signer 'eve'"):
        revoke_signer(study, "eve", reason="who?", key=key_of(ADMIN_ID))


@pytest.mark.parametrize(
    "field", ["name", "roles", "public_key", "valid_until", "at", "by", "reason", "users", "change", "previous"]
)
def test_an_altered_change_is_named(tmp_path: Path, field: str) -> None:
    study = small_study(tmp_path)
    add_signers(study, ada="approver", bob="author")
    path = study.folder.signers / "0002.json"
    document = json.loads(path.read_bytes())
    document[field] = ["admin"] if isinstance(document[field], list) else f"{document[field]}0"
    path.write_bytes(canonical_json(document))
    with pytest.raises(IntegrityError, match=r"0002\.json"):
        register(study)


def test_a_change_taken_out_put_in_or_cut_off_is_named(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    add_signers(study, ada="approver", bob="author")
    revoke_signer(study, "bob", reason="left", key=key_of(ADMIN_ID))
    files = {path.name: path.read_bytes() for path in sorted(study.folder.signers.iterdir())}

    def put(**changed: bytes | None) -> None:
        for path in study.folder.signers.iterdir():
            path.unlink()
        for name, content in (files | {f"{name[1:]}.json": content for name, content in changed.items()}).items():
            if content is not None:
                (study.folder.signers / name).write_bytes(content)

    put(_0002=None)
    with pytest.raises(IntegrityError, match=r"0003\.json: is not change 2"):
        register(study)
    put(_0005=files["0002.json"])
    with pytest.raises(IntegrityError, match=r"0005\.json: is not change 5"):
        register(study)
    put(_0004=None)
    # The chain alone cannot tell that its last change is gone; the audit trail can.
    assert "bob" in register(study).entries()
    with pytest.raises(IntegrityError, match="change 4 is gone or another one"):
        check_register(study)
    with pytest.raises(IntegrityError, match="change 4 is gone or another one"):
        add(study, "eve")
    put()
    assert len(check_register(study).changes) == 4


def test_a_register_of_another_study_is_none_of_this_one(tmp_path: Path) -> None:
    study, other = small_study(tmp_path / "one"), small_study(tmp_path / "two")
    add_signers(study, ada="approver")
    text = other.folder.study_file.read_text().replace("study: SMALL", "study: OTHER")
    other.folder.study_file.write_text(text)
    study.folder.signers.rename(other.folder.signers)
    from pipelines.study import load_study

    with pytest.raises(IntegrityError, match="is not change 1"):
        register(load_study(other.folder.root))


def test_a_register_set_up_anew_is_not_the_one_that_the_audit_trail_names(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    add_signers(study, ada="approver")
    for path in study.folder.signers.iterdir():
        path.unlink()
    with pytest.raises(IntegrityError, match="change 1 is gone or another one"):
        add_signer(study, signer_of("eve", "admin"), key=key_of("eve"))
