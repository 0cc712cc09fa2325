"""Unique words for the arms, doses and kits of a blinded trial are in no byte that Airflow's run leaves behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.build import project
from tests.canaries import holding, keep_what_is_removed, outside_the_vault
from tests.noninterference import allocated, delivered

ARMS = {"KET": "QZARMONEZQ", "PBO": "QZARMTWOZQ", "XXX": "QZARMNOTZQ"}
LABELS = {"Ketamine": "Qzlabelonezq", "Placebo": "Qzlabeltwozq"}
DOSES = {",40,KIT": ",7391.4628,KIT", ",02,KIT": ",5182.9371,KIT"}
CANARIES = (*ARMS.values(), *LABELS.values(), "7391.4628", "5182.9371")


def say(text: str) -> str:
    """Returns the same with unique words."""
    for clear, canary in (DOSES | ARMS | LABELS).items():
        text = text.replace(clear, canary)
    return text


def files_below(*roots: Path) -> list[Path]:
    return [path for root in roots for path in root.rglob("*") if path.is_file() and not path.is_symlink()]


@pytest.mark.requirement("BLD-3")
@pytest.mark.slow
def test_no_word_for_an_arm_is_in_any_byte_that_a_run_of_the_dags_writes(
    studies: Any,
    run: Any,
    airflow_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    study = delivered(studies.root / "trial", allocated(0, seed=1), say)
    keep_what_is_removed(monkeypatch, temporary / "watched", temporary / "kept")
    caplog.set_level(logging.DEBUG)
    runs = [run(f"{dag}.trial") for dag in ("land_exports", "cut_trial", "verify_published")]
    # An arm that the layout does not know is set aside, and the run goes on.
    assert [each.state for each in runs] == ["success"] * 3
    assert study.folder.pointer.exists()
    assert outside_the_vault(study, *CANARIES) == []
    # The vault holds them: the words are found where they are.
    assert holding(files_below(study.folder.vault), *CANARIES)
    assert holding(files_below(airflow_home, temporary, project.PROJECT), *CANARIES) == []
    assert any(path.suffix == ".db" for path in files_below(airflow_home))
    assert any("afterglow-build-" in path.as_posix() for path in files_below(temporary / "kept"))
    said = "".join([*capfd.readouterr(), caplog.text, repr([each.xcoms for each in runs])]).casefold()
    assert [word for word in CANARIES if word.casefold() in said] == []


@pytest.mark.requirement("BLD-3")
@pytest.mark.slow
@pytest.mark.parametrize("step", ["land", "build"])
def test_a_killed_step_leaves_no_word_for_an_arm_outside_the_vault(tmp_path: Path, step: str) -> None:
    study = delivered(tmp_path / "small", allocated(0, seed=1), say)
    root, watched = study.folder.root, tmp_path / "watched"
    watched.mkdir()
    environment = os.environ | {"TMPDIR": str(watched)}
    command = [sys.executable, "-m", "pipelines.cli"]
    if step == "build":
        subprocess.run([*command, "land", str(root)], env=environment, check=True, capture_output=True)
    where = study.folder.cuts if step == "build" else study.folder.deliveries
    before = set(where.rglob("*")) if where.exists() else set()
    process = subprocess.Popen([*command, step, str(root)], env=environment, start_new_session=True)
    # As soon as the step has begun to write, wherever it stands then.
    while process.poll() is None and not (where.exists() and set(where.rglob("*")) - before):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert outside_the_vault(study, *CANARIES) == []
    assert holding(files_below(watched), *CANARIES) == []
