"""A sidecar states what a delivery holds: what differs from it does not land, and what it finds nothing else can."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pipelines.cut import cut_inputs
from pipelines.land import DeliveryReceipt, land
from pipelines.study import Study
from tests.land.hostile import BAD as SCORES
from tests.land.hostile import CANARY
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

ROWS = scores_file(scores_row("001"), scores_row("002"), scores_row("003"))
SHA256 = hashlib.sha256(ROWS.encode()).hexdigest()
MD5 = hashlib.md5(ROWS.encode(), usedforsecurity=False).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


def study_with(root: Path, form: str, *, required: bool = True) -> Study:
    declared = f"    - file: scores_{{date}}.csv\n      sidecar: {{type: {form}, required: {str(required).lower()}}}\n"
    return make_study(root, STUDY_FILE.replace("    - file: scores_{date}.csv\n", declared))


def only(study: Study) -> DeliveryReceipt:
    (receipt,) = land(study).deliveries
    return receipt


AS_STATED = [
    ("sha256", f"{SCORES}.sha256", f"{SHA256}  {SCORES}\n"),
    ("sha256", f"{SCORES}.sha256", f"{SHA256.upper()} *{SCORES}\r\n"),
    ("sha256", f"{SCORES}.sha256", SHA256),
    ("md5", f"{SCORES}.md5", f"{MD5}  {SCORES}\n"),
    ("manifest_json", f"{SCORES}.manifest.json", json.dumps({"file": SCORES, "rows": 3, "sha256": SHA256, "by": "us"})),
    ("manifest_json", f"{SCORES}.manifest.json", '{"rows": 3}'),
    ("manifest_csv", "manifest.csv", f"file,rows,sha256,made\n{SCORES},3,{SHA256},now\nother.csv,1,,now\n"),
    ("manifest_csv", "manifest.csv", f"\ufefffile,rows\r\n{SCORES},3\r\n"),
]


@pytest.mark.parametrize(("form", "name", "content"), AS_STATED)
def test_a_file_that_is_as_stated_lands_and_the_sidecar_is_kept(
    tmp_path: Path, form: str, name: str, content: str
) -> None:
    study = study_with(tmp_path, form)
    deliver(study, "S01", SCORES, ROWS)
    deliver(study, "S01", name, content)
    receipt = only(study)
    assert (receipt.file, receipt.outcome, receipt.rows_accepted) == (SCORES, "accepted", 3)
    kept = study.folder.vault / "deliveries" / hashlib.sha256(content.encode()).hexdigest() / name
    assert kept.read_bytes() == content.encode()
    assert not only(study).new
    assert [it.file for it in cut_inputs(study).deliveries] == [SCORES]


# Statements that are not of the rows delivered.
DIFFERING = [
    ("sha256", f"{SCORES}.sha256", f"{OTHER}  {SCORES}\n", "F_HASH"),
    ("md5", f"{SCORES}.md5", f"{OTHER[:32]}  {SCORES}\n", "F_HASH"),
    ("manifest_json", f"{SCORES}.manifest.json", json.dumps({"sha256": OTHER, "rows": 3}), "F_HASH"),
    ("manifest_json", f"{SCORES}.manifest.json", '{"rows": 4}', "F_ROWCOUNT"),
    ("manifest_csv", "manifest.csv", f"file,rows\n{SCORES},2\n", "F_ROWCOUNT"),
    ("manifest_csv", "manifest.csv", f"file,rows\n{SCORES},0\n", "F_ROWCOUNT"),
]
BROKEN = [
    *(
        ("sha256", f"{SCORES}.sha256", text)
        for text in (CANARY, f"{SHA256}  other.csv\n", f"{SHA256[:-1]}  {SCORES}\n")
    ),
    *(
        ("sha256", f"{SCORES}.sha256", text)
        for text in (f"{SHA256}  {SCORES}\n{OTHER}  {SCORES}\n", b"\xff\xfe", "\0" * 64)
    ),
    ("md5", f"{SCORES}.md5", f"{SHA256}  {SCORES}\n"),
    *(
        ("manifest_json", f"{SCORES}.manifest.json", text)
        for text in (
            *("[]", "{}", "3", '{"rows": "3"}', '{"rows": 3.0}', '{"rows": true}', '{"rows": -3}', '{"rows": NaN}'),
            *('{"rows": 3, "rows": 4}', '{"rows": 3, "file": "other.csv"}', '{"sha256": 5}', "[" * 100_000),
        )
    ),
    *(
        ("manifest_csv", "manifest.csv", text)
        for text in (
            *(f"{SCORES},3\n", f"name,rows\n{SCORES},3\n", f"file,size\n{SCORES},3\n", f"file,rows\n{SCORES},three\n"),
            *(f"file,rows\n{SCORES}\n", f"file,rows\n{SCORES},3,4\n", f"file,rows\n{SCORES},3\n{SCORES},3\n"),
            *(f"file,rows\n{SCORES},\n", f"file,rows,rows\n{SCORES},3,3\n", f'file,rows\n"{SCORES},3\n'),
        )
    ),
]


@pytest.mark.parametrize(("form", "name", "content", "code"), [*DIFFERING, *((*case, "F_SIDECAR") for case in BROKEN)])
def test_a_file_that_is_not_as_stated_is_refused_until_a_right_sidecar_comes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], form: str, name: str, content: str | bytes, code: str
) -> None:
    study = study_with(tmp_path, form)
    deliver(study, "S01", SCORES, ROWS)
    deliver(study, "S01", "scores_2026-02-02.csv", "")
    deliver(study, "S01", name, content)
    receipt = next(it for it in land(study).deliveries if it.file == SCORES)
    assert (receipt.outcome, receipt.codes, receipt.rows_in) == ("refused", (code,), 0)
    assert (study.folder.vault / "refused" / receipt.sha256 / SCORES).read_text() == ROWS
    assert name in receipt.detail
    assert CANARY not in receipt.detail + "".join(capfd.readouterr())
    right = {case[0]: case for case in AS_STATED}[form]
    deliver(study, "S01", right[1], right[2])
    assert next(it for it in land(study).deliveries if it.file == SCORES).outcome == "accepted"


@pytest.mark.parametrize("form", ["sha256", "manifest_csv"])
def test_a_file_waits_for_the_sidecar_that_is_asked_for_and_lands_when_it_comes(tmp_path: Path, form: str) -> None:
    study = study_with(tmp_path, form)
    deliver(study, "S01", SCORES, ROWS)
    deliver(study, "S01", "manifest.csv" if form == "manifest_csv" else "orphan.csv.sha256", "file,rows\nother.csv,3\n")
    receipt = next(it for it in land(study).deliveries if it.file == SCORES)
    assert (receipt.outcome, receipt.codes) == ("refused", ("F_NO_SIDECAR",))
    name, content = {case[0]: case[1:] for case in AS_STATED}[form]
    deliver(study, "S01", name, content)
    receipt = next(it for it in land(study).deliveries if it.file == SCORES)
    assert (receipt.outcome, receipt.codes, receipt.new) == ("accepted", (), True)


def test_a_sidecar_that_is_not_required_is_missed_with_a_warning_and_checked_where_it_is(tmp_path: Path) -> None:
    study = study_with(tmp_path, "sha256", required=False)
    deliver(study, "S01", SCORES, ROWS)
    assert (only(study).outcome, only(study).codes) == ("warned", ("W_NO_SIDECAR",))
    deliver(study, "S01", f"{SCORES}.sha256", OTHER)
    assert only(study).codes == ("F_HASH",)


def test_a_statement_holds_when_file_and_sidecar_have_left_the_inbox(tmp_path: Path) -> None:
    study = study_with(tmp_path, "manifest_csv")
    paths = [deliver(study, "S01", SCORES, ROWS), deliver(study, "S01", "manifest.csv", f"file,rows\n{SCORES},4\n")]
    assert only(study).codes == ("F_ROWCOUNT",)
    for path in paths:
        path.unlink()
    # Landed again for another contract, from the vault.
    again = make_study(
        tmp_path, (tmp_path / "study.yml").read_text().replace("total: {type: integer", "total: {type: number")
    )
    assert (only(again).codes, only(again).new) == (("F_ROWCOUNT",), False)


def test_a_sidecar_of_no_file_is_left_alone_and_recorded(tmp_path: Path) -> None:
    study = study_with(tmp_path, "sha256")
    deliver(study, "S01", f"{SCORES}.sha256", SHA256)
    receipt = land(study)
    assert (receipt.deliveries, receipt.ignored) == ((), (f"S01/{SCORES}.sha256",))


def test_a_sidecar_that_no_layout_declares_is_a_file_like_others(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", "manifest.csv", "file,rows\n")
    assert only(study).codes == ("F_FILE_UNKNOWN",)


# What reads well, and is not what was sent: only a count or a hash tells.
CUT = [
    ("at the end of a row", "".join(ROWS.splitlines(keepends=True)[:3])),
    (
        "of a line end in a quoted field",
        scores_file(scores_row("001", note='"a'), scores_row("002"), scores_row("003", note='b"')),
    ),
]


@pytest.mark.parametrize("content", [case[1] for case in CUT], ids=[case[0] for case in CUT])
def test_rows_that_are_lost_without_a_trace_are_missed_by_the_sidecar(tmp_path: Path, content: str) -> None:
    plain = make_study(tmp_path / "plain")
    deliver(plain, "S01", SCORES, content)
    assert only(plain).outcome == "accepted"
    study = study_with(tmp_path / "stated", "manifest_csv")
    deliver(study, "S01", SCORES, content)
    deliver(study, "S01", "manifest.csv", f"file,rows\n{SCORES},3\n")
    receipt = only(study)
    assert receipt.codes == ("F_ROWCOUNT",)
    assert "states 3 rows; the file holds" in receipt.detail
