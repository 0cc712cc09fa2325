"""Dataset-JSON lands to the rows that the transport file of the same data lands to, or is refused."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.land import land
from pipelines.land.readers import dataset_json, json_stream
from pipelines.land.receipts import DeliveryReceipt, RefusedError
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

COLUMNS = ("id", "visit", "total", "crp", "note")
ROWS = [["001", "BL", 30, 1.50, "a"], ["002", "D2", None, 2e1, None], ["003", "W1", 12, None, 'ä,\n"b"']]
STUDY = (
    STUDY_FILE[: STUDY_FILE.index("layouts:")]
    + """\
layouts:
  edc:
    - file: scores_{date}.json
      format: {type: dataset_json}
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit}
        total: {type: integer, to: qs.MADRS.total}
        crp: {type: number, unit: mg/L, to: lb.CRP}
        note: {class: free_text}
  sdtm: [{file: none.csv, sdtm: ae}]
  irt: [{file: none.csv, sdtm: ae}]
"""
)


def document(rows: object = ROWS, columns: tuple[str, ...] = COLUMNS, **changed: object) -> dict[str, object]:
    named = [{"itemOID": f"IT.{name}", "name": name, "label": name, "dataType": "string"} for name in columns]
    count = len(rows) if isinstance(rows, list) else 0
    metadata = {"datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.S", "records": count, "name": "S", "columns": named}
    return {**metadata, **changed, "rows": rows}


def as_json(**changed: Any) -> bytes:
    return json.dumps(document(**changed)).encode()


def as_ndjson(**changed: Any) -> bytes:
    made = document(**changed)
    rows = made.pop("rows")
    assert isinstance(rows, list)
    return "".join(json.dumps(part) + "\n" for part in (made, *rows)).encode()


def landed(study: Study, content: bytes, file: str = "scores_2026-02-01.json") -> DeliveryReceipt:
    deliver(study, "S01", file, content)
    (receipt,) = [receipt for receipt in land(study).deliveries if receipt.file == file]
    return receipt


def landed_text(study: Study, content: bytes) -> pd.DataFrame:
    receipt = landed(study, content)
    assert receipt.outcome == "accepted", receipt.detail
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    return pd.read_parquet(directory / "text.parquet")[list(COLUMNS)]


@pytest.mark.parametrize(
    "content",
    [
        as_json(),
        json.dumps(document(), indent=2).encode() + b"\n",
        json.dumps(document(), ensure_ascii=False).encode(),
        as_ndjson(),
        as_ndjson().rstrip(b"\n"),
        as_ndjson().replace(b"\n", b"\r\n"),
        zlib.compress(as_ndjson()),
        gzip.compress(as_ndjson(), mtime=0),
        gzip.compress(as_json(), mtime=0),
    ],
)
def test_the_forms_of_dataset_json_hold_the_same_text(tmp_path: Path, content: bytes) -> None:
    text = landed_text(make_study(tmp_path, STUDY), content)
    assert text.to_numpy().tolist() == [
        ["001", "BL", "30", "1.5", "a"],
        ["002", "D2", "", "20.0", ""],
        ["003", "W1", "12", "", 'ä,\n"b"'],
    ]


def test_numbers_keep_their_digits_and_truth_values_are_words(tmp_path: Path) -> None:
    content = as_json(rows=[["001", "BL", None, "@", True]]).replace(b'"@"', b"1.2345678901234567890")
    text = landed_text(make_study(tmp_path, STUDY), content)
    assert text.to_numpy().tolist() == [["001", "BL", "", "1.2345678901234567890", "true"]]


def parsed(folder: Path, content: bytes) -> pd.DataFrame:
    """Returns what the parser reads, in this process."""
    path = folder / "made.json"
    path.write_bytes(content)
    read: pd.DataFrame = pa.concat_tables(dataset_json.parse(path, {"type": "dataset_json"}, [])).to_pandas()
    return read


MANY = [[f"{n:03d}", "BL", -0.5e-3 * n, n, ["],", "ä\u2028", '"', "],\n["][n % 4]] for n in range(50)]


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
@pytest.mark.parametrize(
    "write", [as_json, as_ndjson, lambda **changed: json.dumps(document(**changed), indent=1).encode()]
)
def test_a_file_is_read_whole_wherever_it_is_broken_into_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[..., bytes], chunk: int
) -> None:
    monkeypatch.setattr(dataset_json, "_CHUNK", chunk)
    text = parsed(tmp_path, write(rows=MANY))
    assert text.to_numpy().tolist() == [[row[0], row[1], str(row[2]), str(row[3]), row[4]] for row in MANY]


def test_rows_may_stand_before_what_they_are_and_metadata_behind_them(tmp_path: Path) -> None:
    made = document()
    turned = dict(reversed(made.items()))
    assert next(iter(turned)) == "rows"
    expected = parsed(tmp_path, json.dumps(made).encode())
    pd.testing.assert_frame_equal(parsed(tmp_path, json.dumps(turned).encode()), expected)


@pytest.mark.parametrize(
    "lines",
    [
        ['["001", "BL", 1, 1, "x]', '["], ["y", "BL", 1, 1, ""]', '["3", "BL", 1, 1, ""]'],
        ['["001", "BL"', '1, 1, ""]', '["2", "BL", 1, 1, ""], ["3", "BL", 1, 1, ""]'],
        ['["001", "BL", 1, 1, ""], ["2", "BL", 1, 1, ""]', '["3", "BL", 1, 1, ""]', " "],
        ['[["001"]', '["BL"]]', '["2", "BL", 1, 1, ""], ["3", "BL", 1, 1, ""]'],
    ],
)
def test_lines_that_are_rows_only_when_they_are_joined_are_refused(tmp_path: Path, lines: list[str]) -> None:
    content = as_ndjson(rows=[], records=len(lines)) + "".join(f"{line}\n" for line in lines).encode()
    with pytest.raises(RefusedError, match=r"F_JSON|F_RAGGED"):
        parsed(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (as_json(records=4), "F_ROWCOUNT"),
        (as_ndjson(records=2), "F_ROWCOUNT"),
        (b"".join(as_ndjson().splitlines(keepends=True)[:-1]), "F_ROWCOUNT"),
        (as_json().replace(b'"name": "S"', b'"name": "S", "name": "T"'), "F_JSON"),
        (as_json().replace(b'"label": "id"', b'"name": "other"'), "F_JSON"),
        (as_json(rows=[["001", "BL", 1, float("nan"), ""]]), "F_JSON"),
        (as_ndjson(rows=[["001", "BL", 1, float("inf"), ""]]), "F_JSON"),
        (as_json(rows=[["001", "BL", 1, ["5"], ""]]), "F_JSON"),
        (as_json(rows=[{"id": "001"}]), "F_JSON"),
        (as_json().replace(b'"rows": [', b'"rows": ' + b"[" * 100_000), "F_JSON"),
        (as_json(extra="@").replace(b'"@"', b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "F_JSON"),
        (as_json()[:-1], "F_JSON"),
        (as_json() + b"{}", "F_JSON"),
        (as_json() + as_json(), "F_JSON"),
        (as_json() + b"\n" + as_json(), "F_JSON"),
        (as_ndjson()[:-2], "F_JSON"),
        (as_ndjson() + b"\n", "F_JSON"),
        (as_ndjson().replace(b"\n", b"\n\n", 1), "F_JSON"),
        (as_json(rows=3), "F_JSON"),
        (as_json(records="3"), "F_JSON"),
        (as_json(records=-1), "F_JSON"),
        (as_json(columns=[]), "F_JSON"),
        (as_json(datasetJSONVersion="1.0.0"), "F_JSON"),
        (as_json(rows=[["001", "BL", 1, 1, "\ud800"]]), "F_JSON"),
        (as_json().replace(b'"name": "note", ', b""), "F_JSON"),
        (b"{}", "F_JSON"),
        (b"{", "F_JSON"),
        (as_json(rows=[["001", "BL", 1, 1]]), "F_RAGGED"),
        (as_ndjson(rows=[["001", "BL", 1, 1, "", ""]]), "F_RAGGED"),
        (as_json(rows=[["001", "BL", 1, 1, "\0"]]), "F_NUL"),
        (as_json().replace(b"001", b"\xff01"), "F_ENCODING"),
        (json.dumps(document()).encode("utf-16"), "F_MAGIC"),
        (b"id,visit\n", "F_MAGIC"),
        (as_json(columns=(*COLUMNS[:-1], "id")), "F_HEADER"),
        (as_json(columns=(*COLUMNS[:-1], "undeclared")), "F_CONTRACT"),
        (gzip.compress(as_ndjson(), mtime=0)[:-4], "F_ARCHIVE"),
        (zlib.compress(as_ndjson())[:-1] + b"\0", "F_ARCHIVE"),
        (gzip.compress(b'{"a": "' + b" " * (4 << 20), mtime=0), "F_BOMB"),
    ],
)
def test_damaged_or_hostile_json_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    receipt = landed(make_study(tmp_path, STUDY), content)
    assert (receipt.outcome, receipt.codes, receipt.rows_in) == ("refused", (code,), 0)
    assert "001" not in receipt.detail


def test_a_row_too_large_for_memory_is_refused_and_many_rows_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "MOST_VALUE_CHARACTERS", 2000)
    monkeypatch.setattr(dataset_json, "_CHUNK", 100)
    many = [[f"{n:03d}", "BL", 1, n, ""] for n in range(900)]
    for write in (as_json, as_ndjson):
        assert len(parsed(tmp_path, write(rows=many))) == 900
        with pytest.raises(RefusedError, match="F_BOMB"):
            parsed(tmp_path, write(rows=[["001", "BL", 1, 1, "x" * 4000]]))


def test_values_of_another_type_set_their_row_aside(tmp_path: Path) -> None:
    rows = [["001", "BL", 5.5, 1, ""], ["002", "BL", "x", 1, ""], ["003", "BL", True, 1, ""], ["004", "BL", 5, 1, ""]]
    content = as_json(rows=rows).replace(b'["004", "BL", 5, 1', b'["004", "BL", 5, 1e400')
    study = make_study(tmp_path, STUDY.replace("limit_pct: 60", "limit_pct: 100"))
    receipt = landed(study, content)
    assert (receipt.rows_in, receipt.rows_quarantined, receipt.codes) == (4, 4, ("Q_NUMBER", "Q_TYPE"))
