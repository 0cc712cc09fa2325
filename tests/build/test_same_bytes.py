"""The same inputs give the same bytes, whatever the machine is set to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.land import land
from tests.house.tables_page import published_models
from tests.reference.delivered import delivered_trial

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (
    {"AFTERGLOW_THREADS": "1", "TZ": "UTC", "PYTHONHASHSEED": "0", "LC_ALL": "C"},
    {"AFTERGLOW_THREADS": "2", "TZ": "America/New_York", "PYTHONHASHSEED": "1", "LC_ALL": "POSIX"},
    {"AFTERGLOW_THREADS": "8", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "4711", "LC_ALL": "C.UTF-8"},
)
PUBLISHED = [model["name"] for model in published_models()]
BUILD = """
import sys
from pathlib import Path
from pipelines.build import build
from pipelines.study import load_study
if __name__ == "__main__":
    print(build(load_study(Path(sys.argv[1]))).cut_id)
"""


def built(root: Path, script: Path, settings: dict[str, str]) -> dict[str, bytes]:
    """Returns the bytes of each file of a cut that another process builds under these settings."""
    environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    run = [sys.executable, str(script), str(root)]
    cut_id = subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    folder = root / "cuts" / cut_id
    files = [folder / "catalogue.json", folder / "inputs.json", *sorted((folder / "tables").iterdir())]
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.slow
def test_threads_time_zone_locale_and_hash_seed_change_no_byte(tmp_path: Path) -> None:
    study, _ = delivered_trial("parallel", tmp_path / "0", 11, range(40))
    land(study)
    script = tmp_path / "script.py"
    script.write_text(BUILD, encoding="utf-8")
    # The same study in folders of other names.
    for copy in range(1, len(SETTINGS)):
        shutil.copytree(tmp_path / "0", tmp_path / str(copy))
    first, *others = (built(tmp_path / str(number), script, settings) for number, settings in enumerate(SETTINGS))
    assert {f"{name}.parquet" for name in PUBLISHED} <= set(first)
    for other in others:
        assert {name for name in first.keys() | other.keys() if first.get(name) != other.get(name)} == set()
