"""The step: same cut, same bytes; written whole, once, and only for a gated cut of the same study file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError, StudyFileError
from pipelines.core.hashing import sha256_tree
from pipelines.report import report
from pipelines.study import load_study
from tests.report.trials import parallel

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_other_time_zone_locale_hash_seed_and_threads_give_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from tests.report.trials import parallel\n"
        "from pipelines.report import report\n"
        "study, cut = parallel(pathlib.Path(sys.argv[1]))\n"
        "report(study, cut.cut_id)\n"
    )
    settings = [
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"},
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4711", "OMP_NUM_THREADS": "4"},
    ]
    hashes = []
    for number, setting in enumerate(settings):
        root = tmp_path / str(number) / "trial"
        command = [sys.executable, "-c", code, str(root)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **setting}, check=True, timeout=120)
        (directory,) = (root / "cuts").glob("*/report")
        hashes.append(sha256_tree(directory, directory.iterdir()))
    assert hashes[0] == hashes[1]


def test_a_report_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    first = report(study, cut.cut_id)
    before = {path.name: path.stat().st_mtime_ns for path in cut.report.iterdir()}
    second = report(study, cut.cut_id)
    assert (first.reused, second.reused) == (False, True)
    assert second.path == cut.report / "index.html"
    assert {path.name: path.stat().st_mtime_ns for path in cut.report.iterdir()} == before
    assert set(first.pages) == {
        "index.html",
        "validation.html",
        "deliveries.html",
        "methods.html",
        "dictionary.html",
        "lineage.html",
    }


def test_a_cut_without_a_verdict_gets_no_report(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    (cut.gate / "verdict.json").unlink()
    with pytest.raises(IntegrityError, match="gate"):
        report(study, cut.cut_id)
    assert not cut.report.exists()


def test_a_study_file_changed_after_the_build_gets_no_report(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path)
    study.folder.study_file.write_text(study.folder.study_file.read_text() + "\n# later\n")
    with pytest.raises(StudyFileError, match="changed after"):
        report(load_study(study.folder.root), cut.cut_id)
    assert not cut.report.exists()
