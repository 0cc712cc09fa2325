"""A site's file, out and back: nothing in it is a formula, nothing but ids and words comes out of the vault."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import InputRefusedError, UsageError
from pipelines.ledger import events
from pipelines.queries import export_queries, import_answers, queries
from pipelines.study import Study
from tests.queries.asked import Asked, gated_cut
from tests.small_cut import small_study

FIRST, SECOND = Asked(query_id="Q-000001-AAAAAA"), Asked(query_id="Q-000002-BBBBBB", siteid="S02")
CANARY = "Mrs Waterhouse"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = small_study(tmp_path / "small")
    gated_cut(made, "2026-01-10", FIRST, SECOND)
    return made


def files(study: Study, folder: Path, form: str) -> dict[str, Path]:
    assert form in {"csv", "xlsx"}
    return export_queries(study, queries(study), folder, form="csv" if form == "csv" else "xlsx").files


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_holds_one_site_s_queries_and_the_same_register_gives_the_same_bytes(
    study: Study, tmp_path: Path, form: str
) -> None:
    one, other = files(study, tmp_path / "one", form), files(study, tmp_path / "other", form)
    assert sorted(one) == ["S01", "S02"]
    assert {site: path.read_bytes() for site, path in one.items()} == {s: p.read_bytes() for s, p in other.items()}
    text = one["S01"].read_bytes() if form == "csv" else parts(one["S01"])
    assert FIRST.query_id.encode() in text
    assert SECOND.query_id.encode() not in text


def parts(workbook: Path) -> bytes:
    with zipfile.ZipFile(workbook) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("item", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula(tmp_path: Path, item: str) -> None:
    study = small_study(tmp_path / "small")
    gated_cut(study, "2026-01-10", Asked(query_id="Q-000001-AAAAAA", item=item))
    line = files(study, tmp_path, "csv")["S01"].read_text(encoding="utf-8-sig").splitlines()[1]
    assert f"'{item}" in line.replace('"', "")
    assert b"<f>" not in parts(files(study, tmp_path, "xlsx")["S01"])


def filled(study: Study, folder: Path, answer: str = "confirmed", comment: str = "") -> Path:
    path = files(study, folder, "csv")["S01"]
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(re.sub(r",,\s*$", f",{answer},{comment}\n", text), encoding="utf-8-sig")
    return path


def test_answers_come_back_once_and_are_told_in_the_audit_trail_by_subject(study: Study, tmp_path: Path) -> None:
    path = filled(study, tmp_path, "corrected")
    first, second = import_answers(study, path), import_answers(study, path)
    assert (first.answers["corrected"], first.sites, first.known, second.known) == (1, ("S01",), False, True)
    said = [each.event for each in events(study.folder) if each.action == "query" and each.event]
    assert [(event.object, event.field, event.subject) for event in said] == [
        ("answers S01", "", ""),
        (FIRST.query_id, "answer", "SMALL-S01-001"),
    ]


def test_what_a_person_wrote_stays_in_the_vault(study: Study, tmp_path: Path) -> None:
    import_answers(study, filled(study, tmp_path / "out", comment=CANARY))
    holding = [path for path in study.folder.root.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert [path.relative_to(study.folder.root).parts[0] for path in holding] == ["vault"]
    assert holding[0].stat().st_mode & 0o077 == 0


def test_a_workbook_comes_back_as_a_csv_does(study: Study, tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "back.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Queries")
        sheet.write_row(0, 0, ["query_id", "answer", "comment"])
        sheet.write_row(1, 0, [FIRST.query_id, "Confirmed", ""])
        sheet.write_row(2, 0, [SECOND.query_id, "", ""])
    receipt = import_answers(study, path)
    assert (receipt.answers["confirmed"], receipt.unanswered) == (1, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"query_id,answer\n{FIRST.query_id},perhaps {CANARY}\n", "row 2: has an answer that is none of corrected"),
        ("query_id,answer\nQ-999999-999999,confirmed\n", "row 2: names no query of this study"),
        (f"query_id,answer\n{FIRST.query_id},confirmed\n{FIRST.query_id},cannot\n", "row 3: answers a query a second"),
        (f"id,answer\n{FIRST.query_id},confirmed\n", "no column, or two, of the name query_id"),
        ("", "no column"),
        ('query_id,answer\n"a"b,c\n', "cannot be read as CSV"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole_and_no_value_is_said(
    study: Study, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "back.csv"
    path.write_text(content)
    with pytest.raises(InputRefusedError) as refused:
        import_answers(study, path)
    assert said in str(refused.value)
    assert CANARY not in str(refused.value)
    assert not (study.folder.root / "store" / "answers").exists()


def test_a_workbook_of_something_else_is_refused(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "back.xlsx"
    path.write_bytes(b"no workbook")
    with pytest.raises(InputRefusedError, match=r"back\.xlsx"):
        import_answers(study, path)


def test_answers_before_any_question_are_a_mistake_of_use(tmp_path: Path) -> None:
    study = small_study(tmp_path / "small")
    path = tmp_path / "back.csv"
    path.write_text("query_id,answer\n")
    with pytest.raises(UsageError, match="no cut was gated"):
        import_answers(study, path)


def test_the_command_counts_lists_sends_and_takes_in(study: Study, tmp_path: Path) -> None:
    root = str(study.folder.root)

    def said(*options: str) -> str:
        result = CliRunner().invoke(main, ["queries", root, *options], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "S01      1         0         0       0" in said()
    assert FIRST.query_id in said("--site", "S01")
    assert SECOND.query_id not in said("--site", "S01")
    assert json.loads(said("--json"))["sites"][1]["open"] == 1
    assert "queries_SMALL_S02" in said("--export", str(tmp_path / "out"), "--format", "csv")
    path = filled(study, tmp_path / "again")
    assert "1 confirmed" in said("--import", str(path))
    assert FIRST.query_id in said("--status", "answered")
