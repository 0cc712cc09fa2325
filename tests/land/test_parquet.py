"""A Parquet file becomes the text that a CSV of it would hold, or is refused."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.land import land
from pipelines.land.readers import parquet
from pipelines.land.receipts import DeliveryReceipt, RefusedError
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

STUDY = (
    STUDY_FILE[: STUDY_FILE.index("layouts:")]
    + """\
layouts:
  edc:
    - file: scores_{date}.parquet
      format: {type: parquet, missing: MISSING}
      columns:
        id: {class: pseudonym, to: subject}
        total: {type: integer, to: qs.MADRS.total}
        value: {}
  sdtm: [{file: none.csv, sdtm: ae}]
  irt: [{file: none.csv, sdtm: ae}]
"""
)


def study_in(root: Path, missing: str = '[""]') -> Study:
    return make_study(root, STUDY.replace("MISSING", missing))


def written(value: pa.Array | None = None, *, checksums: bool = True, **changed: object) -> bytes:
    value = pa.array(["a", None]) if value is None else value
    columns = {"id": pa.array([f"{n:03d}" for n in range(len(value))]), "total": pa.array([7] * len(value))}
    target = io.BytesIO()
    pq.write_table(pa.table({**columns, "value": value, **changed}), target, write_page_checksum=checksums)
    return target.getvalue()


def landed(study: Study, content: bytes) -> DeliveryReceipt:
    deliver(study, "S01", "scores_2026-02-01.parquet", content)
    (receipt,) = land(study).deliveries
    return receipt


def text_of(study: Study, content: bytes) -> list[str | None]:
    receipt = landed(study, content)
    assert receipt.outcome == "accepted", receipt.detail
    text = pd.read_parquet(landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "text.parquet")
    return [None if pd.isna(value) else value for value in text["value"]]


MOMENT = datetime.fromisoformat("2026-01-05T08:30")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pa.array([1, -(2**63), None]), ["1", "-9223372036854775808", ""]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([0.1, 3.0, 1 / 3, 1e300, None]), ["0.1", "3", "0.3333333333333333", "1e+300", ""]),
        (pa.array([0.1, 3.0], pa.float32()), ["0.1", "3"]),
        (pa.array(np.array([0.5], np.float16)), ["0.5"]),
        (pa.array([float("nan"), float("inf")]), ["nan", "inf"]),
        (pa.array([Decimal("1.50"), Decimal("-0.05"), None]), ["1.50", "-0.05", ""]),
        (pa.array([True, False, None]), ["true", "false", ""]),
        (pa.array([date(2026, 1, 5), date(1899, 12, 31)]), ["2026-01-05", "1899-12-31"]),
        (pa.array([MOMENT], pa.timestamp("ms")), ["2026-01-05T08:30:00"]),
        (pa.array([MOMENT.replace(hour=0, minute=0)], pa.timestamp("ns")), ["2026-01-05T00:00:00"]),
        (pa.array([MOMENT.replace(microsecond=120_000)], pa.timestamp("us")), ["2026-01-05T08:30:00.12"]),
        (pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin")), ["2026-01-05T08:30:00Z"]),
        (pa.array([time(8, 30)], pa.time32("ms")), ["08:30:00"]),
        (pa.array(["ä,\n", "", None]), ["ä,\n", "", ""]),
        (pa.array(["x", "y", "x", None]).dictionary_encode(), ["x", "y", "x", ""]),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.nulls(2), ["", ""]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_each_type_becomes_the_text_of_a_csv(tmp_path: Path, value: pa.Array, text: list[str]) -> None:
    assert text_of(study_in(tmp_path), written(value)) == text


def test_null_becomes_the_declared_missing_text(tmp_path: Path) -> None:
    assert text_of(study_in(tmp_path / "a", "[NA, '']"), written()) == ["a", ""]
    assert text_of(study_in(tmp_path / "b", "[NA, '.']"), written()) == ["a", "NA"]
    assert text_of(study_in(tmp_path / "c", "[]"), written()) == ["a", None]


def test_a_part_of_a_whole_number_is_set_aside_and_never_rounded(tmp_path: Path) -> None:
    receipt = landed(study_in(tmp_path), written(total=pa.array([5.5, 6.0])))
    assert (receipt.codes, receipt.rows_accepted, receipt.rows_quarantined) == (("Q_TYPE",), 1, 1)


def test_a_file_without_rows_is_a_warning(tmp_path: Path) -> None:
    assert landed(study_in(tmp_path), written(pa.array([], pa.string()))).codes == ("W_NO_ROWS",)


WHOLE = written(pa.array([f"text {n}" for n in range(500)]))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (WHOLE[: len(WHOLE) // 2], "F_TRUNCATED"),
        (WHOLE[:-1], "F_TRUNCATED"),
        (WHOLE + b"x", "F_TRUNCATED"),
        (b"PAR1PAR1", "F_TRUNCATED"),
        (WHOLE[:-8] + b"\xff\xff\xff\x7f" + b"PAR1", "F_PARSE"),
        (WHOLE[:-8] + bytes(4) + b"PAR1", "F_PARSE"),
        (WHOLE[:-100] + bytes(92) + WHOLE[-8:], "F_PARSE"),
        (b"PAR1" + b"\x15" * 100 + b"\x64\0\0\0PAR1", "F_PARSE"),
        (b"id,total,value\n", "F_MAGIC"),
        (written(pa.array([[1], [2]])), "F_CONTRACT"),
        (written(pa.array([{"a": 1}, {"a": 2}])), "F_CONTRACT"),
        (written(pa.array([b"a", b"b"])), "F_CONTRACT"),
        (written(pa.array([1, 2], pa.duration("s"))), "F_CONTRACT"),
        (written(undeclared=pa.array(["a", "b"])), "F_CONTRACT"),
        (written(Total=pa.array([1, 2])), "F_HEADER"),
        (written(pa.array(["a", "b\0"])), "F_NUL"),
    ],
)
def test_a_damaged_or_nested_file_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    receipt = landed(study_in(tmp_path), content)
    assert (receipt.outcome, receipt.codes, receipt.rows_in) == ("refused", (code,), 0)


def test_a_flipped_bit_is_found_by_the_checksum_of_its_page(tmp_path: Path) -> None:
    position = WHOLE.index(b"text 0")
    flipped = WHOLE[:position] + b"T" + WHOLE[position + 1 :]
    assert landed(study_in(tmp_path), flipped).codes == ("F_HASH",)


def test_a_file_that_states_another_number_of_rows_is_refused(tmp_path: Path) -> None:
    # The footer's first 64-bit field (0x16) is the number of rows, doubled: 2 rows here.
    content = written()
    at = content.index(b"\x16\x04", len(content) - 8 - int.from_bytes(content[-8:-4], "little"))
    receipt = landed(study_in(tmp_path), content[:at] + b"\x16\x06" + content[at + 2 :])
    assert (receipt.codes, receipt.detail.endswith("2 rows were read, 3 are stated.")) == (("F_PARSE",), True)


def test_no_cut_and_no_flipped_byte_crashes_the_reader(tmp_path: Path) -> None:
    content, codes = written(), set()
    changed = [content[:length] for length in range(len(content))]
    changed += [content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :] for at in range(len(content))]
    for number, bad in enumerate(changed):
        path = tmp_path / str(number)
        path.write_bytes(bad)
        try:
            list(parquet.parse(path, {"type": "parquet"}, []))
        except RefusedError as refusal:
            codes.add(refusal.code)
        path.unlink()
    assert codes <= {"F_TRUNCATED", "F_MAGIC", "F_PARSE", "F_HASH", "F_CONTRACT", "F_HEADER", "F_NUL", "F_BOMB"}


def test_a_long_text_in_many_rows_is_refused_before_it_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = written(pa.array(["x" * 10_000] * 30_000))
    assert len(content) < 1_000_000
    path = tmp_path / "long.parquet"
    path.write_bytes(content)
    monkeypatch.setattr(parquet, "MOST_TEXT_BYTES", 200 << 20)
    with pytest.raises(RefusedError, match="F_BOMB"):
        list(parquet.parse(path, {"type": "parquet"}, []))
