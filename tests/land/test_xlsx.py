"""A sheet lands as the CSV of the same data would; a workbook that hides something is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import python_calamine

from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study
from tests.small_workbook import packed, parts, row, value

STUDY = STUDY_FILE.replace(
    "layouts:\n  edc:\n",
    """layouts:
  edc:
    - file: visits_{date}.xlsx
      format: {type: xlsx, sheet: Data}
      columns:
        id: {class: pseudonym, to: subject, required: true}
        day: {type: date, to: date}
        crp: {type: number, unit: mg/L, to: lb.CRP}
        note: {class: free_text}
""",
)
FILE = "visits_2026-02-01.xlsx"
HEADER = row(1, "id", "day", "crp", "note")
GOOD = HEADER + row(2, "001", value("46027", style=1), value("1.5"), "")


def landed(folder: Path, content: bytes) -> tuple[Study, DeliveryReceipt]:
    study = make_study(folder, STUDY)
    deliver(study, "S01", FILE, content)
    (receipt,) = land(study).deliveries
    return study, receipt


def table(study: Study, receipt: DeliveryReceipt, name: str, columns: str) -> list[tuple[object, ...]]:
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    return duckdb.execute(f"select {columns} from read_parquet('{directory}/{name}.parquet')").fetchall()


def test_each_cell_reads_as_it_would_in_a_csv(tmp_path: Path) -> None:
    cells = HEADER + row(2, "007", value("46027.430555555555", style=2), value("0.30000000000000004"), " a ")
    cells += row(3, value("8"), value("46027", style=1), value("12"), value("1", "b"))
    cells += row(4, "1e5", value("2026-01-05", "d"), value("1E-7"), value("#N/A", "e"))
    study, receipt = landed(tmp_path, packed(parts(cells)))
    assert (receipt.outcome, receipt.rows_in, receipt.rows_accepted) == ("accepted", 3, 3)
    assert table(study, receipt, "text", "id, day, crp, note") == [
        ("007", "2026-01-05T10:20:00", "0.30000000000000004", " a "),
        ("8", "2026-01-05", "12", "TRUE"),
        ("1e5", "2026-01-05", "1e-07", "#N/A"),
    ]


@pytest.mark.parametrize(("epoch", "serial"), [(1900, 46027), (1904, 46027 - 1462)])
def test_a_day_is_counted_from_the_epoch_that_the_workbook_declares(tmp_path: Path, epoch: int, serial: int) -> None:
    cells = HEADER + row(2, "001", value(str(serial), style=1), value("1.5"), "")
    study, receipt = landed(tmp_path, packed(parts(cells, epoch=epoch)))
    assert table(study, receipt, "text", "day") == [("2026-01-05",)]


def test_a_formula_saved_without_its_value_sets_its_row_aside(tmp_path: Path) -> None:
    stored = "<c><f>B2*2</f><v>3</v></c>"
    cells = GOOD + row(3, "002", value("46027", style=1), stored, "") + row(4, "003", "", "<c><f>1+1</f></c>", "")
    cells += row(5, "<c><f>A4</f></c>")
    study, receipt = landed(tmp_path, packed(parts(cells)))
    assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined) == (4, 2, 2)
    assert ("Q_FORMULA" in receipt.codes, receipt.outcome) == (True, "warned")
    found = table(study, receipt, "quarantine", "_source_row, column_name, code")
    assert {(3, "crp", "Q_FORMULA"), (4, "id", "Q_FORMULA")} <= set(found)


def test_an_empty_row_between_others_is_a_row(tmp_path: Path) -> None:
    _, receipt = landed(tmp_path, packed(parts(GOOD + row(4, "002", "", "", ""))))
    assert (receipt.rows_in, receipt.rows_accepted, receipt.codes) == (3, 2, ("Q_KEY",))


MACRO = parts(GOOD) | {"xl/vbaProject.bin": "x"}
RENAMED = parts(GOOD) | {
    "[Content_Types].xml": parts(GOOD)["[Content_Types].xml"].replace("sheet.main", "macroEnabled")
}
ENTITY = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'
WITH_DTD = parts(GOOD)["xl/worksheets/sheet1.xml"].replace("<worksheet", ENTITY, 1)
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
REFUSED = [
    ("macros", packed(MACRO), "F_MACRO"),
    ("macros by its declared type", packed(RENAMED), "F_MACRO"),
    ("merged cells", packed(parts(GOOD, after='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>')), "F_MERGED"),
    ("a cell far below", packed(parts(GOOD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')), "F_TOO_WIDE"),
    ("a cell far beside", packed(parts(GOOD + '<row r="100"><c r="XFD100"><v>1</v></c></row>')), "F_TOO_WIDE"),
    ("an encrypted workbook", OLE + "EncryptedPackage".encode("utf-16-le"), "F_ENCRYPTED"),
    ("the older format", OLE, "F_MAGIC"),
    ("a page", b"<!DOCTYPE html><html></html>", "F_MAGIC"),
    ("a part that unpacks to much", packed(parts(GOOD) | {"xl/x.xml": "0" * (9 << 20)}), "F_BOMB"),
    ("a document type in its sheet", packed(parts(GOOD) | {"xl/worksheets/sheet1.xml": WITH_DTD}), "F_DTD"),
    ("a document type elsewhere", packed(parts(GOOD) | {"docProps/a.xml": "<!DOCTYPE a><a/>"}), "F_DTD"),
    ("a cut zip", packed(parts(GOOD))[:-40], "F_PARSE"),
    ("a zip of something else", packed({"a.txt": "x"}), "F_PARSE"),
    ("another sheet", packed(parts(GOOD, sheet="Other")), "F_PARSE"),
    ("a broken sheet", packed(parts(GOOD + "<row")), "F_PARSE"),
    ("no rows at all", packed(parts("")), "F_HEADER"),
    ("a column twice", packed(parts(row(1, "id", "ID", "crp", "note"))), "F_HEADER"),
    ("an undeclared column", packed(parts(row(1, "id", "day", "crp", "note", "undeclared"))), "F_CONTRACT"),
    ("values beside the header", packed(parts(GOOD + row(3, "2", "", "", "", "x"))), "F_HEADER"),
]


@pytest.mark.parametrize(("content", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_workbook_that_is_more_than_its_rows_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    _, receipt = landed(tmp_path, content)
    assert (receipt.outcome, receipt.codes) == ("refused", (code,))


def test_a_header_alone_is_a_warning(tmp_path: Path) -> None:
    _, receipt = landed(tmp_path, packed(parts(HEADER)))
    assert receipt.codes == ("W_NO_ROWS",)


VISITS = ["BL", "D2", "W1", "W2"]


def wide_and_long(folder: Path, names: list[str]) -> Study:
    """Returns a study whose site delivers the trial's sheet (a column a visit) and its CSV (a row a visit)."""
    totals = {
        f"{mine}{number}.total": f"{{type: integer, to: qs.{code}.total, visit: {visit}}}"
        for number, visit in enumerate(VISITS, 1)
        for mine, code in (("BDI", "BDI2"), ("HAMD", "HAMD17"))
    } | {"id": "{class: pseudonym, to: subject}"}
    columns = "".join(f"        {name!r}: {totals.get(name, '{type: number}')}\n" for name in names)
    layout = f"""layouts:
  edc:
    - file: claus-2020.xlsx
      format: {{type: xlsx, sheet: 01a_Data_raw, missing: ["", "#NULL!"]}}
      columns:
{columns}    - file: claus_2020.csv
      columns:
        id: {{class: pseudonym, to: subject}}
        age: {{type: number}}
        sex: {{}}
        treatment: {{}}
        time: {{to: visit, codes: {{"1.0": BL, "2.0": D2, "3.0": W1, "4.0": W2}}}}
        bdi: {{type: number, to: qs.BDI2.total}}
        shaps: {{type: number}}
        who: {{type: number}}
        hamd: {{type: number, to: qs.HAMD17.total}}
"""
    week_2 = "  - {visit: W2, visitnum: 3, label: Week 2, day: 15, window: [12, 18]}\n"
    text = STUDY_FILE.replace("instruments:", week_2 + "instruments:").replace("layouts:\n  edc:\n", layout)
    return make_study(folder, text)


def test_the_claus_trial_lands_from_xlsx_with_the_scores_of_its_csv(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "claus_2020"
    workbook = python_calamine.load_workbook(str(folder / "claus-2020.xlsx"))
    study = wide_and_long(tmp_path, [str(name) for name in workbook.get_sheet_by_name("01a_Data_raw").to_python()[0]])
    for name in ("claus-2020.xlsx", "claus_2020.csv"):
        deliver(study, "S01", name, (folder / name).read_bytes())
    receipts = land(study).deliveries
    assert [(receipt.outcome, receipt.rows_in, receipt.rows_accepted) for receipt in receipts] == [
        ("accepted", 43, 43),
        ("accepted", 172, 172),
    ]
    # The CSV writes subject 1 as 1.0, and a key is text.
    scores = "replace(usubjid, '.0', ''), visit, qstestcd, qsstresn"
    sheet, text = (
        {row for row in table(study, receipt, "rows/qs", scores) if row[3] is not None} for receipt in receipts
    )
    assert sheet == text
    assert len(sheet) > 300
