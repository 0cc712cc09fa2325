"""Whatever changes a study leaves an event that says who, what, when and why, with old and new by reference."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pipelines.backup import backup
from pipelines.build import build
from pipelines.cli import main
from pipelines.code_break import code_break
from pipelines.core.source import ROOT
from pipelines.export import export
from pipelines.gate import gate
from pipelines.land import land
from pipelines.ledger import check_ledger, events
from pipelines.lock import lock, unlock
from pipelines.modes import apply_modes
from pipelines.publish import publish
from pipelines.queries import export_queries, import_answers
from pipelines.report import report
from pipelines.sign import sign, sign_study_file
from pipelines.signers import add_signer, revoke_signer
from pipelines.unblind import unblind
from pipelines.validate import sign_package
from pipelines.waive import waive
from tests.ledger.story import QUERY, REASON, USER, Story, told
from tests.small_cut import small_study

HASH = "[0-9a-f]{64}"
SHORT = "[0-9a-f]{16}"
CUT = f"cut {HASH}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an event of this kind says; patterns, and texts where nothing varies."""

    verb: str
    object: str
    new: str
    field: str = ""
    old: str = ""
    why: str = ""
    subject: str = ""


KINDS = {
    "land": Told(verb="land", object=r"S01/scores_2026-03-01\.csv", new=f"{HASH} {SHORT}"),
    "quarantine": Told(
        verb="land", object=r"IRT/allocation_2026-02-01\.csv", new=r"1 of 16 rows of [\w./ -]+", why="Q_CODE"
    ),
    "refuse": Told(verb="land", object=r"S01/scores_2026-03-03\.csv", new=f"{HASH}.*", why="F_CONTRACT"),
    "build": Told(verb="build", object=CUT, new="blinded"),
    "restate": Told(verb="build", object=r"allocation_2026-03-01\.csv [\w./ -]+", new="1 rows of record_changes"),
    "gate": Told(verb="gate", object=CUT, new=r"PASS_WITH_ROWS, \d+ checks.*", why=r"(LAN|CUR|PUB)-.*"),
    "report": Told(verb="report", object=CUT, new=r"\d+ pages"),
    "failure": Told(verb="failure", object="publish", new="NotAllowedError", why="small: cut .* is not signed by.*"),
    "sign": Told(verb="sign", object=CUT, field=r"DANA \(approver\)", new=f"approve {HASH}", why=REASON),
    "publish": Told(verb="publish", object="published/CURRENT", new=f"cut {HASH} {HASH}.*", field="begun|"),
    "lock": Told(verb="lock", object="data lock", field=r"DANA \(data_manager\)", new=r"0001 \w+", why=REASON),
    "unlock": Told(verb="unlock", object="data lock", field=r"DANA \(data_manager\)", new=r"0002 \w+", why=REASON),
    "unblind": Told(
        verb="unblind", object=f"unblinding {HASH}", field=r"DANA \(unblinded_statistician\)",
        new="signature 1 of 2: all sites.*", why=REASON,
    ),
    "code break": Told(
        verb="code-break", object="subject", field=r"DANA \(unblinded_statistician\)", new=SHORT,
        why=REASON, subject="SMALL-S01-001",
    ),
    "export": Told(verb="export", object=CUT, field="profile cms", new=rf"\d+ files, export\.json {HASH}"),
    "sign a package": Told(
        verb="sign --package", object=f"validation package {HASH}", field=r"DANA \(approver\)", new="author dana",
        why=REASON,
    ),
    "study file": Told(verb="sign --study-file", object=r"study\.yml", old=HASH, new=HASH),
    "sign the study file": Told(
        verb="sign --study-file", object=r"study\.yml", field=r"DANA \(approver\)", new=f"approve {HASH}", why=REASON
    ),
    "signer": Told(
        verb="signer add", object="signer eve", field="change 3", new=HASH, why=f"add as approver by dana. {REASON}"
    ),
    "role": Told(
        verb="signer revoke", object="signer eve", field="change 4", old=HASH, new=HASH,
        why=f"revoke as approver by dana. {REASON}",
    ),
    "file modes": Told(verb="roles apply", object="file modes", new="group root, unblinded group none; .*"),
    "backup": Told(verb="backup", object=r"backup\.tar", new=f"{HASH} root {HASH} with the vault"),
    "restore": Told(verb="restore", object=r"backup\.tar", new=f"{HASH}.*"),
    "waive": Told(
        verb="waive", object=CUT, field=r"CUR-ADQS-001 until [\d-]+, by DANA \(approver\)", new=r"2 rows \w+",
        why=REASON,
    ),
    "queries sent": Told(verb="queries --export", object="queries S01", new=HASH),
    "answers": Told(verb="queries --import", object="answers S01", new=HASH),
    "answer": Told(
        verb="queries --import", object=QUERY.query_id, field="answer", new=f"confirmed {SHORT}",
        subject="SMALL-S01-001",
    ),
    "erase": Told(verb="audit", object="event 2", new="", why=REASON),
}  # fmt: skip
# Each verb that changes a study, and the action that it leaves. A refused delivery has its own exit code.
CHANGES = {
    "land": "land", "build": "build", "gate": "gate", "report": "report", "sign": "sign", "publish": "publish",
    "run": "failure", "waive": "waive", "unblind": "unblind", "code-break": "code_break", "lock": "lock",
    "unlock": "unlock", "export": "export", "backup": "backup", "restore": "restore", "signer add": "role",
    "signer revoke": "role", "roles apply": "role", "audit": "erase",
}  # fmt: skip
# One verb with options, of which some change.
PARTS = {
    "sign --package": "sign", "sign --study-file": "sign", "queries --export": "export", "queries --import": "query",
}  # fmt: skip
# What only looks, and how it is asked.
LOOKS: dict[str, tuple[str, ...]] = {
    "status": (), "verify": (), "trends": (), "history": (), "queries": (), "signer list": (), "roles list": (),
    "trace": ("--table", "adsl", "--usubjid", "SMALL-S01-001"),
}  # fmt: skip
# Before there is a study, or beside all of them: keys, samples, the qualification of the installation.
BESIDE = {"new", "profile", "simulate", "validate", "signer key"}
STEPS: tuple[Callable[..., Any], ...] = (
    land, build, gate, report, sign, sign_study_file, sign_package, publish, waive, unblind, code_break, lock, unlock,
    export, backup, add_signer, revoke_signer, apply_modes, export_queries, import_answers,
)  # fmt: skip


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Returns the study after all of its verbs."""
    return told(tmp_path_factory.mktemp("story"))


@pytest.mark.slow
@pytest.mark.requirement("AUD-1")
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_says_who_what_when_and_why_and_names_old_and_new(story: Story, kind: str) -> None:
    expected = KINDS[kind]
    left = [each for each in story.left[expected.verb] if each.event]
    said = [(each, event) for each in left if (event := each.event) and re.fullmatch(expected.object, event.object)]
    fitting = [
        (each, event)
        for each, event in said
        if re.fullmatch(expected.field, event.field) and re.fullmatch(expected.new, event.new)
    ]
    assert fitting, left
    each, event = fitting[-1]
    assert re.fullmatch(expected.old, event.old), event.old
    assert re.fullmatch(expected.why, event.reason), event.reason
    assert event.subject == expected.subject
    assert each.user == USER
    assert each.software.startswith("system:afterglow ")
    assert datetime.fromisoformat(each.at).utcoffset() is not None


@pytest.mark.slow
@pytest.mark.requirement("AUD-1")
def test_every_verb_that_changes_something_leaves_an_event_of_its_own(story: Story) -> None:
    refusals = {"land": 10, "run": 10, "failure": 13}
    assert story.codes == dict.fromkeys(story.codes, 0) | refusals, story.said
    for verb, action in {**CHANGES, **PARTS}.items():
        assert action in {each.action for each in story.left[verb]}, verb
    assert check_ledger(story.study.folder) == len(story.trail)


@pytest.mark.slow
@pytest.mark.requirement("AUD-1")
@pytest.mark.parametrize("verb", LOOKS)
def test_a_verb_that_leaves_no_event_changes_no_byte_of_the_study(story: Story, verb: str) -> None:
    folder = story.study.folder

    def content() -> dict[str, bytes]:
        files = (path for path in folder.root.rglob("*") if path.is_file() and path.name != ".lock")
        return {path.relative_to(folder.root).as_posix(): path.read_bytes() for path in files}

    before = content()
    done = CliRunner().invoke(main, [*verb.split(), str(folder.root), *LOOKS[verb]])
    assert done.exit_code == 0, done.output
    assert content() == before


@pytest.mark.requirement("AUD-1")
def test_every_verb_is_known_to_change_to_look_or_to_be_beside_the_studies() -> None:
    verbs = set()
    for name, command in main.commands.items():
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        verbs |= {f"{name} {part}".strip() for part in parts}
    assert verbs == {*CHANGES, *LOOKS, *BESIDE}


@pytest.mark.requirement("AUD-1")
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_that_fails_leaves_its_failure_without_what_another_library_said(
    tmp_path: Path, step: Callable[..., Any]
) -> None:
    study = small_study(tmp_path)
    with pytest.raises(TypeError, match="Mrs_Waterhouse"):
        step(study, Mrs_Waterhouse=1)
    *_, last = events(study.folder)
    assert last.event is not None
    said = (last.event.action, last.event.object, last.event.new, last.event.reason)
    assert said == ("failure", step.__name__, "TypeError", "")


@pytest.mark.requirement("AUD-1")
def test_no_module_records_what_happened_and_not_that_it_failed() -> None:
    # What restores makes the study, so there is none to tell of a failure.
    alone = {"restore.py", "land/events.py", "build/events.py"}
    found = set()
    for path in sorted((ROOT / "pipelines").rglob("*.py")):
        if "ledger" in path.parts:
            continue
        names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
        if "Event" in names and "audited" not in names:
            found.add(path.relative_to(ROOT / "pipelines").as_posix())
    assert found <= alone
