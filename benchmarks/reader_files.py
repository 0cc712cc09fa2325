"""Files of every format for the benchmark of the readers: a thousand rows of scores, as often as is asked."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ITEMS = [f"MADRS{number:02d}" for number in range(1, 11)]
_AIRLINE = Path(__file__).resolve().parents[1] / "tests/data/parser_files/saslib/airline.sas7bdat"
# What is written once and then repeated.
_BLOCK = 1000


def _columns(rows: int) -> dict[str, Any]:
    random = np.random.default_rng(1)
    return {
        "USUBJID": [f"KAP-{number:07d}" for number in range(rows)],
        "VISIT": [f"WEEK {number % 12}" for number in range(rows)],
        "TEST": [ITEMS[number % 10] for number in range(rows)],
        "SCORE": random.integers(0, 7, rows).astype(float),
        "VISITNUM": random.integers(0, 12, rows).astype(float),
        "CRP": np.round(random.gamma(2, 3, rows), 2),
    }


def write_xpt(path: Path, rows: int) -> None:
    """Writes a SAS transport file."""
    import pandas as pd
    import pyreadstat

    from pipelines.land.readers.xpt_header import read_layout

    pyreadstat.write_xport(pd.DataFrame(_columns(_BLOCK)), str(path), file_format_version=5, table_name="QS")
    with path.open("rb") as source:
        layout = read_layout(source, "utf-8")
    content = path.read_bytes()
    block = content[layout.first_byte : layout.first_byte + _BLOCK * layout.width]
    with path.open("wb") as target:
        target.write(content[: layout.first_byte])
        for _ in range(rows // _BLOCK):
            target.write(block)
        target.write(b" " * (-rows * layout.width % 80))


def _json_rows() -> list[str]:
    columns = _columns(_BLOCK)
    numbers = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values()]
    return [json.dumps(row) for row in zip(*numbers, strict=True)]


def _json_metadata(rows: int) -> str:
    named = [{"itemOID": name, "name": name, "label": name, "dataType": "string"} for name in _columns(1)]
    return json.dumps({"datasetJSONVersion": "1.1.0", "records": rows, "columns": named})


def write_ndjson(path: Path, rows: int) -> None:
    """Writes a Dataset-JSON file of a row a line."""
    block = "".join(f"{row}\n" for row in _json_rows())
    with path.open("w", encoding="utf-8") as target:
        target.write(_json_metadata(rows) + "\n")
        for _ in range(rows // _BLOCK):
            target.write(block)


def write_json(path: Path, rows: int) -> None:
    """Writes a Dataset-JSON document."""
    block = ",".join(_json_rows())
    with path.open("w", encoding="utf-8") as target:
        target.write(_json_metadata(rows)[:-1] + ', "rows": [' + block)
        for _ in range(rows // _BLOCK - 1):
            target.write("," + block)
        target.write("]}")


def write_odm(path: Path, rows: int) -> None:
    """Writes a ODM-XML snapshot of as many item groups."""
    # A subject has 10 rows, each of 10 items.
    with path.open("w", encoding="utf-8") as target:
        target.write('<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><ClinicalData StudyOID="S">')
        for subject in range(rows // 10):
            target.write(f'<SubjectData SubjectKey="{subject:07d}">')
            for visit in range(10):
                items = "".join(f'<ItemData ItemOID="{item}" Value="{(subject + visit) % 7}"/>' for item in ITEMS)
                target.write(
                    f'<StudyEventData StudyEventOID="V{visit}"><FormData FormOID="F"><ItemGroupData ItemGroupOID="G">'
                    f"{items}</ItemGroupData></FormData></StudyEventData>\n"
                )
            target.write("</SubjectData>")
        target.write("</ClinicalData></ODM>")


def write_parquet(path: Path, rows: int) -> None:
    """Writes a Parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(pa.table(_columns(rows)), path)


def write_sas7bdat(path: Path, rows: int) -> None:
    """Writes a small real data set with pages of data, made of its rows, behind it."""
    content = bytearray(_AIRLINE.read_bytes())
    header, size = struct.unpack_from("<II", content, 196)
    first = content[header : header + size]
    # Of the one page: how many parts it lists, of 12 bytes each; its rows follow these, on a multiple of 8.
    (parts,) = struct.unpack_from("<H", first, 20)
    counts = content.index(b"\xf7\xf7\xf7\xf7")
    width, held = struct.unpack_from("<II", content, counts + 20)
    start = 24 + 12 * parts + (24 + 12 * parts) % 8
    block = bytes(first[start : start + width * held])
    a_page = (size - 24) // width
    pages = [min(a_page, rows - done) for done in range(held, rows, a_page)]
    struct.pack_into("<I", content, counts + 24, rows)
    struct.pack_into("<I", content, 204, 1 + len(pages))
    repeated = (block * (a_page // held + 1))[: a_page * width]
    with path.open("wb") as target:
        target.write(content)
        for number in pages:
            target.write(
                bytes(first[:16]) + struct.pack("<HHHH", 0x100, number, 0, 0) + repeated.ljust(size - 24, b"\0")
            )
