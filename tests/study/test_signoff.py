"""`signoff` and the other lists of roles in the study file: every way of asking for what nobody could sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.roles import ROLES
from pipelines.study.signoff_checks import KNOWN_ROLES
from tests.small_study import STUDY_FILE, make_study


def refused(root: Path, line: str) -> str:
    with pytest.raises(StudyFileError) as error:
        make_study(root, STUDY_FILE.replace("signoff: none", line))
    return str(error.value)


@pytest.mark.parametrize(
    ("signoff", "key", "said"),
    [
        ("[demo]", "signoff[0]", "'demo' is the signer of demonstrations, who is nobody. Write `signoff: demo` alone"),
        ("[statistician, demo]", "signoff[1]", "'demo' is the signer of demonstrations"),
        ("[none, statistician]", "signoff[0]", "'none' asks for no signature. Write `signoff: none` alone"),
        ("[]", "signoff", "names nobody. Write none, demo, or a list of roles."),
        ("[statistician, lead, statistician]", "signoff[2]", "'statistician' stands there twice."),
        ("[statistician, Statistician]", "signoff[1]", "'Statistician' cannot be told from 'statistician'."),
        ("[lead approver, lead_approver]", "signoff[1]", "'lead_approver' cannot be told from 'lead approver'."),
        ("[service]", "signoff[0]", "'service' signs what persons answered, never for itself."),
        ("[auditor]", "signoff[0]", "'auditor' looks and signs nothing."),
        ("[data_manger]", "signoff[0]", "'data_manger' is no role that commands know. Did you mean 'data_manager'?"),
        ('["  "]', "signoff[0]", "this is no role."),
        ('["a,b"]', "signoff[0]", "this is no role."),
        ('["{{ 7 * 7 }}"]', "signoff[0]", "this is no role."),
        (f"[{'x' * 65}]", "signoff[0]", "this is no role. Write letters, digits and spaces, at most 64."),
    ],
)
def test_a_sign_off_that_nobody_could_give_is_refused_with_its_key(
    tmp_path: Path, signoff: str, key: str, said: str
) -> None:
    assert f"{key}: {said}" in refused(tmp_path, f"signoff: {signoff}")


@pytest.mark.parametrize("key", ["unblinding: {roles: ", "unblinding: {code_break_roles: ", "data_lock: {roles: "])
def test_the_other_lists_of_roles_are_checked_alike_and_all_mistakes_come_at_once(tmp_path: Path, key: str) -> None:
    said = refused(tmp_path, f"signoff: [demo]\n{key}[admin, admin, service]}}")
    name = key.replace(": {", ".").removesuffix(": ")
    assert all(each in said for each in ("signoff[0]: 'demo'", f"{name}[1]: 'admin'", f"{name}[2]: 'service'"))


@pytest.mark.parametrize(
    "signoff", ["none", "demo", "[statistician, sponsor_medical_lead]", "[Prüfarzt]", "[signer]", "[Lead (EU) 2]"]
)
def test_a_study_names_roles_of_its_own(tmp_path: Path, signoff: str) -> None:
    make_study(tmp_path, STUDY_FILE.replace("signoff: none", f"signoff: {signoff}"))


def test_the_roles_that_commands_ask_for_are_those_that_a_slip_is_held_against() -> None:
    assert KNOWN_ROLES == ROLES
