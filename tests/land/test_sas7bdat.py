"""A SAS data set lands as the CSV of the same data does, or is refused: its parser may die, landing does not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.land import land
from pipelines.land.readers import sas7bdat
from pipelines.land.readers.sas7bdat import _text, check_pages
from pipelines.land.receipts import RefusedError
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

TEXTS = ["THERAPY", "GENDER", "POOLINV"]
NUMBERS = ["PATIENT", "HAMATOTL", "PGIIMP", "RELDAYS", "VISIT", "BASVAL", "HAMDTL17", "CHANGE"]
NAMES = [*NUMBERS, *TEXTS]
SAS_NAMES = [name.lower() if name in {"BASVAL", "CHANGE"} else name for name in NAMES]


def columns(names: list[str]) -> str:
    kinds = {
        "PATIENT": "{class: pseudonym, to: subject}",
        "VISIT": '{to: visit, codes: {"4": BL, "5": D2, "6": W1, "7": W2}}',
        "HAMDTL17": "{type: number, to: qs.HAMD17.total}",
    } | dict.fromkeys(TEXTS, "{type: text}")
    return "".join(f"        {name}: {kinds.get(name, '{type: number}')}\n" for name in names)


def dia(folder: Path) -> Study:
    layout = f"""layouts:
  edc:
    - file: dia.sas7bdat
      format: {{type: sas7bdat}}
      columns:
{columns(SAS_NAMES)}    - file: dia.csv
      columns:
{columns(NAMES)}"""
    week_2 = "  - {visit: W2, visitnum: 3, label: Week 2, day: 15, window: [12, 18]}\n"
    return make_study(
        folder, STUDY_FILE.replace("instruments:", week_2 + "instruments:").replace("layouts:\n  edc:\n", layout)
    )


def test_the_dia_trial_lands_from_sas7bdat_with_the_typed_values_of_its_csv(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "dia_antidepressant"
    study = dia(tmp_path)
    deliver(study, "S01", "dia.sas7bdat", (folder / "chapter15_example.sas7bdat").read_bytes())
    deliver(study, "S01", "dia.csv", (folder / "antidepressant_data.csv").read_bytes())
    receipts = land(study).deliveries
    assert {receipt.file: (receipt.rows_in, receipt.rows_accepted) for receipt in receipts} == {
        "dia.csv": (608, 608),
        "dia.sas7bdat": (608, 608),
    }
    found: list[list[tuple[object, ...]]] = []
    records: list[list[tuple[object, ...]]] = []
    for receipt in receipts:
        directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
        numbers = ", ".join([*TEXTS, *(f"try_cast({name} as double)" for name in NUMBERS)])
        found.append(
            duckdb.execute(f"select {numbers} from '{directory}/text.parquet' order by _source_row").fetchall()
        )
        records.append(
            # As text a score is 21.0 in the CSV: qsorres is what was delivered, everything else must be equal.
            duckdb.execute(
                "select * exclude (_delivery_id, _source_file, qsorres) "
                f"from '{directory}/rows/qs.parquet' order by _source_row"
            ).fetchall()
        )
    assert found[0] == found[1]
    assert len(records[0]) == len(records[1]) == 608
    assert records[0] == records[1]


@pytest.mark.parametrize(
    ("value", "sas_format", "text"),
    [
        (22646.0, "DATE9", "2022-01-01"),
        (22646.0, "YYMMDDN8", "2022-01-01"),
        (22646.5, "DATE9", "22646.5"),
        (-1.0, "E8601DA10", "1959-12-31"),
        (1923141900.0, "E8601DT", "2020-12-09T14:05:00"),
        (1923141900.0, "DATETIME20.", "2020-12-09T14:05:00"),
        (40810.0, "TIME8", "11:20:10"),
        (90000.0, "TIME8", "90000"),
        (1e300, "DATE9", "1e+300"),
        (1.0, "DAYS", "1"),
        (1.0, "8.", "1"),
        (0.1, "", "0.1"),
        (None, "DATE9", ""),
        ("A", "DATE9", ".A"),
    ],
)
def test_a_number_with_a_date_format_is_a_date_and_nothing_else_is(value: object, sas_format: str, text: str) -> None:
    assert _text(value, sas_format, numeric=True) == text


def of_first_page(content: bytes, at: int, byte: int) -> bytes:
    """Returns a data set of 64 bits with this byte of its first page changed."""
    at += int.from_bytes(content[200:204], "little")
    return content[:at] + bytes([byte]) + content[at + 1 :]


def with_deleted_row(content: bytes) -> bytes:
    """Returns a data set of 64 bits whose counts, behind their signature, say that a row is deleted."""
    at = content.index(b"\xf7\xf7\xf7\xf7") + 7 * 8
    return content[:at] + b"\1" + content[at + 1 :]


SIZES = [
    ("cut in half", lambda content: content[: len(content) // 2], "F_TRUNCATED"),
    ("cut in its header", lambda content: content[:100], "F_TRUNCATED"),
    ("less its last byte", lambda content: content[:-1], "F_TRUNCATED"),
    ("with a byte more", lambda content: content + b"x", "F_TRAILING"),
    ("another format", lambda content: b"a,b\n1,2\n", "F_MAGIC"),
    # Of its one page, byte 33 is the page's kind, and byte 56 says how the first part of the page is packed.
    ("with a page of no known kind", lambda content: of_first_page(content, 33, 8), "F_PARSE"),
    ("with a deleted row", with_deleted_row, "F_PARSE"),
    ("with a part packed in no known way", lambda content: of_first_page(content, 56, 2), "F_PARSE"),
]


@pytest.mark.parametrize(("change", "code"), [case[1:] for case in SIZES], ids=[case[0] for case in SIZES])
def test_a_data_set_of_another_size_or_other_pages_than_its_header_says_is_refused(
    tmp_path: Path, shared_data: Path, change: object, code: str
) -> None:
    assert callable(change)
    path = tmp_path / "x.sas7bdat"
    path.write_bytes(change((shared_data / "parser_files/pyreadstat/sample.sas7bdat").read_bytes()))
    with pytest.raises(RefusedError) as caught:
        check_pages(path)
    assert caught.value.code == code


@pytest.mark.parametrize("start", [288, 1024, 1500, 4096, 8192, 20000])
def test_a_damaged_data_set_is_refused_or_read_and_never_ends_the_run(
    tmp_path: Path, shared_data: Path, start: int
) -> None:
    content = bytearray((shared_data / "dia_antidepressant/chapter15_example.sas7bdat").read_bytes())
    content[start : start + 600] = b"\xff" * 600
    study = dia(tmp_path)
    deliver(study, "S01", "dia.sas7bdat", bytes(content))
    deliver(study, "S01", "dia.csv", (shared_data / "dia_antidepressant/antidepressant_data.csv").read_bytes())
    good, bad = land(study).deliveries
    assert good.rows_accepted == 608
    assert bad.rows_in == bad.rows_accepted + bad.rows_quarantined
    assert bad.outcome == "refused" or bad.rows_in == 608


def test_a_data_set_of_many_parts_is_read_whole_and_equal_to_one_part(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One stored as it is, one compressed by SAS.
    for name, rows in (("ratiov", 3970), ("omov", 2351)):
        path = shared_data / f"parser_files/saslib/{name}.sas7bdat"
        whole = pa.concat_tables(sas7bdat.parse(path, {"type": "sas7bdat"}, [])).combine_chunks()
        monkeypatch.setattr(sas7bdat, "_BATCH_ROWS", 1000)
        parts = list(sas7bdat.parse(path, {"type": "sas7bdat"}, []))
        monkeypatch.undo()
        assert len(parts) > 3
        assert pa.concat_tables(parts).combine_chunks().equals(whole)
        assert whole.num_rows == rows


def test_fewer_rows_than_the_header_counts_are_refused(tmp_path: Path, shared_data: Path) -> None:
    content = bytearray((shared_data / "parser_files/saslib/ratiov.sas7bdat").read_bytes())
    path = tmp_path / "x.sas7bdat"
    for stated in (3971, 3969 + 405):
        # The count of rows, 8 bytes in the first page.
        at = content.index((3970).to_bytes(8, "little"), 8192)
        path.write_bytes(content[:at] + stated.to_bytes(8, "little") + content[at + 8 :])
        with pytest.raises(RefusedError, match="F_PARSE"):
            list(sas7bdat.parse(path, {"type": "sas7bdat"}, []))
