"""Waive: a signed record lets the rows that a person saw pass for one cut, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import GateFailedError, IntegrityError, NotAllowedError, UsageError
from pipelines.cut import Cut
from pipelines.gate import check_gate, read_verdict
from pipelines.gate.waivers import Waiver, waivers
from pipelines.ledger import events
from pipelines.publish import publish
from pipelines.sign import sign
from pipelines.signers import DEMO_KEY, revoke_signer
from pipelines.study import Study
from pipelines.verify import verify
from pipelines.waive import Scope, waive
from tests.small_cut import make_candidate, small_study
from tests.small_signers import ADMIN_ID, add_signers, key_file, key_of

CHECK = "CUR-ADQS-001"
KEYS = ("check_id", "siteid", "usubjid", "delivery_id", "srcseq", "paramcd", "avisit", "srcdom", "source_file")
RESULT = {"gate": "curated", "table_name": "adqs", "severity": "critical", "sentence": "A sentence for a site."}
TODAY = dt.datetime.now(dt.UTC).date()
TOMORROW = TODAY + dt.timedelta(days=1)


def blocked(study: Study, *, verdict: str = "FAIL", rows: Sequence[str] = ("S01-001", "S02-001")) -> Cut:
    """Returns a cut that a critical check blocks, which these subjects' rows fail."""
    cut = make_candidate(study, verdict=verdict, blocking=True)
    failing(cut, rows)
    error = "there is no table curated.adqs" if verdict == "ERROR" else None
    check = {"check_id": CHECK, "verdict": verdict, "rows_failed": len(rows) if not error else None, "error": error}
    pq.write_table(pa.Table.from_pylist([RESULT | check]), cut.gate / "checks.parquet")
    return cut


def failing(cut: Cut, subjects: Sequence[str]) -> None:
    """Writes the failing rows of these subjects."""
    rows: list[dict[str, Any]] = [
        dict(zip(KEYS, (CHECK, subject[:3], subject, "d" * 64, 7, "MADRS", "W1", "QS", "f"), strict=True))
        for subject in subjects
    ]
    schema = pa.schema([(key, pa.int64() if key == "srcseq" else pa.string()) for key in KEYS])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), cut.gate / "failing_rows.parquet")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    made = small_study(tmp_path / "small", signoff="[approver]")
    add_signers(made, ada="approver")
    monkeypatch.setattr("pipelines.roles.system_user", lambda: "ada")
    return made


def given(study: Study, cut: Cut, *, until: dt.date = TOMORROW, **scope: str) -> Waiver:
    return waive(
        study,
        cut.cut_id,
        Scope(check_id=CHECK, **scope),
        role="approver",
        reason="Known and harmless.",
        key=key_of("ada"),
        until=until,
    )


def test_a_waived_check_lets_the_cut_go_on_and_its_verdict_stays_what_it_is(study: Study) -> None:
    cut = blocked(study)
    with pytest.raises(GateFailedError, match=CHECK):
        check_gate(study, cut)
    assert given(study, cut).rows == 2
    assert (check_gate(study, cut).blocking, check_gate(study, cut).waived) == (False, (CHECK,))
    assert (read_verdict(cut).blocking, read_verdict(cut).waived) == (True, ())


def test_a_waived_cut_is_signed_published_and_verified_and_its_page_prints_the_waiver(study: Study) -> None:
    cut = blocked(study)
    given(study, cut, siteid="S01")
    given(study, cut, usubjid="S02-001")
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    publish(study, cut.cut_id)
    page = (cut.report / "signatures.html").read_text()
    assert "Known and harmless." in page
    assert "site S01" in page
    assert len([name for name in json.loads(cut.seal.read_bytes())["files"] if name.startswith("waivers/")]) == 2
    assert verify(study).cuts == (cut.cut_id,)


def test_a_waiver_for_one_site_leaves_the_rows_of_the_others_blocking(study: Study) -> None:
    cut = blocked(study)
    given(study, cut, siteid="S01")
    with pytest.raises(GateFailedError):
        check_gate(study, cut)
    given(study, cut, siteid="S02")
    assert check_gate(study, cut).waived == (CHECK,)


def test_a_waiver_covers_no_row_that_its_signer_did_not_see(study: Study) -> None:
    cut = blocked(study)
    given(study, cut)
    failing(cut, ["S01-001", "S03-001"])
    with pytest.raises(GateFailedError):
        check_gate(study, cut)


def test_a_waiver_of_one_cut_is_none_of_another(study: Study) -> None:
    cut = blocked(study)
    record = given(study, cut)
    other = make_candidate(study, number=2, verdict="FAIL", blocking=True)
    failing(other, ["S01-001", "S02-001"])
    for name in ("gate/checks.parquet", f"waivers/{next((cut.directory / 'waivers').iterdir()).name}"):
        (other.directory / name).parent.mkdir(exist_ok=True)
        (other.directory / name).write_bytes((cut.directory / name).read_bytes())
    assert waivers(other) == [record]
    with pytest.raises(GateFailedError):
        check_gate(study, other)


def test_a_waiver_ends_after_its_last_day(study: Study) -> None:
    cut = blocked(study)
    given(study, cut, until=TODAY)
    assert check_gate(study, cut).waived == (CHECK,)
    (path,) = (cut.directory / "waivers").iterdir()
    yesterday = (TODAY - dt.timedelta(days=1)).isoformat()
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "until": yesterday}))
    with pytest.raises(GateFailedError):
        check_gate(study, cut)
    with pytest.raises(NotAllowedError, match="still to come"):
        given(study, cut, until=TODAY - dt.timedelta(days=1))


def test_what_was_waived_for_a_published_cut_is_closed_and_publishing_it_again_changes_nothing(study: Study) -> None:
    cut = blocked(study)
    given(study, cut, until=TODAY)
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    publish(study, cut.cut_id)
    assert publish(study, cut.cut_id).reused
    with pytest.raises(NotAllowedError, match="closed"):
        given(study, cut)


def test_a_cut_published_without_a_waiver_for_what_blocks_it_is_found_by_verify(study: Study) -> None:
    cut = blocked(study)
    record = given(study, cut)
    sign(study, cut.cut_id, role="approver", key=key_of("ada"))
    # As if the check had been left out: the waiver is gone when the cut is sealed.
    (path,) = (cut.directory / "waivers").iterdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipelines.publish.check_gate", lambda *_: None)
        path.unlink()
        publish(study, cut.cut_id)
    assert record.rows == 2
    with pytest.raises(IntegrityError, match="no waiver covers that"):
        verify(study)


def test_an_error_cannot_be_waived(study: Study) -> None:
    cut = blocked(study, verdict="ERROR", rows=())
    with pytest.raises(NotAllowedError, match="not waived"):
        given(study, cut)


def test_a_record_that_waives_an_error_waives_nothing(study: Study) -> None:
    cut = blocked(study, rows=())
    check = {"check_id": CHECK, "verdict": "FAIL", "rows_failed": None, "error": None}
    pq.write_table(pa.Table.from_pylist([check]), cut.gate / "checks.parquet")
    given(study, cut)
    assert check_gate(study, cut).waived == (CHECK,)
    pq.write_table(pa.Table.from_pylist([{**check, "verdict": "ERROR"}]), cut.gate / "checks.parquet")
    with pytest.raises(GateFailedError):
        check_gate(study, cut)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"role": "monitor"}, NotAllowedError, "may not"),
        ({"key": key_of("eve")}, NotAllowedError, "does not know this key"),
        ({"key": key_of("office")}, NotAllowedError, "role that is not asked for"),
        ({"reason": ""}, NotAllowedError, "reason"),
        ({"scope": Scope(check_id="CUR-ADQS-002")}, UsageError, "does not block"),
        ({"scope": Scope(check_id=CHECK, siteid="S09")}, UsageError, "nothing to waive"),
    ],
)
def test_a_waiver_needs_a_role_a_key_a_reason_and_rows_that_fail(
    study: Study, changed: dict[str, Any], error: type[Exception], said: str
) -> None:
    cut = blocked(study)
    values: dict[str, Any] = {"role": "approver", "reason": "R", "scope": Scope(check_id=CHECK), "key": key_of("ada")}
    values |= changed
    with pytest.raises(error, match=said):
        waive(study, cut.cut_id, values.pop("scope"), until=TOMORROW, **values)
    assert not waivers(cut)


@pytest.mark.parametrize("signoff", ["none", "demo"])
def test_nobody_waives_where_no_person_signs(tmp_path: Path, signoff: str) -> None:
    study = small_study(tmp_path / "unsigned", signoff=signoff)
    cut = blocked(study)
    with pytest.raises(NotAllowedError, match="nobody"):
        waive(study, cut.cut_id, Scope(check_id=CHECK), role="demo", reason="R", until=TOMORROW, key=DEMO_KEY)


def test_a_waiver_is_one_event_of_the_audit_trail_and_a_refused_one_is_a_failure(study: Study) -> None:
    cut = blocked(study)
    given(study, cut, siteid="S01")
    given(study, cut, siteid="S01")
    with pytest.raises(UsageError):
        given(study, cut, siteid="S09")
    told = [one.event for one in events(study.folder) if one.action in {"waive", "failure"}]
    assert [(event.action, event.object, event.reason) for event in told if event][:1] == [
        ("waive", f"cut {cut.cut_id}", "Known and harmless.")
    ]
    assert [event.action for event in told if event] == ["waive", "failure"]


def test_the_same_waiver_given_twice_is_one(study: Study) -> None:
    cut = blocked(study)
    assert given(study, cut) == given(study, cut)
    assert len(waivers(cut)) == 1


@pytest.mark.requirement("SIG-2")
@pytest.mark.parametrize("part", ["name", "role", "reason", "until", "check_id", "siteid", "rows", "rows_sha256"])
def test_an_altered_waiver_lets_nothing_pass(study: Study, part: str) -> None:
    cut = blocked(study)
    given(study, cut)
    (path,) = (cut.directory / "waivers").iterdir()
    record = json.loads(path.read_bytes())
    record[part] = 3 if part == "rows" else "9999-12-31" if part == "until" else "other"
    path.write_text(json.dumps(record))
    with pytest.raises(IntegrityError, match=r"bound to another record|another signer"):
        check_gate(study, cut)


@pytest.mark.requirement("SIG-3")
def test_a_waiver_of_a_compromised_key_lets_nothing_pass(study: Study) -> None:
    cut = blocked(study)
    given(study, cut)
    revoke_signer(study, "ada", reason="stolen", key=key_of(ADMIN_ID), compromised_since=TODAY)
    with pytest.raises(NotAllowedError, match="compromised since"):
        check_gate(study, cut)


def test_a_record_that_cannot_be_read_is_an_integrity_error(study: Study) -> None:
    cut = blocked(study)
    given(study, cut)
    next((cut.directory / "waivers").iterdir()).write_text("{}")
    with pytest.raises(IntegrityError, match="signed again"):
        check_gate(study, cut)


def test_the_command_says_what_is_waived_and_what_still_blocks(study: Study, tmp_path: Path) -> None:
    cut = blocked(study)
    key = str(key_file(tmp_path / "ada.key", "ada"))
    signer = ["--key", key, "--role", "approver", "--reason", "Known.", "--until", TOMORROW.isoformat()]
    command = ["waive", str(study.folder.root), "--check", CHECK, *signer]
    first = CliRunner().invoke(main, [*command, "--site", "S01"]).stdout
    assert f"cut {cut.short_id}: {CHECK} waived for site S01 (1 row)" in first
    assert f"still blocking: {CHECK}" in first
    second = CliRunner().invoke(main, [*command, "--subject", "S02-001"]).stdout
    assert "nothing blocks this cut any more" in second
    third = CliRunner().invoke(main, [*command, "--json"]).stdout
    assert json.loads(third)["rows"] == 2
