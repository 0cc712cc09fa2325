"""Each role runs the commands that the table gives it, row by row, and no other."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import NotAllowedError
from pipelines.roles import COMMANDS, ROLES, SIGNER, check_command, check_readable
from pipelines.study import Study
from tests.small_cut import make_candidate, small_study
from tests.small_signers import add_signers

# Verbs that need no study, or make one.
WITHOUT_STUDY = {"new", "profile", "simulate", "validate"}
# y: may. In the order of the roles below.
ORDER = ("data_manager", "blinded_statistician", "unblinded_statistician", "auditor", "admin", "service", "signer")
MATRIX = """
land        y . . . . y .
build       y y y . . y .
gate        y y y . . y .
report      y y y . . y .
sign        y y y . y . y
publish     y . y . y y .
run         y . y . . y .
status      y y y y y y y
verify      y y y y y y y
trace       y y y y . . .
trends      y y y y y . y
history     y y y y y . y
diff        y y y y y . y
sql         y y y y . . .
audit       y . . y y . .
queries     y y y y . . .
queries-exchange y y y . . . .
waive       y y y . y . y
unblind     y y y . y . y
code-break  y y y . y . y
lock        y y y . y . y
unlock      y y y . y . y
export      y y y . . . .
signer      y y y y y y y
roles       y y y y y y y
roles-apply y . . . y y .
erase       . . . . y . .
backup      y . . . y y .
restore     . . . . y . .
"""
ROWS = {line.split()[0]: line.split()[1:] for line in MATRIX.strip().splitlines()}
PAGE = (Path(__file__).resolve().parents[1] / "docs" / "signing.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = small_study(tmp_path_factory.mktemp("trial"))
    add_signers(made, **{role: role for role in ORDER[:4]}, second="admin", cron="service", pat="investigator")
    return made


def user_of(role: str) -> str:
    return {"admin": "second", "service": "cron", "signer": "pat"}.get(role, role)


@pytest.mark.requirement("SIG-3")
@pytest.mark.parametrize("verb", ROWS)
def test_a_role_may_what_its_row_says(study: Study, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for role, cell in zip(ORDER, ROWS[verb], strict=True):
        monkeypatch.setattr("pipelines.roles.system_user", lambda role=role: user_of(role))
        if cell == "y":
            check_command(study, verb)
        else:
            with pytest.raises(NotAllowedError, match="Nothing was done"):
                check_command(study, verb)


def test_the_table_of_the_test_is_the_table_of_the_program_and_of_the_page() -> None:
    assert ORDER == ROLES
    rows = {verb: dict(zip(ORDER, cells, strict=True)) for verb, cells in ROWS.items()}
    assert {verb: {role for role, cell in row.items() if cell == "y"} for verb, row in rows.items()} == {
        verb: set(allowed) for verb, allowed in COMMANDS.items()
    }
    for verb, cells in ROWS.items():
        assert f"| `{verb}` | {' | '.join('yes' if cell == 'y' else '-' for cell in cells)} |" in PAGE


def test_every_verb_that_takes_a_study_has_its_row() -> None:
    assert isinstance(main, click.Group)
    assert set(main.commands) - WITHOUT_STUDY - set(COMMANDS) == set()


def test_who_is_not_in_the_register_may_look_at_its_state_and_verify_and_nothing_else(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "mallory")
    for verb in ("status", "verify", "signer", "roles"):
        check_command(study, verb)
    for verb in ("land", "trace", "sign", "a verb of tomorrow"):
        with pytest.raises(NotAllowedError, match="mallory has no role"):
            check_command(study, verb)


def test_a_study_without_a_register_asks_nobody_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "mallory")
    study = small_study(tmp_path)
    check_command(study, "land")
    shown = CliRunner().invoke(main, ["status", str(tmp_path)])
    assert "no register of signers" in shown.output
    add_signers(study, dan="data_manager")
    assert "no register of signers" not in CliRunner().invoke(main, ["status", str(tmp_path)]).output


@pytest.mark.parametrize("verb", ["land", "build", "gate", "report", "publish", "run", "trace", "trends"])
def test_the_command_line_refuses_an_auditor_what_writes(
    study: Study, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "auditor")
    more = ["--table", "adsl"] if verb == "trace" else []
    before = sorted(path for path in study.folder.root.rglob("*"))
    done = CliRunner().invoke(main, [verb, str(study.folder.root), *more])
    refused = "is for data_manager" in done.output and done.exit_code == 13
    assert refused == (verb not in {"trace", "trends"})
    assert sorted(path for path in study.folder.root.rglob("*")) == before


@pytest.mark.requirement("BLD-4")
def test_who_is_blinded_reads_no_unblinded_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study(tmp_path)
    cut = make_candidate(study)
    add_signers(study, bea="blinded_statistician", una="unblinded_statistician", pat=("pi", "unblinded_statistician"))
    blinded = study.model_copy(update={"blinding": "blinded"})
    blinded._folder = study._folder
    for user in ("una", "pat"):
        monkeypatch.setattr("pipelines.roles.system_user", lambda user=user: user)
        check_readable(blinded, cut)
    for user in ("bea", "office", "mallory"):
        monkeypatch.setattr("pipelines.roles.system_user", lambda user=user: user)
        check_readable(study, cut)
        with pytest.raises(NotAllowedError, match="is unblinded"):
            check_readable(blinded, cut)


def test_a_role_of_the_study_file_alone_is_a_signers() -> None:
    assert SIGNER in COMMANDS["sign"]
    assert SIGNER not in COMMANDS["publish"]
