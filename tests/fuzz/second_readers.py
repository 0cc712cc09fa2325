"""A second opinion on every format, by other code than landing's: which columns and rows does a file hold?

`csv`, `json`, `zipfile` and expat of the standard library, DuckDB for Parquet, pandas for SAS data sets, and for
transport files their published layout. `None` as a value means that this reader does not say (how a number is written
may differ).
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from tests.fuzz.seeds import Seed

Row = list[str | None]
_LONGEST_FIELD = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a second reader found."""

    header: list[str]
    rows: list[Row]


def read_again(seed: Seed, content: bytes) -> Found | None:
    """Returns what the content (not its archive) holds, or None where the second reader cannot read it."""
    with contextlib.suppress(Exception):  # a library that stumbles over hostile bytes has no opinion
        return _READERS[seed.kind](content, seed)
    return None


def _text(content: bytes, seed: Seed) -> Found:
    encoding = seed.form.get("encoding", "utf-8")
    text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=seed.form.get("delimiter", ","))
    # The limit is the whole process's, and landing has it too.
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        header, *rows = list(lines)
    finally:
        csv.field_size_limit(before)
    return Found(header=header, rows=[[*row] if row else [""] * len(header) for row in rows])


def _value(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(rows: list[list[Any]]) -> list[Row]:
    return [[_value(value) for value in row] for row in rows]


def _json(content: bytes, _: Seed) -> Found:
    document = json.loads(content.decode("utf-8-sig"), parse_int=str, parse_float=str)
    return Found(header=[column["name"] for column in document["columns"]], rows=_rows(document["rows"]))


def _ndjson(content: bytes, _: Seed) -> Found:
    lines = content.decode("utf-8-sig").removesuffix("\n").split("\n")
    first, *rows = [json.loads(line, parse_int=str, parse_float=str) for line in lines]
    return Found(header=[column["name"] for column in first["columns"]], rows=_rows(rows))


def _dsjc(content: bytes, seed: Seed) -> Found:
    return _ndjson(zlib.decompress(content, wbits=47), seed)  # zlib or gzip, as its own header says


def _parquet(content: bytes, _: Seed) -> Found:
    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        Path(file.name).write_bytes(content)
        found = duckdb.execute("from read_parquet(?)", [file.name])
        header, kinds = zip(*((column[0], str(column[1])) for column in found.description or []), strict=True)
        rows = found.fetchall()
    said = [kind in {"VARCHAR", "BIGINT", "INTEGER"} for kind in kinds]
    return Found(
        header=list(header),
        rows=[[_value(value) if told else None for told, value in zip(said, row, strict=True)] for row in rows],
    )


def _xlsx(content: bytes, _: Seed) -> Found:
    """Reads texts; the last row is the last one in which a cell holds anything."""
    grid: dict[tuple[int, int], str | None] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    for cell in sheet.iter():
        if not cell.tag.endswith("}c"):
            continue
        letters = cell.attrib["r"].rstrip("0123456789")
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        parts = [part for part in cell.iter() if part.tag.rpartition("}")[2] in {"t", "v"}]
        if parts and (texts := "".join(part.text or "" for part in parts)):
            place = int(cell.attrib["r"][len(letters) :]), column
            grid[place] = texts if cell.get("t") == "inlineStr" and "_x" not in texts else None
    width = max((column for row, column in grid if row == 1), default=0)
    last = max((row for row, _ in grid), default=0)
    header = [grid.get((1, column)) or "" for column in range(1, width + 1)]
    rows = [[grid.get((row, column), "") for column in range(1, width + 1)] for row in range(2, last + 1)]
    return Found(header=header, rows=rows)


def _item(element: Any) -> str:
    if element.get("IsNull") == "Yes":
        return ""
    return element.get("Value", "") if element.tag.endswith("}ItemData") else element.text or ""


_ODM_LEVELS = ("SubjectData", "StudyEventData", "FormData", "ItemGroupData")


def _odm(content: bytes, _: Seed) -> Found:
    rows: list[dict[str, str]] = []

    def walk(element: Any, *, clinical: bool) -> bool:
        """Collects the rows below; returns whether there were any."""
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        inside = clinical or name == "ClinicalData"
        before = len(rows)
        if inside and name == "ItemGroupData":
            items = [child for child in element.iter() if child.tag.rpartition("}")[2].startswith("ItemData")]
            rows.append({child.get("ItemOID", ""): _item(child) for child in items})
        for child in element:
            walk(child, clinical=inside)
        if inside and name in _ODM_LEVELS and len(rows) == before and element.get("TransactionType") == "Remove":
            rows.append({})
        return len(rows) > before

    walk(ElementTree.fromstring(content), clinical=False)  # noqa: S314
    names = list(dict.fromkeys(name for row in rows for name in row))
    keys = [
        *("SubjectKey", "SiteOID", "StudyEventOID", "StudyEventRepeatKey", "FormOID", "FormRepeatKey", "ItemGroupOID"),
        *("ItemGroupRepeatKey", "TransactionType"),
    ]
    unsaid: Row = [None] * len(keys)
    return Found(header=[*keys, *names], rows=[unsaid + [row.get(name, "") for name in names] for row in rows])


def _xpt(content: bytes, _: Seed) -> Found:
    """Reads a transport file by its layout: SAS technical notes TS-140 and the one on version 8."""
    records = [content[start : start + 80] for start in range(0, len(content), 80)]
    starts = [record[20:28].rstrip() for record in records]
    first = next(i for i, start in enumerate(starts) if start in {b"NAMESTR", b"NAMSTV8"})
    last = next(i for i, start in enumerate(starts) if start in {b"OBS", b"OBSV8"})
    size = int(records[next(i for i, start in enumerate(starts) if start in {b"MEMBER", b"MEMBV8"})][74:78])
    count = int(records[first][54:58])
    described = b"".join(records[first + 1 : last])
    columns: list[tuple[str, int, int, int]] = []
    for number in range(count):
        text = described[number * size : (number + 1) * size]
        kind, width = int.from_bytes(text[0:2], "big"), int.from_bytes(text[4:6], "big")
        # Version 8 has the whole name, of up to 32 letters, where version 5 has filling.
        name = (text[88:120] if starts[first] == b"NAMSTV8" else text[8:16]).decode("ascii").rstrip(" \0")
        # One after the other, whatever place the description names: that is where the data set had it.
        columns.append((name, kind, width, sum(column[2] for column in columns)))
    length = sum(width for _, _, width, _ in columns)
    data = b"".join(records[last + 1 :])
    whole = len(data) // length
    # What is left of the last record is blank: as many rows of blanks as fit there are filling.
    while whole and len(data) - (whole - 1) * length < 80 and not data[(whole - 1) * length :].strip(b" "):
        whole -= 1
    rows: list[Row] = []
    for number in range(whole):
        row = data[number * length : (number + 1) * length]
        rows.append(
            [
                row[at : at + width].decode("utf-8").rstrip(" ")
                if kind == 2 and b"\0" not in row[at : at + width]
                else None
                for _, kind, width, at in columns
            ]
        )
    return Found(header=[name for name, *_ in columns], rows=rows)


def _sas7bdat(content: bytes, _: Seed) -> Found:
    import pandas as pd

    with tempfile.NamedTemporaryFile(suffix=".sas7bdat") as file:
        Path(file.name).write_bytes(content)
        frame = pd.read_sas(file.name, format="sas7bdat", encoding="latin-1")
    texts = [frame[name].dtype.kind not in "fiuM" for name in frame.columns]
    return Found(
        header=[str(name).partition("\0")[0] for name in frame.columns],
        rows=[
            [_ascii(value) if text else None for text, value in zip(texts, row, strict=True)]
            for row in frame.itertuples(index=False)
        ],
    )


def _ascii(value: object) -> str | None:
    if not isinstance(value, str):
        return ""
    return value if value.isascii() and "\0" not in value else None


_READERS: dict[str, Callable[[bytes, Seed], Found]] = {
    "text": _text,
    "json": _json,
    "ndjson": _ndjson,
    "dsjc": _dsjc,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "odm": _odm,
    "xpt": _xpt,
    "sas7bdat": _sas7bdat,
}
