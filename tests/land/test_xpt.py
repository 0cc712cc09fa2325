"""A SAS transport file is read whole or refused: the reading library itself returns wrong rows for a damaged one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest

from pipelines.core.number_text import number_text
from pipelines.land import land
from pipelines.land.readers.xpt import parse
from pipelines.land.readers.xpt_header import read_layout
from pipelines.land.receipts import RefusedError
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

QS = "qs_2026-02-01.xpt"


def transport(folder: Path, rows: int = 12, *, version: Literal[5, 8] = 5, **columns: object) -> bytes:
    """Returns a QS transport file of MADRS items of one subject."""
    frame = pd.DataFrame(
        {
            "STUDYID": "SMALL",
            "USUBJID": "SMALL-S03-001",
            "QSTESTCD": [f"MADRS{number % 10 + 1:02d}" for number in range(rows)],
            "QSSTRESN": [float(number % 7) for number in range(rows)],
            "VISITNUM": [float(number // 10) for number in range(rows)],
            "QSDTC": "2026-01-05",
        }
        | columns
    )
    path = folder / "made.xpt"
    pyreadstat.write_xport(frame, str(path), file_format_version=version, table_name="QS")
    return path.read_bytes()


def rows_of(content: bytes) -> int:
    return read_layout(io.BytesIO(content), "cp1252").rows


def codes(study: Study) -> tuple[str, ...]:
    (receipt,) = land(study).deliveries
    return receipt.codes


@pytest.mark.parametrize("version", [5, 8])
@pytest.mark.parametrize("rows", [1, 2, 10, 12])
def test_rows_are_counted_from_the_file_itself(tmp_path: Path, rows: int, version: Literal[5, 8]) -> None:
    assert rows_of(transport(tmp_path, rows, version=version)) == rows


@pytest.mark.parametrize("rows", range(1, 13))
def test_a_last_row_that_ends_in_blanks_is_a_row_however_much_of_its_record_is_filling(
    tmp_path: Path, rows: int
) -> None:
    # A row has 23 bytes, of which 15 are blank in the last one.
    notes = ["fifteen letters"] * (rows - 1)
    frame = pd.DataFrame({"ID": ["00000001"] * (rows + 1), "NOTE": ["fifteen letters", *notes, ""]})
    path = tmp_path / "made.xpt"
    pyreadstat.write_xport(frame, str(path), file_format_version=5, table_name="QS")
    assert rows_of(path.read_bytes()) == rows + 1


def test_an_sdtm_file_lands_typed_with_visits_by_their_number(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    deliver(study, "S03", QS, transport(tmp_path))
    (receipt,) = land(study).deliveries
    assert (receipt.outcome, receipt.rows_in, receipt.rows_accepted) == ("accepted", 12, 12)
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    landed = pd.read_parquet(directory / "rows" / "qs.parquet")
    assert list(landed["qsstresn"]) == [float(number % 7) for number in range(12)]
    assert list(landed["visit"]) == ["BL"] * 10 + ["D2"] * 2
    assert set(landed["usubjid"]) == {"SMALL-S03-001"}
    assert list(landed["_source_row"]) == list(range(1, 13))
    text = pd.read_parquet(directory / "text.parquet")
    assert list(text["QSSTRESN"])[:3] == ["0", "1", "2"]


def test_a_special_missing_value_is_missing_and_keeps_its_code(tmp_path: Path) -> None:
    empty = b".".ljust(8, b"\0")
    made = transport(tmp_path, 5, QSSTRESN=[float("nan")] * 4 + [3.0])
    assert made.count(empty) == 4
    for code in (b"A", b"_", b"Z"):
        made = made.replace(empty, code.ljust(8, b"\0"), 1)
    study = make_study(tmp_path / "study")
    deliver(study, "S03", QS, made)
    (receipt,) = land(study).deliveries
    assert (receipt.codes, receipt.rows_accepted) == ((), 5)
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    assert list(pd.read_parquet(directory / "text.parquet")["QSSTRESN"]) == [".A", "._", ".Z", "", "3"]
    assert list(pd.read_parquet(directory / "rows" / "qs.parquet")["qsstresn"].dropna()) == [3.0]
    # In a text the same letters are what somebody wrote.
    deliver(study, "S03", "qs_2026-02-02.xpt", transport(tmp_path, 2, QSORRES=[".A", "4"]))
    receipt = land(study).deliveries[-1]
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    assert list(pd.read_parquet(directory / "rows" / "qs.parquet")["qsorres"]) == [".A", "4"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_text_of_another_encoding_is_read_where_it_is_declared(tmp_path: Path, encoding: str) -> None:
    made = transport(tmp_path, 2, QSDTC=["2026-01-05", "Zo??"]).replace(b"Zo??", "Zoë ".encode(encoding))
    for name, text, codes in (
        ("declared", STUDY_FILE.replace("{type: xpt}", f"{{type: xpt, encoding: {encoding}}}"), ("Q_DATE",)),
        ("not", STUDY_FILE, ("F_ENCODING",)),
    ):
        study = make_study(tmp_path / name, text)
        deliver(study, "S03", QS, made)
        (receipt,) = land(study).deliveries
        assert receipt.codes == codes
        if name == "declared":
            directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
            assert list(pd.read_parquet(directory / "text.parquet")["QSDTC"])[1] == "Zoë"


def test_a_zero_inside_a_text_is_refused_and_one_behind_it_is_filling(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    made = transport(tmp_path, 1)
    deliver(study, "S03", QS, made.replace(b"MADRS01", b"MAD\0S01"))
    deliver(study, "S03", "qs_2026-02-02.xpt", made.replace(b"SMALL", b"SMAL\0", 1))
    inside, behind = land(study).deliveries
    assert (inside.codes, behind.rows_in) == (("F_NUL",), 1)


@pytest.mark.parametrize("version", [5, 8])
def test_numbers_and_texts_are_read_as_the_reading_library_reads_them(tmp_path: Path, version: Literal[5, 8]) -> None:
    numbers = [0.1, -0.5, 1e-70, 1e70, 123456789.125, 2 / 3, -1.0, 0.0, 1e15, 7e-5, float("nan"), 16.0**-60]
    transport(tmp_path, QSSTRESN=numbers, QSDTC=["", " a", "b ", "ü" * 9] * 3, version=version)
    path = tmp_path / "made.xpt"
    columns, _ = pyreadstat.read_xport(str(path), output_format="dict", disable_datetime_conversion=True)
    found = pa.concat_tables(parse(path, {"type": "xpt"}, [])).to_pydict()
    assert found["QSSTRESN"] == ["" if value is None else number_text(value) for value in columns["QSSTRESN"]]
    assert {name: found[name] for name in ("QSDTC", "QSTESTCD")} == {
        name: columns[name] for name in ("QSDTC", "QSTESTCD")
    }


def test_wrong_scores_and_visits_are_set_aside(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    values = [7.0, 5.5, 6.0, 0.0]
    made = transport(tmp_path, 4, QSSTRESN=values, VISITNUM=[0.0, 0.0, 77.0, 1.5])
    deliver(study, "S03", QS, made)
    (receipt,) = land(study).deliveries
    assert receipt.rows_quarantined == 2
    assert set(receipt.codes) == {"Q_FK", "Q_RANGE"}


@pytest.mark.parametrize("kept", [0.25, 0.5, 0.75, 0.95])
def test_a_cut_file_is_refused(tmp_path: Path, kept: float) -> None:
    study = make_study(tmp_path / "study")
    content = transport(tmp_path, 300)
    deliver(study, "S03", QS, content[: int(len(content) * kept)])
    assert codes(study)[0] in {"F_TRUNCATED", "F_XPT_HEADER"}


def test_a_file_cut_between_two_records_is_refused(tmp_path: Path) -> None:
    content = transport(tmp_path, 300)
    for records in range(1, 20):
        with pytest.raises(RefusedError):
            rows_of(content[: -80 * records])


@pytest.mark.parametrize(
    ("added", "code"), [(b"x", "F_TRUNCATED"), (b"x" * 80, "F_TRUNCATED"), (b" " * 160, "F_TRAILING")]
)
def test_bytes_after_the_last_row_are_refused(tmp_path: Path, added: bytes, code: str) -> None:
    study = make_study(tmp_path / "study")
    deliver(study, "S03", QS, transport(tmp_path) + added)
    assert codes(study) == (code,)


def test_a_row_over_a_variables_name_is_refused_and_not_told(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    content = transport(tmp_path, version=8)
    # The first description's long name, of 32 bytes, stands 88 bytes behind its begin.
    start = content.index(b"NAMSTV8") - 20 + 80 + 88
    deliver(study, "S03", QS, content[:start] + b"STUDYID    KANARIE701".ljust(32) + content[start + 32 :])
    (receipt,) = land(study).deliveries
    assert receipt.codes == ("F_XPT_HEADER",)
    assert "KANARIE" not in receipt.detail


def test_another_format_and_undeclared_variables_are_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    deliver(study, "S03", QS, b"a,b\n1,2\n")
    deliver(study, "S03", "qs_2026-02-02.xpt", transport(tmp_path, PATNAME="x"))
    assert [receipt.codes for receipt in land(study).deliveries] == [("F_XPT_HEADER",), ("F_CONTRACT",)]


def test_real_transport_files_are_counted_as_they_are_read(shared_data: Path) -> None:
    files = sorted(shared_data.rglob("*.xpt"))
    assert len(files) > 20
    for path in files:
        columns, _ = pyreadstat.read_xport(
            str(path), encoding="WINDOWS-1252", output_format="dict", disable_datetime_conversion=True
        )
        assert rows_of(path.read_bytes()) == len(next(iter(columns.values()))), path.name
