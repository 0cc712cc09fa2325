"""What the fuzz found: files that were read as less, or as something else, than they hold, or that stopped landing."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.land import DeliveryReceipt, land
from tests import small_workbook
from tests.small_study import STUDY_FILE, deliver, make_study


def landed(root: Path, file: str, form: str, columns: list[str], content: bytes) -> DeliveryReceipt:
    first, *others = columns
    layout = f"""layouts:
  sdtm: [{{file: none.csv, sdtm: ae}}]
  irt: [{{file: none.csv, sdtm: ae}}]
  edc:
    - file: {file}
      format: {form}
      columns:
        {first}: {{class: pseudonym, to: subject}}
""" + "".join(f"        {name}: {{}}\n" for name in others)
    study = make_study(root, STUDY_FILE[: STUDY_FILE.index("layouts:")] + layout)
    deliver(study, "S01", file, content)
    (receipt,) = land(study).deliveries
    return receipt


ODM = (
    '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><ClinicalData>{}'
    '<SubjectData SubjectKey="002"><ItemGroupData><ItemData ItemOID="IT" Value="2"/></ItemGroupData></SubjectData>'
    "</ClinicalData></ODM>"
)
ODM_OUT_OF_PLACE = [
    ("clinical data within clinical data", "<ClinicalData></ClinicalData>"),
    ("a subject within a subject", '<SubjectData SubjectKey="001"><SubjectData SubjectKey="003"/></SubjectData>'),
    ("a form within an item group", "<ItemGroupData><FormData/></ItemGroupData>"),
    ("an item without a group", '<SubjectData SubjectKey="001"><ItemData ItemOID="IT" Value="1"/></SubjectData>'),
    ("an item of nobody", '<ItemData ItemOID="IT" Value="1"/>'),
]


@pytest.mark.parametrize("piece", [case[1] for case in ODM_OUT_OF_PLACE], ids=[case[0] for case in ODM_OUT_OF_PLACE])
def test_clinical_data_out_of_its_place_refuses_the_odm_file(tmp_path: Path, piece: str) -> None:
    receipt = landed(tmp_path, "edc.xml", "{type: odm}", ["SubjectKey", "IT"], ODM.format(piece).encode())
    assert receipt.codes == ("F_PARSE",)
    assert "out of its place" in receipt.detail


ROWS = [small_workbook.row(1, "id", "x"), small_workbook.row(2, "001", "a"), small_workbook.row(3, "002", "b")]
CELLS_OUT_OF_PLACE = [
    ("a second sheet within the sheet", [*ROWS[:2], "<sheetData></sheetData>", ROWS[2]]),
    ("a second sheet behind the sheet", [*ROWS, "</sheetData><sheetData>", small_workbook.row(4, "003", "c")]),
    ("a row that stands twice", [*ROWS, small_workbook.row(3, "003", "c")]),
    ("a row after a later one", [ROWS[0], ROWS[2], ROWS[1]]),
    ("a row within a row", [*ROWS[:2], f"<row>{ROWS[2]}</row>"]),
    ("a cell that stands twice", [*ROWS[:2], ROWS[2].replace('r="B3"', 'r="A3"')]),
    ("a cell of another row", [*ROWS[:2], ROWS[2].replace('r="B3"', 'r="B2"')]),
]


@pytest.mark.parametrize("rows", [case[1] for case in CELLS_OUT_OF_PLACE], ids=[case[0] for case in CELLS_OUT_OF_PLACE])
def test_a_cell_out_of_its_place_refuses_the_workbook(tmp_path: Path, rows: list[str]) -> None:
    content = small_workbook.packed(small_workbook.parts("".join(rows)))
    receipt = landed(tmp_path, "edc.xlsx", "{type: xlsx, sheet: Data}", ["id", "x"], content)
    assert receipt.codes == ("F_PARSE",)
    assert "out of its place" in receipt.detail


def test_a_cell_whose_text_is_not_of_its_kind_refuses_the_workbook(tmp_path: Path) -> None:
    untyped = ROWS[2].replace(' t="inlineStr"', "", 1)
    assert untyped != ROWS[2]
    content = small_workbook.packed(small_workbook.parts("".join([*ROWS[:2], untyped])))
    receipt = landed(tmp_path, "edc.xlsx", "{type: xlsx, sheet: Data}", ["id", "x"], content)
    assert (receipt.codes, "another kind" in receipt.detail) == (("F_PARSE",), True)


def test_a_cell_with_two_values_refuses_the_workbook(tmp_path: Path) -> None:
    twice = ROWS[2].replace("</is></c></row>", "</is><is><t>c</t></is></c></row>")
    content = small_workbook.packed(small_workbook.parts("".join([*ROWS[:2], twice])))
    receipt = landed(tmp_path, "edc.xlsx", "{type: xlsx, sheet: Data}", ["id", "x"], content)
    assert (receipt.codes, "two values" in receipt.detail) == (("F_PARSE",), True)


def test_text_in_parquet_that_is_no_text_refuses_the_file_and_landing_goes_on(tmp_path: Path) -> None:
    target = io.BytesIO()
    table = pa.table({"id": ["001", "002"], "x": ["abcdef", "uvwxyz"]})
    pq.write_table(table, target, compression="none", use_dictionary=False, write_statistics=False)
    content = target.getvalue().replace(b"uvwxyz", b"uv\xffxyz")
    receipt = landed(tmp_path, "edc.parquet", "{type: parquet}", ["id", "x"], content)
    assert (receipt.outcome, receipt.codes) == ("refused", ("F_PARSE",))


def test_a_file_without_its_header_is_refused_and_its_first_row_is_not_told(tmp_path: Path) -> None:
    receipt = landed(tmp_path, "edc.csv", "{type: delimited}", ["id", "x"], b"CANARY-1,CANARY-2\n")
    assert receipt.codes == ("F_CONTRACT",)
    assert "CANARY" not in repr(receipt)
