"""History: what a check found in one cut and not in another, row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import IntegrityError
from pipelines.cut import Cut
from pipelines.history import history
from pipelines.publish import publish
from pipelines.study import Study
from tests.small_cut import make_candidate, small_study

Row = tuple[str, str | None, str, str, int]
CHECKS = {"CUR-ADQS-007": "major", "LAN-QUARANTINE-003": "major", "CUR-ADSL-001": "critical"}
KEYS = ("check_id", "siteid", "usubjid", "paramcd", "avisit", "srcdom", "delivery_id", "source_file", "srcseq")


def gated(study: Study, number: int, rows: Sequence[Row], *, published: bool = True) -> Cut:
    """Returns a gated cut with these failing rows (check, subject, visit, file, row)."""
    cut = make_candidate(study, number=number)
    if published:
        (cut.directory / "seal.json").write_text(json.dumps({"published_at": f"2026-0{number}-01T00:00:00Z"}))
    failing: list[dict[str, Any]] = [
        dict(zip(KEYS, (check, "S01", subject, "MADRS", visit, "QS", "d" * 64, file, srcseq), strict=True))
        for check, subject, visit, file, srcseq in rows
    ]
    schema = pa.schema([(key, pa.int64() if key == "srcseq" else pa.string()) for key in KEYS])
    pq.write_table(pa.Table.from_pylist(failing, schema=schema), cut.gate / "failing_rows.parquet")
    found = {row[0] for row in rows}
    checks = [
        {
            "check_id": check,
            "gate": "curated",
            "table_name": "adqs",
            "severity": severity,
            "sentence": "A sentence for a site.",
            "verdict": "PASS_WITH_ROWS" if check in found else "PASS",
        }
        for check, severity in CHECKS.items()
    ]
    pq.write_table(pa.Table.from_pylist(checks), cut.gate / "checks.parquet")
    return cut


PUT_RIGHT: Row = ("CUR-ADQS-007", "S01-001", "W1", "scores_1.csv", 7)
# The same finding in a newer export: another file, another row.
STILL: tuple[Row, Row] = (
    ("CUR-ADQS-007", "S01-002", "W1", "scores_1.csv", 9),
    ("CUR-ADQS-007", "S01-002", "W1", "scores_2.csv", 4),
)
FRESH: Row = ("CUR-ADQS-007", "S01-003", "W2", "scores_2.csv", 5)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two published cuts, the later one made first on disk."""
    made = small_study(tmp_path / "small")
    gated(made, 2, [STILL[1], FRESH])
    gated(made, 1, [PUT_RIGHT, STILL[0]])
    return made


def test_a_row_is_gone_still_open_or_new_whatever_file_it_came_in(study: Study) -> None:
    receipt = history(study)
    assert {finding.usubjid: finding.state for finding in receipt.findings} == {
        "S01-001": "gone",
        "S01-002": "open",
        "S01-003": "new",
    }
    (check,) = receipt.checks
    assert (check.check_id, check.verdicts) == ("CUR-ADQS-007", ("PASS_WITH_ROWS", "PASS_WITH_ROWS"))
    assert (check.new, check.open, check.back, check.gone) == (1, 1, 0, 1)


def test_an_open_row_names_the_cut_that_saw_it_first(study: Study) -> None:
    receipt = history(study)
    still = next(finding for finding in receipt.findings if finding.usubjid == "S01-002")
    assert (still.first_seen, still.since, still.last_seen) == (receipt.cuts[0], receipt.cuts[0], receipt.cuts[1])


def test_a_row_that_was_put_right_and_comes_again_is_back(study: Study) -> None:
    newest = gated(study, 3, [PUT_RIGHT])
    found = {finding.usubjid: finding for finding in history(study).findings}
    assert found["S01-001"].state == "back"
    assert (found["S01-001"].first_seen, found["S01-001"].since) == (history(study).cuts[0], newest.cut_id)
    assert found["S01-002"].state == "gone"


def test_two_rows_with_the_same_keys_are_two_findings_and_one_of_them_is_put_right(study: Study) -> None:
    gated(study, 3, [FRESH, (*FRESH[:4], 6)])
    gated(study, 4, [FRESH])
    states = [finding.state for finding in history(study).findings if finding.usubjid == "S01-003"]
    assert sorted(states) == ["gone", "open"]


def test_a_row_of_nobody_is_known_by_its_place_in_its_export(study: Study) -> None:
    gated(study, 3, [("LAN-QUARANTINE-003", None, "W1", "scores_3.csv", 8)])
    gated(study, 4, [("LAN-QUARANTINE-003", None, "W1", "scores_3.csv", row) for row in (8, 9)])
    found = [finding for finding in history(study).findings if finding.check_id == "LAN-QUARANTINE-003"]
    assert sorted(finding.state for finding in found) == ["new", "open"]


def test_a_row_that_the_gate_gave_an_id_is_known_by_it(study: Study) -> None:
    for number, visit in ((3, "W1"), (4, "W2")):
        cut = gated(study, number, [("CUR-ADQS-007", "S01-009", visit, "scores_3.csv", number)])
        rows = pq.read_table(cut.gate / "failing_rows.parquet")
        path = cut.gate / "failing_rows.parquet"
        pq.write_table(rows.append_column("row_id", pa.array(["7F3A21-9B04C2"])), path)
    (finding,) = [one for one in history(study).findings if one.usubjid == "S01-009"]
    assert (finding.finding_id, finding.state) == ("7F3A21-9B04C2", "open")


def test_the_newest_cut_counts_before_it_is_published(study: Study) -> None:
    candidate = gated(study, 5, [], published=False)
    receipt = history(study)
    assert receipt.cuts[-1] == candidate.cut_id
    assert {finding.state for finding in receipt.findings} == {"gone"}


def test_a_cut_s_page_of_signatures_prints_what_changed_since_the_cuts_before(study: Study) -> None:
    newest = gated(study, 3, [PUT_RIGHT], published=False)
    publish(study, newest.cut_id)
    page = (newest.report / "signatures.html").read_text()
    assert "Findings since the cuts before" in page
    cells = [f"<td>{number}</td>" for number in (0, 0, 1, 2)]
    assert "\n".join(cells) in page
    assert "S01-002" not in page


def test_the_page_of_a_first_cut_has_nothing_to_compare(tmp_path: Path) -> None:
    study = small_study(tmp_path / "first")
    only = gated(study, 1, [FRESH], published=False)
    publish(study, only.cut_id)
    assert "Findings since" not in (only.report / "signatures.html").read_text()


def test_the_history_of_an_older_cut_ends_with_it(study: Study) -> None:
    older = Cut(study.folder, history(study).cuts[0])
    receipt = history(study, until=older)
    assert receipt.cuts == (older.cut_id,)
    assert {finding.state for finding in receipt.findings} == {"new"}


def test_a_damaged_table_of_verdicts_is_an_integrity_error(study: Study) -> None:
    (Cut(study.folder, history(study).cuts[0]).gate / "checks.parquet").write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match="verify"):
        history(study)


def test_the_command_counts_by_check_and_lists_the_rows_asked_for(study: Study) -> None:
    folder = str(study.folder.root)
    shown = CliRunner().invoke(main, ["history", folder]).stdout
    assert "CUR-ADQS-007  major     rows > rows" in shown
    assert "S01-003" not in shown
    listed = CliRunner().invoke(main, ["history", folder, "--state", "new"]).stdout
    assert "S01-003" in listed
    assert "S01-002" not in listed
    found = json.loads(CliRunner().invoke(main, ["history", folder, "--json"]).stdout)
    assert [finding["state"] for finding in found["findings"]].count("open") == 1
