"""`make demo`, as a user runs it, on a copy of the small shipped study."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    shipped = REPOSITORY / "studies" / "nimh_ketamine"
    copy = tmp_path / "studies" / "nimh_ketamine"
    written = shutil.ignore_patterns("store", "cuts", "published", "vault", "ledger", ".lock", ".runs")
    shutil.copytree(shipped, copy, ignore=written)
    return copy


def demo(study: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "dags" / "demo.py"), study.name],
        env={
            **os.environ,
            "AFTERGLOW_STUDIES": str(study.parent),
            "AFTERGLOW_AIRFLOW_HOME": str(study.parents[1] / "airflow"),
            # Another Airflow's settings on the same machine.
            "AIRFLOW__CORE__DAGS_FOLDER": "/elsewhere",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////elsewhere/airflow.db",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_demo_publishes_says_what_it_did_and_can_be_run_again(study: Path) -> None:
    first, again = demo(study), demo(study)

    assert (first.returncode, first.stderr) == (0, "")
    assert "294 rows: 293 accepted, 1 in quarantine" in first.stdout
    assert re.search(r"gate +PASS\w*: \d+ checks", first.stdout)
    assert re.search(r"verify +\d+ files are as they were published", first.stdout)
    report = Path(first.stdout.splitlines()[-1].strip())
    assert report.name == "index.html"
    assert report.is_file()
    assert "2 deliveries, 2 of them new" in first.stdout
    assert (again.returncode, again.stdout.splitlines()[-1].strip()) == (0, str(report))
    assert "2 deliveries, 0 of them new" in again.stdout
    assert ", was there:" in again.stdout


def test_a_demo_that_fails_says_why_and_exits_with_one(study: Path) -> None:
    file = study / "study.yml"
    file.write_text(file.read_text().replace("signoff:", "sign_off:"))

    failed = demo(study)

    assert failed.returncode == 1
    assert "land_exports.nimh_ketamine: the run ended as 'failed'." in failed.stdout
    assert re.search(rf"{file}:\d+: sign_off: unknown key", failed.stdout)
