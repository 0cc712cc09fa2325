"""Every cell of the table of roles, by the command line itself and by the modes of the files, under other users."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines import roles
from pipelines.cli import main
from pipelines.core.errors import AfterglowError
from pipelines.core.hashing import canonical_json, sha256_bytes
from pipelines.cut import Cut
from pipelines.modes import apply_modes
from pipelines.roles import AUDITOR, BLINDED, COMMANDS, ROLES, UNBLINDED
from pipelines.signers import SERVICE
from pipelines.study import Study
from tests.small_cut import make_candidate, small_study
from tests.small_signers import add_signers

USERS = {role: f"user_{role}" for role in ROLES}
KEY = ("--reason", "r", "--key", "no.key")
# How each row of the table is asked for on the command line; STUDY stands for the study's folder.
ASKED: dict[str, tuple[str, ...]] = {
    **{verb: (verb, "STUDY") for verb in ("land", "build", "gate", "report", "sign", "publish", "run", "status")},
    **{verb: (verb, "STUDY") for verb in ("verify", "trends", "history", "audit", "queries")},
    "trace": ("trace", "STUDY", "--table", "adsl"),
    "waive": ("waive", "STUDY", "--check", "C", "--until", "2026-01-01", "--role", "r", *KEY),
    "unblind": ("unblind", "STUDY", "--scope", "all", *KEY),
    "code-break": ("code-break", "STUDY", "--usubjid", "S", *KEY),
    "lock": ("lock", "STUDY", *KEY),
    "unlock": ("unlock", "STUDY", *KEY),
    "export": ("export", "STUDY", "--profile", "cms", "--to", "shared"),
    "queries-exchange": ("queries", "STUDY", "--import", "answers.csv"),
    "signer": ("signer", "list", "STUDY"),
    "roles": ("roles", "list", "STUDY"),
    "roles-apply": ("roles", "apply", "STUDY", "--group", "root"),
    "erase": ("audit", "STUDY", "--erase", "1", "--reason", "r"),
    "backup": ("backup", "STUDY", "study.tar"),
}
# `restore` makes a study, which has no register before; the others of the table are verbs that are still to come.
NOT_ASKED = {"restore", "diff", "sql"}
PASSED = 77


class PassedError(AfterglowError):
    """The command may run; it is stopped before it does anything."""

    exit_code = PASSED


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = small_study(tmp_path_factory.mktemp("trial"))
    given = {USERS[role]: ("investigator" if role == "signer" else role) for role in ROLES}
    add_signers(made, **given)
    return made


@pytest.mark.requirement("SIG-3")
@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize("role", ROLES)
def test_the_command_line_lets_a_role_do_what_its_cell_says(
    study: Study, role: str, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = roles.check_command

    def stopped(study: Study, asked: str) -> None:
        check(study, asked)
        if asked == verb:
            raise PassedError(asked)

    monkeypatch.setattr(roles, "check_command", stopped)
    monkeypatch.setattr(roles, "system_user", lambda: USERS[role])
    before = content(study)
    done = CliRunner().invoke(main, [str(study.folder.root) if each == "STUDY" else each for each in ASKED[verb]])
    assert done.exit_code == (PASSED if role in COMMANDS[verb] else 13), done.output
    assert content(study) == before


def test_every_row_of_the_table_is_asked_for() -> None:
    assert set(ASKED) == set(COMMANDS) - (NOT_ASKED - set(main.commands)) - {"restore"}


@pytest.mark.requirement("SIG-3")
def test_the_auditor_has_no_verb_that_changes_anything() -> None:
    own = {verb for verb, allowed in COMMANDS.items() if AUDITOR in allowed}
    assert own - NOT_ASKED == {"status", "verify", "trace", "trends", "history", "audit", "queries", "signer", "roles"}


def content(study: Study) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in study.folder.root.rglob("*") if path.is_file()}


# What each role finds readable: the vault and its files, an unblinded cut, a blinded one, the audit trail.
READABLE = {
    role: {"vault": role == SERVICE, "unblinded": role in {SERVICE, UNBLINDED}, "blinded": True, "trail": True}
    for role in ROLES
}
OWNER, OTHER = 64_001, 64_002
TRY = 'head -c 1 "$1" >/dev/null 2>&1 && echo read; (printf x >>"$1") 2>/dev/null && echo written; true'


@pytest.fixture(scope="module")
def trial() -> Iterator[tuple[Study, dict[str, Path], dict[str, int]]]:
    """A study of a service's account, whose modes are set; the folder is where another user can come."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to act as other users of the system")
    groups = [group for group in grp.getgrall() if group.gr_gid not in {0, OWNER, OTHER}][:2]
    root = Path(tempfile.mkdtemp(prefix="afterglow-modes-", dir="/tmp"))
    try:
        root.chmod(0o755)
        study = small_study(root / "trial")
        blinded = study.model_copy(update={"blinding": "blinded"})
        blinded._folder = study._folder
        cuts = {"unblinded": make_candidate(study), "blinded": pooled(study)}
        study.folder.vault.mkdir(exist_ok=True)
        (study.folder.vault / "allocation.csv").write_text("id,arm\n")
        names = {name: cut.tables / "response.parquet" for name, cut in cuts.items()}
        names |= {"vault": study.folder.vault / "allocation.csv", "trail": study.folder.ledger}
        for path in [root / "trial", *(root / "trial").rglob("*")]:
            os.chown(path, OWNER, OWNER)
        apply_modes(blinded, group=groups[0].gr_name, unblinded_group=groups[1].gr_name)
        os.chown(study.folder.ledger, OWNER, groups[0].gr_gid)
        yield study, names, {"trial": groups[0].gr_gid, "unblinded": groups[1].gr_gid}
    finally:
        shutil.rmtree(root)


def pooled(study: Study) -> Cut:
    """Returns a blinded cut."""
    inputs = canonical_json({"study": study.study, "blinded": True, "deliveries": []})
    cut = Cut(study.folder, sha256_bytes(inputs))
    cut.tables.mkdir(parents=True)
    cut.inputs_file.write_bytes(inputs)
    (cut.tables / "response.parquet").write_bytes(b"pooled rows")
    return cut


@pytest.mark.requirement("BLD-1", "BLD-4")
@pytest.mark.parametrize("what", ["vault", "unblinded", "blinded", "trail"])
@pytest.mark.parametrize("role", ROLES)
def test_the_files_modes_let_a_role_read_what_is_its_own_and_the_service_alone_write(
    trial: tuple[Study, dict[str, Path], dict[str, int]], role: str, what: str
) -> None:
    _, names, groups = trial
    user = OWNER if role == SERVICE else OTHER
    own = [groups["trial"], *([groups["unblinded"]] if role == UNBLINDED else [])]
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={','.join(map(str, own))}"]
    done = subprocess.run(
        [*become, "sh", "-c", TRY, "sh", str(names[what])], check=True, capture_output=True, text=True, cwd="/"
    )
    expected = (["read"] if READABLE[role][what] else []) + (["written"] if role == SERVICE else [])
    assert done.stdout.split() == expected


@pytest.mark.requirement("BLD-4")
def test_a_blinded_statistician_does_not_even_see_what_is_in_the_vault_or_an_unblinded_cut(
    trial: tuple[Study, dict[str, Path], dict[str, int]],
) -> None:
    assert not READABLE[BLINDED]["unblinded"]
    _, names, groups = trial
    become = ["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", f"--groups={groups['trial']}"]
    for folder in (names["vault"].parent, names["unblinded"].parents[1]):
        for command in (["ls", str(folder)], ["cp", "-r", str(folder), "/dev/null"]):
            done = subprocess.run([*become, *command], check=False, capture_output=True, text=True, cwd="/")
            assert done.returncode != 0
            assert not done.stdout
