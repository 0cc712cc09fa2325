"""Airflow's metadata database is lost: what a study is stands in its own folder, and the next run goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.cut import published_cut
from pipelines.verify import verify
from tests.faults.invariants import tree
from tests.noninterference import allocated, delivered


@pytest.mark.requirement("FLT-5")
@pytest.mark.slow
def test_a_study_goes_on_after_the_metadata_database_is_lost(studies: Any, run: Any, airflow_home: Path) -> None:
    from airflow.utils import db

    study = delivered(studies.root / "trial", allocated(0, seed=1))
    dags = [f"{name}.trial" for name in ("land_exports", "cut_trial")]
    assert [run(dag).state for dag in dags] == ["success"] * 2
    first = published_cut(study.folder)
    assert first is not None
    before, pointer, told = tree(first.directory), study.folder.pointer.read_bytes(), verify(study).events
    db.resetdb()
    assert any(airflow_home.glob("*.db"))
    assert [run(dag).state for dag in dags] == ["success"] * 2
    assert (study.folder.pointer.read_bytes(), tree(first.directory)) == (pointer, before)
    assert verify(study).events == told, "nothing is done, or told, a second time"
    # What comes later is a newer run, though Airflow counts from the beginning.
    text = study.folder.study_file.read_text(encoding="utf-8")
    study.folder.study_file.write_text(f"{text}\n# amended\n", encoding="utf-8")
    assert [run(dag).state for dag in dags] == ["success"] * 2
    assert published_cut(study.folder) != first
    verify(study)
