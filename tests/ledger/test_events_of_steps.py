"""Every step leaves its event, once, and none holds what a subject said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import NotAllowedError
from pipelines.gate import gate
from pipelines.ledger import check_ledger, events
from pipelines.publish import publish
from pipelines.sign import sign
from tests.small_cut import make_candidate, small_study


@pytest.mark.requirement("AUD-1")
def test_signing_and_publishing_are_recorded_once_and_a_refusal_is_a_failure(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[statistician]")
    cut = make_candidate(study)
    gate(study, cut.cut_id)
    with pytest.raises(NotAllowedError):
        publish(study, cut.cut_id)
    for _ in range(2):
        sign(study, cut.cut_id, name="Ada Example", role="statistician", reason="looked at every page")
    for _ in range(2):
        publish(study, cut.cut_id)
    said = [each.event for each in events(study.folder) if each.event]
    assert [(event.action, event.object) for event in said] == [
        ("study_file", "study.yml"),
        ("land", "S01/scores_2026-02-01.csv"),
        ("gate", f"cut {cut.cut_id}"),
        ("failure", "publish"),
        ("sign", f"cut {cut.cut_id}"),
        ("publish", "published/CURRENT"),
        ("publish", "published/CURRENT"),
    ]
    assert "not signed by: statistician" in said[3].reason
    assert said[4].field == "Ada Example (statistician)"
    assert [event.field for event in said[5:]] == ["begun", ""]
    assert check_ledger(study.folder) == 7
