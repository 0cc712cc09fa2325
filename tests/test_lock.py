"""The data lock: what arrives after it lands and waits; a signature lets it in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.cut import cut_inputs, data_lock
from pipelines.land import land
from pipelines.ledger import events
from pipelines.lock import lock, unlock
from pipelines.status import status
from pipelines.study import Study
from tests.small_signers import add_signers, key_of
from tests.small_study import deliver, make_study, scores_file, scores_row

DAY = date(2026, 4, 1)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = make_study(tmp_path / "small")
    deliver(made, "S01", "scores_2026-02-01.csv", scores_file(scores_row()))
    land(made)
    add_signers(made, dan="data_manager", bo="blinded_statistician")
    return made


def correct(study: Study) -> None:
    deliver(study, "S01", "scores_2026-02-02.csv", scores_file(scores_row(total="31")))
    land(study)


@pytest.mark.requirement("RES-5")
def test_a_correction_after_the_lock_lands_and_enters_a_cut_only_when_that_is_signed(study: Study) -> None:
    lock(study, reason="all queries are closed", key=key_of("dan"))
    locked = cut_inputs(study).cut_id
    correct(study)
    assert cut_inputs(study).cut_id == locked
    shown = status(study, today=DAY)
    assert (shown.after_lock, shown.sites[0].deliveries, bool(shown.locked_at)) == (
        ("S01/scores_2026-02-02.csv",), 2, True,
    )  # fmt: skip
    unlock(study, reason="the site corrected a total", key=key_of("dan"))
    assert cut_inputs(study).cut_id != locked
    assert len(cut_inputs(study).deliveries) == 2
    assert status(study, today=DAY).after_lock == ()
    said = [each.event for each in events(study.folder) if each.action in {"lock", "unlock"}]
    assert [(event.action, event.field, event.reason) for event in said if event] == [
        ("lock", "DAN (data_manager)", "all queries are closed"),
        ("unlock", "DAN (data_manager)", "the site corrected a total"),
    ]


@pytest.mark.requirement("RES-5")
def test_nobody_else_unlocks_and_a_record_that_is_taken_away_or_altered_is_missed(study: Study) -> None:
    with pytest.raises(NotAllowedError, match="this key may not sign that"):
        lock(study, reason="all queries are closed", key=key_of("bo"))
    with pytest.raises(UsageError, match="not locked"):
        unlock(study, reason="no reason", key=key_of("dan"))
    lock(study, reason="all queries are closed", key=key_of("dan"))
    with pytest.raises(UsageError, match="locked already"):
        lock(study, reason="again", key=key_of("dan"))
    with pytest.raises(NotAllowedError, match="this key may not sign that"):
        unlock(study, reason="let it in", key=key_of("bo"))
    correct(study)
    (record,) = study.folder.locks.glob("*.json")
    kept = record.read_bytes()
    for content in (kept.replace(b'"change":"lock"', b'"change":"unlock"'), None):
        record.unlink()
        if content is not None:
            record.write_bytes(content)
        with pytest.raises(IntegrityError, match="record 0001 is gone or another one"):
            cut_inputs(study)
    record.unlink(missing_ok=True)
    record.write_bytes(kept)
    # A second record that nobody signed: the audit trail need not know it, but the signature is asked for.
    (record.parent / "0002.json").write_bytes(kept.replace(b'"change":"lock"', b'"change":"unlock"', 1))
    with pytest.raises(IntegrityError, match="bound to another record"):
        data_lock(study)


@pytest.mark.requirement("RES-5")
def test_a_lock_that_a_crash_kept_from_the_audit_trail_holds_and_is_told_later(study: Study, tmp_path: Path) -> None:
    lock(study, reason="all queries are closed", key=key_of("dan"))
    ledger = study.folder.ledger
    (record,) = study.folder.locks.glob("*.json")
    kept = record.read_bytes()
    ledger.unlink()
    add_signers(study)
    correct(study)
    assert len(cut_inputs(study).deliveries) == 1
    unlock(study, reason="the site corrected a total", key=key_of("dan"))
    assert [each.action for each in events(study.folder) if each.action in {"lock", "unlock"}] == ["lock", "unlock"]
    assert record.read_bytes() == kept
