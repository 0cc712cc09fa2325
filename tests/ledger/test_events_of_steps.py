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
from tests.small_signers import add_signers, key_of


@pytest.mark.requirement("AUD-1")
def test_signing_and_publishing_are_recorded_once_and_a_refusal_is_a_failure(tmp_path: Path) -> None:
    study = small_study(tmp_path, signoff="[statistician]")
    add_signers(study, ada="statistician")
    cut = make_candidate(study)
    gate(study, cut.cut_id)
    with pytest.raises(NotAllowedError):
        publish(study, cut.cut_id)
    for _ in range(2):
        sign(study, cut.cut_id, role="statistician", reason="looked at every page", key=key_of("ada"))
    for _ in range(2):
        publish(study, cut.cut_id)
    said = [each.event for each in events(study.folder) if each.event and each.action != "inventory"]
    assert [(event.action, event.object) for event in said] == [
        ("study_file", "study.yml"),
        ("role", "signer office"),
        ("role", "signer ada"),
        ("land", "S01/scores_2026-02-01.csv"),
        ("gate", f"cut {cut.cut_id}"),
        ("failure", "publish"),
        ("sign", f"cut {cut.cut_id}"),
        ("publish", "published/CURRENT"),
        ("publish", "published/CURRENT"),
    ]
    assert "not signed by: statistician" in said[5].reason
    assert said[6].field == "ADA (statistician)"
    assert [event.field for event in said[7:]] == ["begun", ""]
    assert check_ledger(study.folder) == len(said) + 4
