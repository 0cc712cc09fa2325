"""The command line as a user meets it: what it prints, and what it returns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cut import published_cut
from pipelines.study import Study
from tests.end_to_end.conftest import copy_study
from tests.small_study import SCORES_HEADER, deliver, make_study, scores_file, scores_row


def afterglow(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )


def test_a_wrong_key_in_the_study_file_exits_11_and_names_key_and_line(tmp_path: Path) -> None:
    root = copy_study("nimh_ketamine", tmp_path / "nimh")
    text = (root / "study.yml").read_text()
    line = next(number for number, row in enumerate(text.splitlines(), 1) if row.startswith("missing_rules:"))
    (root / "study.yml").write_text(text.replace("missing_rules:", "missing_rulez:"))
    done = afterglow("run", root)
    assert done.returncode == 11
    assert f"study.yml:{line}: missing_rulez: unknown key. Did you mean 'missing_rules'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (root / "store").exists()


def test_landing_prints_an_object_for_each_delivery_and_exits_10_for_a_refused_file(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "scores_2026-02-01.csv", scores_file(scores_row("001"), scores_row("002", total="61")))
    deliver(study, "S02", "scores_2026-02-01.csv", SCORES_HEADER.replace("note", "patient_name") + "\n")
    done = afterglow("land", tmp_path, "--json")
    assert done.returncode == 10
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["site"], first["outcome"], first["codes"]) == ("S01", "warned", ["Q_RANGE"])
    assert (first["rows_in"], first["rows_accepted"], first["rows_quarantined"]) == (2, 1, 1)
    assert (second["outcome"], second["codes"]) == ("refused", ["F_PII"])
    asked = {"site", "file", "sha256", "outcome", "codes", "rows_in", "rows_accepted", "rows_quarantined", "detail"}
    assert asked <= first.keys() & second.keys()
    assert "patient_name" in done.stderr
    # The refusal was said; the next run has nothing new to say.
    assert afterglow("land", tmp_path).returncode == 0


def test_a_second_run_builds_nothing_and_says_so(published: Callable[[str], Study]) -> None:
    study = published("nimh_ketamine")
    cut = published_cut(study.folder)
    done = afterglow("run", study.folder.root, "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["reused"] is True
    assert cut is not None
    assert receipt["cut_id"] == cut.cut_id
    assert "was there" in done.stderr


def test_one_changed_byte_exits_14_and_names_the_file(tmp_path: Path) -> None:
    root = copy_study("nimh_ketamine", tmp_path / "nimh")
    assert afterglow("run", root).returncode == 0
    assert afterglow("verify", root).returncode == 0
    table = next((root / "cuts").glob("*/tables/response.parquet"))
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.chmod(0o644)
    table.write_bytes(content)
    done = afterglow("verify", root)
    assert done.returncode == 14
    assert str(table) in done.stderr


def test_status_shows_sites_and_cuts(published: Callable[[str], Study]) -> None:
    study = published("nimh_ketamine")
    document = json.loads(afterglow("status", study.folder.root, "--json").stdout)
    assert [(site["site"], site["rows_accepted"], site["rows_quarantined"]) for site in document["sites"]] == [
        ("NIMH", 293, 1)
    ]
    assert [cut["state"] for cut in document["cuts"]] == ["current"]
    shown = afterglow("status", study.folder.root, COLUMNS="80").stdout
    assert "NIMH" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_study_in_use_exits_15(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "scores_2026-02-01.csv", scores_file(scores_row()))
    assert afterglow("land", tmp_path).returncode == 0
    with study.folder.lock():
        done = afterglow("build", tmp_path)
    assert done.returncode == 15
    assert "another process works on this study" in done.stderr


@pytest.mark.requirement("RES-2")
@pytest.mark.slow
def test_a_cut_as_known_on_a_day_is_published_only_where_it_is_asked_for(
    published: Callable[[str], Study], tmp_path: Path
) -> None:
    root = tmp_path / "nimh"
    shutil.copytree(published("nimh_ketamine").folder.root, root, copy_function=shutil.copyfile)
    pointer = root / "published" / "CURRENT"
    before = pointer.read_bytes()
    # Every day on which a delivery can have arrived is before it.
    day = "2999-12-31"
    done = afterglow("run", root, "--as-of", day, "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert not receipt["published"]
    assert pointer.read_bytes() == before
    assert f"As known on</dt><dd>{day}" in Path(receipt["report"]).read_text()
    cuts = json.loads(afterglow("status", root, "--json").stdout)["cuts"]
    assert {(cut["state"], cut["as_of"]) for cut in cuts} == {("current", ""), ("reported", day)}
    # The newest cut is not what a person means who says no more than `publish`.
    done = afterglow("publish", root)
    assert done.returncode == 13
    assert pointer.read_bytes() == before
    assert afterglow("publish", root, "--cut", receipt["cut_id"][:12]).returncode == 0
    assert json.loads(pointer.read_bytes())["cut_id"] == receipt["cut_id"]


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes_on_another_day_clock_and_machine(tmp_path: Path) -> None:
    """Another folder, time zone, locale, hash seed and number of threads: the same cut and the same manifest."""

    def manifest(name: str, **environment: str) -> tuple[str, bytes]:
        root = copy_study("nimh_ketamine", tmp_path / name / "nimh_ketamine")
        done = afterglow("run", root, "--json", **environment)
        assert done.returncode == 0, done.stderr
        cut_id = json.loads(done.stdout)["cut_id"]
        return cut_id, (root / "cuts" / cut_id / "manifest.json").read_bytes()

    first = manifest("a", TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C.UTF-8", AFTERGLOW_THREADS="1")
    second = manifest("b", TZ="Asia/Kathmandu", PYTHONHASHSEED="4242", LC_ALL="C", AFTERGLOW_THREADS="4")
    assert first == second
