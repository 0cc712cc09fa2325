"""Whether the tests would notice: each control is switched off in a copy of the source, and its test has to fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.validate.requirements import Control

Outcome = Literal["noticed", "not noticed", "error"]
_FAILED = 1
_LEFT_OUT = {".git", ".venv", ".airflow", ".demo", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
_WRITTEN_BY_RUNS = {"store", "cuts", "vault", "published", "ledger", ".lock"}


@dataclass(frozen=True, kw_only=True)
class ControlResult:
    """Whether the test failed with the control off; an error where that could not be tried."""

    control: Control
    outcome: Outcome
    detail: str = ""


def try_controls(root: Path, controls: Sequence[Control], *, workers: int) -> tuple[ControlResult, ...]:
    """Tries each control in its own copy of the checkout `root`, which stays as it is."""
    with ThreadPoolExecutor(max(1, workers)) as pool:
        return tuple(pool.map(lambda control: _tried(root, control), controls))


def deviations(results: Sequence[ControlResult]) -> tuple[str, ...]:
    """Returns a sentence for each control whose test did not fail without it."""
    return tuple(
        f"Control: with '{each.control.control}' off, {each.control.test} "
        + ("passed." if each.outcome == "not noticed" else f"could not be run: {each.detail}")
        for each in results
        if each.outcome != "noticed"
    )


def _tried(root: Path, control: Control) -> ControlResult:
    with tempfile.TemporaryDirectory(prefix="afterglow-control-") as scratch:
        copy = Path(scratch) / "main"
        shutil.copytree(root, copy, ignore=_left_out)
        target = copy / control.file
        source = target.read_text(encoding="utf-8") if target.is_file() else ""
        if source.count(control.find) != 1:
            detail = f"{control.file} has the text to replace {source.count(control.find)} times, not once."
            return ControlResult(control=control, outcome="error", detail=detail)
        target.write_text(source.replace(control.find, control.replace), encoding="utf-8")
        done = subprocess.run(  # noqa: S603  (our own tests)
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", control.test],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == _FAILED:
            return ControlResult(control=control, outcome="noticed")
        if done.returncode == 0 and " passed" in done.stdout:
            return ControlResult(control=control, outcome="not noticed")
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        return ControlResult(control=control, outcome="error", detail=f"pytest ended with {done.returncode}: {last}")


def _left_out(folder: str, names: list[str]) -> set[str]:
    # A study's ledger is no source, the package of that name is.
    written = _WRITTEN_BY_RUNS if "studies" in Path(folder).parts[-2:] else set()
    return (_LEFT_OUT | written) & set(names)
