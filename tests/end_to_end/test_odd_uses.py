"""What a stranger tries: each ends with a sentence and the exit code of its kind, and never with a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.build import build
from pipelines.cli import main
from pipelines.cut import Cut
from pipelines.land import land
from tests.build.trial import make_trial
from tests.small_study import make_study


def _inbox_is_a_file(root: Path) -> None:
    (make_study(root).folder.inbox).touch()


def _site_is_a_file(root: Path) -> None:
    inbox = make_study(root).folder.inbox
    inbox.mkdir()
    (inbox / "S01").touch()


def _store_is_a_file(root: Path) -> None:
    (make_study(root).folder.root / "store").touch()
    (root / "inbox" / "S01").mkdir(parents=True)
    (root / "inbox" / "S01" / "a.csv").write_text("x\n")


def _vault_is_a_file(root: Path) -> None:
    (make_study(root).folder.vault).touch()


def _study_file_is_binary(root: Path) -> None:
    root.mkdir(exist_ok=True)
    (root / "study.yml").write_bytes(b"a\0b")


def _study_file_is_a_folder(root: Path) -> None:
    (root / "study.yml").mkdir(parents=True)


def _a_folder_among_the_cuts_is_no_cut(root: Path) -> None:
    (make_study(root).folder.cuts / "abcd").mkdir(parents=True)


def _the_pointer_is_garbage(root: Path) -> None:
    folder = make_study(root).folder
    folder.published.mkdir()
    folder.pointer.write_text("garbage")


@pytest.mark.parametrize(
    ("made", "arguments", "exit_code", "said"),
    [
        (make_study, ["gate"], 2, "there is no cut yet"),
        (make_study, ["report", "--cut", "ab"], 2, "no cuts start with ab"),
        (make_study, ["publish", "--cut", "../../x"], 2, "a cut's id has digits"),
        (make_study, ["build"], 10, "no accepted delivery"),
        (make_study, ["land", "--site", "S99"], 11, "no site 'S99'"),
        (make_study, ["verify"], 14, "nothing was published"),
        (make_study, ["run", "--as-of", "yesterday"], 2, "Invalid value"),
        (make_study, ["status"], 0, "missing at S01, S02"),
        (_inbox_is_a_file, ["land"], 13, "Not a directory"),
        (_site_is_a_file, ["land"], 10, "F_SITE_ID"),
        (_store_is_a_file, ["land"], 13, "Not a directory"),
        (_vault_is_a_file, ["land"], 13, "File exists"),
        (_study_file_is_binary, ["status"], 11, "character 1 is none that YAML may hold"),
        (_study_file_is_a_folder, ["status"], 11, "there is no study file"),
        (_a_folder_among_the_cuts_is_no_cut, ["gate"], 2, "there is no cut yet"),
        (_a_folder_among_the_cuts_is_no_cut, ["report", "--cut", "abcd"], 2, "no cuts start with abcd"),
        (_the_pointer_is_garbage, ["status"], 14, "CURRENT: cannot be read"),
    ],
)
def test_it_ends_with_a_sentence_and_the_code_of_its_kind(
    tmp_path: Path, made: Callable[[Path], object], arguments: list[str], exit_code: int, said: str
) -> None:
    made(tmp_path)
    done = CliRunner().invoke(main, [arguments[0], str(tmp_path), *arguments[1:]])
    assert (done.exit_code, said in done.output) == (exit_code, True), done.output
    # Anything but click's own exit is a traceback.
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("name", ["nowhere", "study.yml", "", "what?", "x" * 5000])
def test_what_is_no_study_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "study.yml").touch()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["status", name])
    assert done.exit_code in {11, 13}
    assert isinstance(done.exception, SystemExit)


def test_output_that_nobody_reads_to_its_end_is_no_error(tmp_path: Path) -> None:
    make_study(tmp_path)
    command = f"{sys.executable} -m pipelines.cli status {tmp_path} | true"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_study_may_lie_in_a_folder_of_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "a b" / "ünï ' \" % {{ 7*7 }} $(id) [x]*"
    study = make_trial(root)
    assert not land(study).new
    # By a relative path, as a person would type it.
    monkeypatch.chdir(root.parent)
    done = CliRunner().invoke(main, ["build", root.name])
    assert done.exit_code == 0, done.output
    assert "adsl" in done.output
    assert Cut(study.folder, build(study).cut_id).duckdb.is_file()
