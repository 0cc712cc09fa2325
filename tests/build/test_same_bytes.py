"""The same inputs give the same bytes, whatever the machine is set to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.build.trial import make_trial

SETTINGS = (
    {"AFTERGLOW_THREADS": "1", "TZ": "UTC", "PYTHONHASHSEED": "0", "LC_ALL": "C"},
    {"AFTERGLOW_THREADS": "4", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "4711", "LC_ALL": "C.UTF-8"},
)
BUILD = """
import sys
from pathlib import Path
from pipelines.build import build
from pipelines.study import load_study
if __name__ == "__main__":
    print(build(load_study(Path(sys.argv[1]))).cut_id)
"""


@pytest.mark.slow
def test_threads_time_zone_locale_and_hash_seed_change_no_byte(tmp_path: Path) -> None:
    make_trial(tmp_path / "first")
    # The same study in a folder of another name.
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    script = tmp_path / "script.py"
    script.write_text(BUILD, encoding="utf-8")
    contents = []
    for name, settings in zip(("first", "second"), SETTINGS, strict=True):
        root = Path(__file__).resolve().parents[2]
        environment = {**os.environ, **settings, "PYTHONPATH": str(root)}
        run = [sys.executable, str(script), str(tmp_path / name)]
        cut_id = subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout.strip()
        folder = tmp_path / name / "cuts" / cut_id
        files = [folder / "catalogue.json", folder / "inputs.json", *sorted((folder / "tables").iterdir())]
        contents.append({path.name: path.read_bytes() for path in files})
    assert {"catalogue.json", "inputs.json", "adqs.parquet", "response.parquet"} <= set(contents[0])
    assert set(contents[0]) == set(contents[1])
    assert [name for name in contents[0] if contents[0][name] != contents[1][name]] == []
