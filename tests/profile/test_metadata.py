"""A REDCap dictionary or ODM metadata among the samples takes the place of the column list."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import ANY

import yaml

from pipelines.land import land
from pipelines.profile import new, profile
from pipelines.study import load_study
from tests.small_study import deliver

REDCAP = Path(__file__).resolve().parents[1] / "data" / "redcap"


def test_a_scaffold_names_the_dictionary_and_says_only_what_columns_become(tmp_path: Path) -> None:
    project = REDCAP / "arm-single-longitudinal"
    receipt = new(tmp_path, [project / "data.csv", project / "dictionary.csv"])
    (entry,) = yaml.safe_load(receipt.study_file.read_text("utf-8"))["layouts"]["export"]
    assert entry["metadata"] == "dictionary.csv"
    assert (tmp_path / "dictionary.csv").read_bytes() == (project / "dictionary.csv").read_bytes()
    assert entry["columns"] == {
        "redcap_event_name": {"to": "visit", "required": True, "codes": ANY},
        "interview_date": {"to": "date"},
        "weight": {"to": "vs.WEIGHT", "type": "number"},
    }
    study = load_study(tmp_path)
    deliver(study, "S01", "data.csv", (project / "data.csv").read_bytes())
    (landed,) = land(study).deliveries
    assert (landed.outcome, landed.rows_in) == ("accepted", 9), landed.detail


def test_a_dictionary_alone_is_proposed_as_what_it_is(tmp_path: Path) -> None:
    (proposal,) = profile(REDCAP / "dag" / "dictionary.csv")
    assert proposal.entry["metadata"] == "dictionary.csv"
    assert yaml.safe_load(proposal.yaml()) == [proposal.entry]


def test_a_dictionary_of_another_project_is_left_out(tmp_path: Path) -> None:
    receipt = new(tmp_path, [REDCAP / "repeating-instruments" / "data.csv", REDCAP / "dag" / "dictionary.csv"])
    assert "Left out: dictionary.csv: it is metadata of none of the samples." in receipt.look_at
    assert not (tmp_path / "dictionary.csv").exists()


def test_clinical_data_is_not_put_beside_the_study_file(tmp_path: Path, shared_data: Path) -> None:
    receipt = new(tmp_path, [shared_data / "odm" / "odm-data-snapshot.xml"])
    (entry,) = yaml.safe_load(receipt.study_file.read_text("utf-8"))["layouts"]["export"]
    assert "metadata" not in entry
    assert not (tmp_path / "odm-data-snapshot.xml").exists()
