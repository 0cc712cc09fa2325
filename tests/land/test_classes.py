"""Every column has a class that the study file declares; what it does not declare does not come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.land import land
from pipelines.study import load_study
from tests.canaries import outside_the_vault
from tests.small_study import deliver, make_study, scores_file, scores_row


@pytest.mark.requirement("PRV-1")
def test_a_column_that_nobody_declared_refuses_the_file_to_the_vault(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    content = scores_file(scores_row(note="QZVALUEZQ")).replace("note", "remark")
    deliver(study, "S01", "scores_2026-02-01.csv", content)
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.codes) == ("refused", ("F_CONTRACT",))
    assert "remark" in receipt.detail
    assert (study.folder.vault / "refused" / receipt.sha256).is_dir()
    assert outside_the_vault(study, "QZVALUEZQ") == []


@pytest.mark.requirement("PRV-1")
@pytest.mark.parametrize("study", ["kap_demo", "nimh_ketamine"])
def test_each_column_of_a_shipped_study_has_a_class(study: str) -> None:
    layouts = load_study(Path(__file__).resolve().parents[2] / "studies" / study).layouts
    columns = [column for files in layouts.values() for export in files for column in export.columns.values()]
    assert columns
    classes = {"pseudonym", "quasi", "clinical", "free_text", "treatment", "drop"}
    assert {column.column_class for column in columns} <= classes
