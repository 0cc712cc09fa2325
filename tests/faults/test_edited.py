"""A study file that is saved while a run goes on: the cut holds the file that it names, or the run refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.core.hashing import sha256_file
from pipelines.cut import cut_inputs, record_study_file
from pipelines.land import land
from pipelines.land import landing as landing_module
from pipelines.study import load_study
from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.edited import edit, edits, play_edit
from tests.faults.stand_ins import deliver_first
from tests.small_signers import add_signers, key_of


def test_at_some_of_the_points_it_breaks_nothing(place: Range) -> None:
    every = list(edits(place))
    for state, point in every[:: len(every) // 5]:
        play_edit(place, state, point)


def test_a_cut_that_names_another_file_than_it_was_made_by_is_found(
    place: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was before: the hash of the file as it then was, beside what an earlier one said."""
    monkeypatch.setattr(
        "pipelines.study.Study.file_sha256", property(lambda study: sha256_file(study.folder.study_file))
    )
    with pytest.raises(invariants.BrokenError, match="I5"):
        play_edit(place, "second", "land.taken:1")


def test_a_cut_names_the_file_that_was_read(tmp_path: Path) -> None:
    study = deliver_first(tmp_path / "study")
    read = sha256_file(study.folder.study_file)
    land(study)
    edit(study.folder.study_file)
    assert cut_inputs(study).document["study_file_sha256"] == read
    assert cut_inputs(load_study(study.folder.root)).document["study_file_sha256"] != read


def test_nobody_signs_a_study_file_that_was_changed_since_it_was_read(tmp_path: Path) -> None:
    study = deliver_first(tmp_path / "study")
    add_signers(study, dm="data_manager")
    edit(study.folder.study_file)
    with pytest.raises(StudyFileError, match="changed while it was being signed"):
        record_study_file(study, role="data_manager", reason="an amendment", key=key_of("dm"))
    assert not list((study.folder.root / "store").rglob("*.yml"))


def test_processes_that_land_side_by_side_land_by_one_study_file(tmp_path: Path) -> None:
    study = deliver_first(tmp_path / "study")
    edit(study.folder.study_file)
    with pytest.raises(StudyFileError, match="changed while deliveries landed"):
        landing_module._land_share((study.folder.root, study.file_sha256, study.metadata), [])
