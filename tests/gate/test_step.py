"""The gate on a cut on disk: what it writes, what blocks, and what it never writes."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.core.errors import IntegrityError, StudyFileError
from pipelines.cut import Cut
from pipelines.gate import gate, read_verdict
from pipelines.study import load_study

CANARY = "Zaphod-Beeblebrox-42"
ROOT = Path(__file__).resolve().parents[2]


def _checks(small: Any) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(small.directory / "gate" / "checks.parquet").to_pylist()
    return {row["check_id"]: row for row in rows}


def test_a_good_cut_is_not_blocked_and_its_rows_set_aside_are_queries(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    receipt = gate(small.study, small.cut_id)
    assert (receipt.verdict, receipt.blocking, receipt.failed) == ("PASS_WITH_ROWS", False, ("LAN-QUARANTINE-003",))
    rows = pq.read_table(small.directory / "gate" / "failing_rows.parquet").to_pylist()
    assert [(row["check_id"], row["siteid"], row["srcseq"]) for row in rows] == [("LAN-QUARANTINE-003", "S01", 100)]
    verdict = read_verdict(Cut(small.study.folder, small.cut_id))
    assert (verdict.checks, verdict.blocked_by) == (receipt.checks, ())


def test_a_critical_failure_blocks(small_cut: Callable[..., Any]) -> None:
    small = small_cut("update curated.adsl set siteid = 'S99'")
    receipt = gate(small.study, small.cut_id)
    assert (receipt.verdict, receipt.blocking) == ("FAIL", True)
    verdict = read_verdict(Cut(small.study.folder, small.cut_id))
    assert "CUR-ADSL-003" in verdict.blocked_by
    assert "PUB-ADSL-001" in verdict.blocked_by


def test_a_major_finding_does_not_block(small_cut: Callable[..., Any]) -> None:
    small = small_cut(
        *(f"update {schema}.adae set aendt = date '2026-01-09', aendy = -1" for schema in ("curated", "published"))
    )
    receipt = gate(small.study, small.cut_id)
    assert (receipt.verdict, receipt.blocking) == ("PASS_WITH_ROWS", False)
    assert "CUR-ADAE-003" in receipt.failed


def test_a_cut_that_was_gated_is_not_gated_again(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    first = gate(small.study, small.cut_id)
    before = (small.directory / "gate" / "verdict.json").stat().st_mtime_ns
    second = gate(small.study, small.cut_id)
    assert (first.reused, second.reused) == (False, True)
    assert second.failed == first.failed
    assert (small.directory / "gate" / "verdict.json").stat().st_mtime_ns == before


def test_a_delivered_domain_without_a_row_is_an_error_and_blocks(small_cut: Callable[..., Any]) -> None:
    small = small_cut("delete from landed.lb", *(f"delete from {s}.biomarkers" for s in ("curated", "published")))
    assert gate(small.study, small.cut_id).blocking
    checks = _checks(small)
    assert (checks["LAN-LB-001"]["verdict"], checks["LAN-LB-001"]["error"]) == (
        "ERROR",
        "ran on nothing: landed.lb has no rows",
    )
    assert checks["CUR-BIOMARKERS-001"]["verdict"] == "ERROR"


def test_a_domain_that_no_layout_delivers_is_not_listed(small_cut: Callable[..., Any]) -> None:
    others = ("dm", "ex", "qs", "vs", "ae", "ds", "pr", "ce")
    emptied = ("delete from landed.lb", *(f"delete from {s}.biomarkers" for s in ("curated", "published")))
    small = small_cut(*emptied, domains=others)
    assert not gate(small.study, small.cut_id).blocking
    assert not [check_id for check_id in _checks(small) if check_id.startswith(("LAN-LB-", "CUR-BIOMARKERS-"))]


def test_no_adverse_event_yet_is_no_error(small_cut: Callable[..., Any]) -> None:
    small = small_cut("delete from landed.ae", *(f"delete from {s}.adae" for s in ("curated", "published")))
    assert not gate(small.study, small.cut_id).blocking
    check = _checks(small)["CUR-ADAE-003"]
    assert (check["verdict"], check["rows_checked"], check["rows_failed"]) == ("PASS", 0, 0)


def test_a_mart_that_has_no_file_is_an_error(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    (small.directory / "tables" / "adae.parquet").unlink()
    assert gate(small.study, small.cut_id).blocking
    assert _checks(small)["PUB-ADAE-001"]["error"] == "there is no table published.adae"


def test_a_mart_without_a_suite_is_an_error(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    with duckdb.connect(str(small.directory / "cut.duckdb")) as connection:
        connection.execute("create table marts.adxx as select 1 as i")
    assert gate(small.study, small.cut_id).blocking
    assert _checks(small)["CUR-ADXX-000"]["verdict"] == "ERROR"


def test_a_published_file_that_cannot_be_read_is_an_integrity_error(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    (small.directory / "tables" / "adae.parquet").write_bytes(CANARY.encode() * 9)
    with pytest.raises(IntegrityError, match=r"published\.adae") as raised:
        gate(small.study, small.cut_id)
    assert CANARY not in str(raised.value)


def test_landed_rows_that_are_gone_are_an_integrity_error(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    shutil.rmtree(small.study.folder.deliveries)
    with pytest.raises(IntegrityError, match="not there"):
        gate(small.study, small.cut_id)


def test_a_cut_is_not_gated_by_another_study_file_than_it_was_made_by(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    with small.study.folder.study_file.open("a", encoding="utf-8") as file:
        file.write("# edited since\n")
    with pytest.raises(StudyFileError, match="changed after"):
        gate(load_study(small.study.folder.root), small.cut_id)


def test_a_cut_that_is_not_there_is_refused(small_cut: Callable[..., Any]) -> None:
    with pytest.raises(IntegrityError, match="no cut"):
        gate(small_cut().study, "f" * 64)


def test_a_cut_without_its_database_is_refused(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    (small.directory / "cut.duckdb").unlink()
    with pytest.raises(IntegrityError, match="build"):
        gate(small.study, small.cut_id)
    assert not (small.directory / "gate").exists()


def test_no_value_of_a_failing_row_is_written_or_logged(
    small_cut: Callable[..., Any], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    small = small_cut(
        f"update landed.dm set sex = '{CANARY}'",
        f"update landed.qs set visit = '{CANARY}', qstestcd = '{CANARY}'",
        f"update landed.vs set siteid = '{CANARY}', vsdtc = '{CANARY}'",
        f"update curated.adsl set eosstt = '{CANARY}', trta = '{CANARY}'",
        f"update curated.adae set aesev = '{CANARY}', astdtc = '{CANARY}'",
        f"update curated.response set crit1 = '{CANARY}'",
        # An error while the check runs: the value cannot be cast, and the engine's message holds it.
        "alter table study.settings alter data_cutoff type varchar",
        f"update study.settings set data_cutoff = '{CANARY}'",
    )
    receipt = gate(small.study, small.cut_id)
    assert receipt.blocking
    checks = _checks(small)
    assert checks["LAN-DM-008"]["verdict"] == "FAIL"
    assert checks["CUR-ADQS-018"]["verdict"] == "ERROR"
    written = {file.name: file.read_bytes() for file in (small.directory / "gate").iterdir()}
    output = capfd.readouterr()
    for name, content in {
        **written,
        "log": caplog.text.encode(),
        "stdout": output.out.encode(),
        "stderr": output.err.encode(),
    }.items():
        assert CANARY.encode() not in content, name
    # Parquet may hold text compressed: read it too.
    for name in ("checks.parquet", "failing_rows.parquet"):
        assert CANARY not in str(pq.read_table(small.directory / "gate" / name).to_pylist()), name


def test_the_same_cut_gives_the_same_bytes(small_cut: Callable[..., Any]) -> None:
    # Another process, with another hash seed, time zone and locale.
    fault = "update curated.adae set aesev = null, aedecod = null"
    first, second = small_cut(fault, name="first"), small_cut(fault, name="second")
    assert first.cut_id == second.cut_id
    gate(first.study, first.cut_id)
    program = (
        "import sys; from pathlib import Path\n"
        "from pipelines.gate import gate; from pipelines.study import load_study\n"
        "gate(load_study(Path(sys.argv[1])), sys.argv[2])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", program, str(second.study.folder.root), second.cut_id],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
    )
    for name in ("checks.parquet", "failing_rows.parquet", "reconciliation.parquet", "verdict.json"):
        left, right = first.directory / "gate" / name, second.directory / "gate" / name
        assert left.read_bytes() == right.read_bytes(), name


def test_a_verdict_that_contradicts_itself_is_no_verdict(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    gate(small.study, small.cut_id)
    file = small.directory / "gate" / "verdict.json"
    content = json.loads(file.read_bytes())
    file.write_text(json.dumps({**content, "checks": 0}), encoding="utf-8")
    with pytest.raises(IntegrityError, match="contradicts"):
        read_verdict(Cut(small.study.folder, small.cut_id))


def test_a_cut_that_was_not_gated_has_no_verdict(small_cut: Callable[..., Any]) -> None:
    small = small_cut()
    with pytest.raises(IntegrityError, match="afterglow gate"):
        read_verdict(Cut(small.study.folder, small.cut_id))


def test_a_check_that_raised_an_error_is_run_again_until_somebody_signs(
    small_cut: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the check would have found is not known yet, and what raised may be over."""
    small = small_cut()
    cut = Cut(small.study.folder, small.cut_id)

    def raised(*_: object, **__: object) -> None:
        message = "a library fell over"
        raise RuntimeError(message)

    with monkeypatch.context() as patch:
        from pipelines.gate import failing_rows

        patch.setattr(failing_rows.FailingRows, "_validate", raised)
        blocked = gate(small.study, small.cut_id)
        assert (blocked.verdict, blocked.blocking) == ("ERROR", True)
        cut.report.mkdir()
        assert not gate(small.study, small.cut_id).reused
    assert cut.report.exists() is False
    cut.report.mkdir()
    healed = gate(small.study, small.cut_id)
    assert (healed.verdict, healed.reused) == ("PASS_WITH_ROWS", False)
    assert not cut.report.exists(), "it showed the verdict that was taken back"
    assert not list(cut.directory.glob(".*"))
    assert gate(small.study, small.cut_id).reused


def test_an_error_that_somebody_signed_or_whose_cause_is_in_the_cut_stays(small_cut: Callable[..., Any]) -> None:
    small = small_cut("alter table curated.adsl drop column siteid")
    assert gate(small.study, small.cut_id).verdict == "ERROR"
    assert gate(small.study, small.cut_id).reused
