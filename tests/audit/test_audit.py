"""The audit trail for people: filtered, as lines, CSV, JSON and page; and what a reviewer looks at."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import sqlite3
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from pipelines.audit import Filters, audit, review
from pipelines.cli import main
from pipelines.core.duck import literal
from pipelines.cut import Cut
from pipelines.land import land
from pipelines.ledger import Event, events, head, record
from pipelines.study import Study
from tests.small_cut import make_candidate, small_study
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

FIRST, SECOND = "scores_2026-02-01.csv", "scores_2026-03-15.csv"
SUBJECT = "SMALL-S01-001"
# domain, key, variable, change: of SECOND beside FIRST.
CHANGES = (
    ("QS", "MADRS01 | W1 | 2026-01-12", "qsstresn", "changed"),
    ("QS", "MADRS02 | W1 | 2026-01-12", None, "vanished"),
    ("VS", "SYSBP | W1 | 2026-01-12", "vsstresn", "changed"),
    ("QS", "MADRS03 | W2 | 2026-01-19", None, "added"),
)


def changed_study(root: Path) -> tuple[Study, Cut]:
    """Returns a study in which a second export changed the first, and its cut."""
    study = small_study(root)
    cut = make_candidate(study)
    deliver(study, "S01", SECOND, scores_file(scores_row(total="29")))
    shas = {receipt.file: receipt.sha256 for receipt in land(study).deliveries}
    rows = ", ".join(
        f"('SMALL', 'S01', '{SUBJECT}', '{domain}', '{key}', {literal(variable)}, '{change}', "
        f"'{shas[FIRST]}', '{FIRST}', 7, '{shas[SECOND]}', '{SECOND}', 8, date '2026-03-15')"
        for domain, key, variable, change in CHANGES
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from (values {rows}) as t (studyid, siteid, usubjid, domain, record_key, variable, change, "
            "old_delivery_id, old_source_file, old_source_row, new_delivery_id, new_source_file, new_source_row, "
            f"seen_on)) to '{cut.tables / 'record_changes.parquet'}' (format parquet)"
        )
        connection.execute(
            f"copy (select '{shas[FIRST]}' as delivery_id, '{FIRST}' as file, date '2026-02-01' as delivered_on) "
            f"to '{cut.tables / 'deliveries.parquet'}' (format parquet)"
        )
    return study, cut


def run(study: Study, *options: str) -> Result:
    return CliRunner().invoke(main, ["audit", str(study.folder.root), *options])


@pytest.mark.requirement("AUD-5")
def test_changes_of_data_stand_beside_events_with_who_landed_them_and_where_both_values_are(tmp_path: Path) -> None:
    study, _ = changed_study(tmp_path / "small")
    found = audit(study, Filters(subject=SUBJECT, field="qsstresn")).lines
    (landed,) = [each for each in events(study.folder) if each.event and each.event.object == f"S01/{SECOND}"]
    assert [(line.seq, line.user, line.old, line.new, line.reason) for line in found] == [
        (landed.seq, landed.user, f"{FIRST} row 7", f"{SECOND} row 8", "changed")
    ]


@pytest.mark.requirement("AUD-5")
def test_filters_leave_what_was_asked_for(tmp_path: Path) -> None:
    study, _ = changed_study(tmp_path / "small")
    everything = audit(study)
    assert len(everything.lines) == everything.events + len(CHANGES)
    today = dt.date.fromisoformat(everything.lines[0].at[:10])
    day = dt.timedelta(days=1)
    counts = {
        Filters(action="data"): 4,
        Filters(action="land"): 2,
        Filters(site="S01", action="land"): 2,
        Filters(site="S02"): 0,
        Filters(subject="SMALL-S01-002"): 0,
        Filters(user="nobody of that name"): 0,
        Filters(object="SCORES_2026-03"): 1,
        Filters(since=today): len(everything.lines),
        Filters(since=today + day): 0,
        Filters(until=today - day): 0,
    }
    assert {filters.in_words: len(audit(study, filters).lines) for filters in counts} == {
        filters.in_words: number for filters, number in counts.items()
    }


@pytest.mark.requirement("AUD-5")
def test_the_review_names_endpoint_fields_late_changes_and_who(tmp_path: Path) -> None:
    study, _ = changed_study(tmp_path / "small")
    found = review(study)
    assert [(one.test, one.changed, one.added, one.vanished) for one in found.endpoint_changes] == [
        ("MADRS01", 1, 0, 0),
        ("MADRS02", 0, 0, 1),
        ("MADRS03", 0, 1, 0),
    ]
    assert [one.test for one in found.changes if not one.feeds_endpoint] == ["SYSBP"]
    # 42 days after; what was added is no correction.
    assert [(one.file, one.changes, one.of_endpoints) for one in found.late] == [(SECOND, 3, 2)]
    assert review(study, late_days=42).late == ()
    assert [(site, n) for site, _, n in found.by_user] == [("S01", 3)]


@pytest.mark.requirement("AUD-5")
def test_a_change_after_a_lock_or_a_published_cut_is_late_and_one_after_the_unlock_is_not(tmp_path: Path) -> None:
    study = small_study(tmp_path / "small")
    record(study.folder, Event(action="lock", object="data"))
    study, cut = changed_study(tmp_path / "small")
    assert [(one.why, one.changes) for one in review(study, late_days=99).late] == [("after a lock", 4)]
    cut.seal.write_text(json.dumps({"published_at": "2020-01-01T00:00:00Z"}))
    assert [one.why for one in review(study, late_days=99).late] == ["after a lock; after a cut was published"]
    other = small_study(tmp_path / "other")
    record(other.folder, Event(action="lock", object="data"), Event(action="unlock", object="data"))
    assert review(changed_study(tmp_path / "other")[0], late_days=99).late == ()


@pytest.mark.requirement("AUD-5")
def test_the_command_writes_lines_as_csv_json_and_page(tmp_path: Path) -> None:
    study, _ = changed_study(tmp_path / "small")
    record(study.folder, Event(action="sign", object="cut 1", reason="=cmd|' /C calc'!A0"))
    table, page = tmp_path / "audit.csv", tmp_path / "audit.html"
    assert run(study, "--csv", str(table), "--page", str(page)).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert len(rows) == len(audit(study).lines)
    assert [row["reason"] for row in rows if row["action"] == "sign"] == ["'=cmd|' /C calc'!A0"]
    text = page.read_text()
    assert "<script" not in text
    assert f"{head(study.folder).seq}:{head(study.folder).sha256}" in text
    assert "&#39; /C calc" in text
    assert len(json.loads(run(study, "--json", "--action", "data").output)["lines"]) == 4
    assert "Endpoint fields changed" in run(study, "--review").output
    assert json.loads(run(study, "--review", "--json").output)["late_days"] == 30
    assert SUBJECT in run(study, "--subject", SUBJECT).output


@pytest.mark.requirement("AUD-4")
def test_the_command_erases_what_an_event_says_and_the_trail_still_holds(tmp_path: Path) -> None:
    study = small_study(tmp_path / "small")
    record(study.folder, Event(action="sign", object="cut 1", reason="spoke with Mrs Waterhouse"))
    assert "Waterhouse" in run(study).output
    assert run(study, "--erase", "1").exit_code == 2
    assert run(study, "--reason", "none to give").exit_code == 2
    assert run(study, "--erase", "1", "--reason", "it named a person").exit_code == 0
    shown = run(study)
    assert shown.exit_code == 0
    assert "(erased)" in shown.output
    assert "Waterhouse" not in shown.output


@pytest.mark.requirement("AUD-3")
def test_a_trail_that_does_not_hold_is_shown_and_said(tmp_path: Path) -> None:
    study = small_study(tmp_path / "small")
    record(study.folder, Event(action="sign", object="cut 1", reason="looked"), Event(action="build", object="cut 1"))
    with contextlib.closing(sqlite3.connect(study.folder.ledger)) as connection, connection:
        connection.execute("update ledger_links set \"user\" = 'somebody' where seq = 1")
    shown = run(study)
    assert shown.exit_code == 14
    assert "event 1: its hash is not that of what it says" in shown.output
    assert "looked" in shown.output


@pytest.mark.requirement("AUD-6")
def test_no_way_of_reading_the_trail_of_a_blinded_study_shows_an_arm(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("blinding: open", "blinding: blinded")
    text = text.replace("KET: {", "KETCANARY: {").replace("[KET, PBO]", "[KETCANARY, PBO]")
    study = make_study(tmp_path / "small", text.replace("label: Ketamine", "label: CANARYLABEL"))
    deliver(study, "S01", FIRST, scores_file(scores_row()))
    for day, arm in (("2026-02-01", "KETCANARY"), ("2026-03-01", "PBO")):
        deliver(study, "IRT", f"allocation_{day}.csv", f"site,id,arm,day\nS01,001,{arm},2026-01-05\n")
    wrong = "site,id,arm,day\nS01,001,CANARYWRONG,2026-01-05\nS01,002,PBO,2026-01-06\n"
    deliver(study, "IRT", "allocation_2026-04-01.csv", wrong)
    land(study)
    page, table = tmp_path / "audit.html", tmp_path / "audit.csv"
    said = [run(study, *options).output for options in ((), ("--json",), ("--review",), ("--review", "--json"))]
    assert run(study, "--page", str(page), "--csv", str(table)).exit_code == 0
    assert "allocation_2026-02-01.csv" in said[0]
    assert not [text for text in (*said, page.read_text(), table.read_text()) if "CANARY" in text]
    assert b"CANARY" not in study.folder.ledger.read_bytes()


@pytest.mark.requirement("AUD-3")
def test_a_head_kept_elsewhere_is_printed_and_found_again_by_verify(tmp_path: Path) -> None:
    study = small_study(tmp_path / "small")
    record(study.folder, Event(action="build", object="cut 1"))
    noted = run(study, "--head").output.strip()
    assert noted == f"1:{head(study.folder).sha256}"
    assert json.loads(run(study, "--head", "--json").output) == {"seq": 1, "sha256": head(study.folder).sha256}
    wrong = CliRunner().invoke(main, ["verify", str(study.folder.root), "--ledger-head", "1:xyz"])
    assert (wrong.exit_code, "as `afterglow audit STUDY --head` prints them" in wrong.output) == (2, True)
