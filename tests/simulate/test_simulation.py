"""What `simulate` promises: the same bytes from the same seed, and an inbox that the study file describes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core.errors import NotAllowedError
from pipelines.core.hashing import sha256_tree
from pipelines.simulate import simulate
from pipelines.simulate.protocol import EXPORT, VISITS
from pipelines.study import load_study

ROOT = Path(__file__).resolve().parents[2]
KAP_DEMO = ROOT / "studies" / "kap_demo"
_CALL = "import sys, pathlib; from pipelines.simulate import simulate; simulate(pathlib.Path(sys.argv[1]))"


def _hash(folder: Path) -> str:
    written = [*(folder / "inbox").rglob("*"), folder / "truth.json"]
    return sha256_tree(folder, [path for path in written if path.is_file()])


@pytest.mark.parametrize(
    "settings",
    [
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
        {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "4711", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
    ],
)
def test_same_seed_gives_the_same_bytes_in_any_time_zone_locale_and_hash_seed(
    simulated: Path, tmp_path: Path, settings: dict[str, str]
) -> None:
    subprocess.run([sys.executable, "-c", _CALL, tmp_path], check=True, cwd=ROOT, env={**os.environ, **settings})
    assert _hash(tmp_path) == _hash(simulated)


def test_truth_file_in_the_repository_is_what_the_seed_gives(simulated: Path) -> None:
    assert (KAP_DEMO / "truth.json").read_bytes() == (simulated / "truth.json").read_bytes()


def test_another_seed_gives_another_trial(simulated: Path, tmp_path: Path) -> None:
    receipt = simulate(tmp_path, seed=7)
    assert receipt.subjects == 240
    assert _hash(tmp_path) != _hash(simulated)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_seed_finds_a_place_for_every_defect(tmp_path: Path, truth: dict[str, list[object]], seed: int) -> None:
    assert simulate(tmp_path, seed=seed).defects == len(truth["defects"])


def test_files_that_are_there_already_are_not_written_again(simulated: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in simulated.rglob("*.*")}
    simulate(simulated)
    assert {path: path.stat().st_mtime_ns for path in simulated.rglob("*.*")} == before


def test_inbox_is_smaller_than_three_and_a_half_megabytes(simulated: Path) -> None:
    assert sum(path.stat().st_size for path in (simulated / "inbox").rglob("*.*")) < 3_500_000


def test_nothing_is_written_into_a_study_that_is_not_simulated(tmp_path: Path) -> None:
    text = (KAP_DEMO / "study.yml").read_text(encoding="utf-8")
    (tmp_path / "study.yml").write_text(text.replace("simulated: true", "simulated: false"), encoding="utf-8")
    with pytest.raises(NotAllowedError, match="not a simulated one"):
        simulate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["study.yml"]


def test_every_site_and_vendor_delivers_each_file_of_its_layout_on_the_last_export_day(simulated: Path) -> None:
    study = load_study(simulated)
    for key, site in study.sites.items():
        expected = {export.file.replace("{date}", EXPORT.isoformat()) for export in study.layouts[site.layout]}
        assert expected <= {path.name for path in (simulated / "inbox" / key).iterdir()}, key


def test_study_file_and_simulator_plan_the_same_visits_and_every_visit_falls_into_its_window(simulated: Path) -> None:
    study = load_study(simulated)
    assert [(visit.visit, visit.visitnum, visit.day) for visit in study.visits] == [
        (visit.code, visit.number, visit.day) for visit in VISITS
    ]
    for planned, visit in zip(study.visits, VISITS, strict=True):
        assert planned.window is not None
        assert planned.window[0] <= visit.day - visit.early <= visit.day + visit.late <= planned.window[1]


def test_no_arm_drug_or_dose_stands_in_a_file_from_a_trial_site_that_is_not_sent_to_the_vault(simulated: Path) -> None:
    revealing = re.compile(rb"KETAMINE|MIDAZOLAM|\bKET\b|\bMDZ\b", re.IGNORECASE)
    for path in (simulated / "inbox").glob("S*/*"):
        if not path.name.startswith("ex_"):
            assert not revealing.search(path.read_bytes()), path.name
