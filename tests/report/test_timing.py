"""The report prints each rule of time with the value used."""

from __future__ import annotations

from pathlib import Path

from pipelines.report.timing import timing_parameters
from tests.small_study import STUDY_FILE, make_study


def test_a_rule_for_partial_dates_is_printed_with_its_bound_and_section(tmp_path: Path) -> None:
    rule = "adverse_event_start: {impute: first, not_before: first_dose, section: SAP 5}"
    study = make_study(tmp_path, STUDY_FILE.replace("layouts:\n", f"partial_dates:\n  {rule}\nlayouts:\n", 1))
    assert (
        "Partial date, adverse event start",
        "first day that it can be, up to an unknown month, not before first dose",
        "SAP 5",
    ) in timing_parameters(study)
    assert not [row for row in timing_parameters(study) if row[0] == "Partial date, assessment"]
