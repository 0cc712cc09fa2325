"""CDISC Dataset-JSON 1.1: one JSON document, NDJSON (metadata, then a row a line), or DSJC (NDJSON compressed).

Rule    which of the three it is, the content says; a number is kept as its own digits; every row is counted

https://www.cdisc.org/standards/data-exchange/dataset-json
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.archives import inflated
from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_schema
from pipelines.land.readers.json_stream import Digits, JsonStream
from pipelines.land.readers.text_rows import TextRows, text_of_missing
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import DatasetJson

_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_CHUNK = 1 << 20
_NEEDED = {"datasetJSONVersion", "records", "columns"}


def read(path: Path, contract: Contract, form: DatasetJson) -> TextRows:
    """Returns the rows of a Dataset-JSON file as text; null is the declared missing text.

    Raises:
        RefusedError: F_MAGIC, F_ARCHIVE, F_BOMB, F_ENCODING, F_JSON, F_ROWCOUNT, F_RAGGED, F_NUL, F_HEADER, F_PARSE,
            F_TIMEOUT or F_CONTRACT.
    """
    return parse_in_child(__name__, path, contract, form)


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - the file says
    """Yields the rows as text; runs in the child process."""
    missing = text_of_missing(DatasetJson.model_validate(form).missing)
    metadata, has_mark = _metadata(path)
    stated, header = _checked(metadata)
    schema = text_schema(header, codes=["W_BOM"] if has_mark else [])
    yield schema.empty_table()
    count = 0
    for rows in _rows(path):
        yield pa.Table.from_arrays(_columns(rows, len(header), count + 1, missing), schema=schema)
        count += len(rows)
    if count != stated:
        raise RefusedError("F_ROWCOUNT", f"It states {stated}, and holds {count}.")


def metadata(path: Path) -> dict[str, Any]:
    """Returns what a Dataset-JSON file says of itself and its columns, with names and labels.

    Raises:
        RefusedError: as `read`, less what is about rows.
    """
    said, _ = _metadata(path)
    _checked(said)
    return said


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        if source.peek(2)[:2] in _COMPRESSED:
            yield from inflated(path)
        else:
            yield from iter(lambda: source.read(_CHUNK), b"")


def _metadata(path: Path) -> tuple[dict[str, Any], bool]:
    """Returns what stands beside the rows, at least all that is needed of it, and whether a byte order mark does."""
    start = next(_chunks(path), b"").removeprefix(codecs.BOM_UTF8)
    if not start.lstrip().startswith(b"{"):
        raise RefusedError("F_MAGIC", "A JSON object is expected at the start.")
    stream = JsonStream(_chunks(path))
    found: dict[str, Any] = {}
    for key in stream.members():
        if key != "rows":
            found[key] = stream.value()
        elif found.keys() >= _NEEDED:
            # As a rule the rows stand last.
            break
        else:
            for _ in stream.elements():
                pass
    return found, stream.had_mark


def _rows(path: Path) -> Iterator[list[Any]]:
    """Yields the rows, some at a time: of NDJSON where the object on the first line has none."""
    stream = JsonStream(_chunks(path))
    is_document = False
    for key in stream.members():
        if key == "rows":
            is_document = True
            yield from stream.elements()
        else:
            stream.value()
    if not is_document and stream.line > 1:
        raise RefusedError("F_JSON", "It has no list of rows.")
    if not is_document:
        yield from stream.lines()
    elif stream.following():
        raise RefusedError("F_JSON", "Something follows its end.")


def _checked(metadata: dict[str, Any]) -> tuple[int, list[str]]:
    version, stated, columns = (metadata.get(key) for key in ("datasetJSONVersion", "records", "columns"))
    if not (isinstance(version, str) and (version == "1.1" or version.startswith("1.1."))):
        raise RefusedError("F_JSON", "Its datasetJSONVersion is not 1.1.")
    if not (isinstance(stated, Digits) and stated.isdecimal() and len(stated) < 16):
        raise RefusedError("F_JSON", "Its `records` is no number of rows.")
    if not isinstance(columns, list) or not columns:
        raise RefusedError("F_JSON", "It has no list of columns.")
    names = [column.get("name") if isinstance(column, dict) else None for column in columns]
    for number, name in enumerate(names, start=1):
        if type(name) is not str:
            raise RefusedError("F_JSON", f"Column number {number}: no name.")
    return int(stated), [str(name) for name in names]


def _columns(rows: list[Any], width: int, first: int, missing: str | None) -> list[pa.Array]:
    """Returns the columns of rows of which the first has the number `first`."""
    try:
        plain = all(type(row) is list and len(row) == width for row in rows)
        arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] if plain else None
    except UnicodeEncodeError:
        raise RefusedError("F_JSON", f"Half a character (a lone surrogate) in or after row {first}.") from None
    except (TypeError, pa.ArrowInvalid):
        arrays = None
    if arrays is None:
        # Something that is no text: a truth value, or what is refused.
        words = [_words(row, width, number) for number, row in enumerate(rows, start=first)]
        arrays = [pa.array(column, pa.string()) for column in zip(*words, strict=True)]
    for position, array in enumerate(arrays, start=1):
        if (hit := pc.index(pc.match_substring(array, "\0"), True).as_py()) >= 0:
            raise RefusedError("F_NUL", f"Row {first + hit}, column number {position}.")
    return [array if missing is None else pc.fill_null(array, missing) for array in arrays]


def _words(row: object, width: int, number: int) -> list[str | None]:
    if not isinstance(row, list):
        raise RefusedError("F_JSON", f"Row {number} is no list of values.")
    if len(row) != width:
        raise RefusedError("F_RAGGED", f"{width} fields are expected. First: row {number}.")
    for position, value in enumerate(row, start=1):
        if isinstance(value, list | dict):
            raise RefusedError("F_JSON", f"Nested too deeply in row {number}, column number {position}.")
    return [str(value).lower() if isinstance(value, bool) else value for value in row]
