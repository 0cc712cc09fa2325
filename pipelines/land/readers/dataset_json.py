"""CDISC Dataset-JSON 1.1: one JSON document, NDJSON (metadata, then a row a line), or DSJC (NDJSON compressed).

Rule    which of the three it is, the content says; a number is kept as its own digits; every row is counted

https://www.cdisc.org/standards/data-exchange/dataset-json. NDJSON and DSJC are read row by row, a document as a whole.
"""

from __future__ import annotations

import codecs
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from pipelines.land.archives import inflated
from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import TextRows, check_header, text_of_missing
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import DatasetJson

# A document is in memory as a whole, several times; so is a line of NDJSON, but never all of them.
MOST_DOCUMENT_BYTES = 256 << 20
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_CHUNK = 1 << 20
_BATCH_ROWS = 1 << 14
_BLANK = b" \t\r\n"


class _Digits(str):
    """A number as it stands in the file."""

    __slots__ = ()


def read(path: Path, contract: Contract, form: DatasetJson) -> TextRows:
    """Returns the rows of a Dataset-JSON file as text; null is the declared missing text.

    Raises:
        RefusedError: F_MAGIC, F_ARCHIVE, F_BOMB, F_ENCODING, F_JSON, F_ROWCOUNT, F_RAGGED, F_NUL, F_HEADER or
            F_CONTRACT.
    """
    said, rows, codes = _opened(path)
    stated, header = _metadata(said)
    check_header(header, contract)
    table = _table(rows, header, text_of_missing(form.missing))
    if table.num_rows != stated:
        raise RefusedError("F_ROWCOUNT", f"It states {stated}, and holds {table.num_rows}.")
    if table.num_rows == 0:
        codes.append("W_NO_ROWS")
    return TextRows(table=table, codes=tuple(codes))


def metadata(path: Path) -> dict[str, Any]:
    """Returns what a Dataset-JSON file says of itself and its columns, with names and labels.

    Raises:
        RefusedError: as `read`, less what is about rows.
    """
    said, _, _ = _opened(path)
    _metadata(said)
    return said


def _opened(path: Path) -> tuple[dict[str, Any], Iterable[Any], list[str]]:
    """Returns metadata, rows and warnings."""
    lines = _lines(path)
    first = next(lines, b"")
    codes = ["W_BOM"] if first.startswith(codecs.BOM_UTF8) else []
    first = first.removeprefix(codecs.BOM_UTF8)
    if not first.lstrip(_BLANK).startswith(b"{"):
        raise RefusedError("F_MAGIC", "A JSON object is expected at the start.")
    return *_parts(first, lines), codes


def _lines(path: Path) -> Iterator[bytes]:
    """Yields the content's lines, each with its end."""
    rest = bytearray()
    for chunk in _chunks(path):
        for part in io.BytesIO(chunk):
            rest += part
            _check_size(len(rest))
            if part.endswith(b"\n"):
                yield bytes(rest)
                rest = bytearray()
    if rest:
        yield bytes(rest)


def _check_size(size: int) -> None:
    if size > MOST_DOCUMENT_BYTES:
        raise RefusedError("F_BOMB", f"Allowed are {MOST_DOCUMENT_BYTES} bytes in one document.")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        if source.peek(2)[:2] in _COMPRESSED:
            yield from inflated(path)
        else:
            yield from iter(lambda: source.read(_CHUNK), b"")


def _parts(first: bytes, lines: Iterator[bytes]) -> tuple[dict[str, Any], Iterable[Any]]:
    """Returns metadata and rows: of NDJSON where the first line alone is an object without rows."""
    document = _parsed(first, 1) if first.rstrip(_BLANK).endswith(b"}") else None
    if isinstance(document, dict) and "rows" not in document:
        return document, (_parsed(line, number) for number, line in enumerate(lines, start=2))
    content = bytearray(first)
    for line in lines:
        content += line
        _check_size(len(content))
    if document is None or content[len(first) :].strip(_BLANK):
        document = _parsed(bytes(content), None)
    rows = document.pop("rows", None) if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(rows, list):
        raise RefusedError("F_JSON", "It has no list of rows.")
    return document, rows


def _parsed(content: bytes, line: int | None) -> Any:
    where = f" in line {line}" if line else ""
    try:
        return json.loads(
            content.decode(),
            object_pairs_hook=_unique,
            parse_int=_Digits,
            parse_float=_Digits,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise RefusedError("F_ENCODING", f"Dataset-JSON is UTF-8; not so at byte {error.start}{where}.") from None
    except json.JSONDecodeError as error:
        raise RefusedError("F_JSON", f"Damaged at character {error.pos}{where}.") from None
    except RecursionError:
        raise RefusedError("F_JSON", f"Nested too deeply{where}.") from None
    except ValueError as error:
        raise RefusedError("F_JSON", f"{error}{where}.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "A key stands twice"
        raise ValueError(msg)
    return found


def _no_number(_: str) -> NoReturn:
    msg = "NaN or an infinite number, which JSON has not"
    raise ValueError(msg)


def _metadata(said: dict[str, Any]) -> tuple[int, list[str]]:
    version, stated, columns = (said.get(key) for key in ("datasetJSONVersion", "records", "columns"))
    if not (isinstance(version, str) and (version == "1.1" or version.startswith("1.1."))):
        raise RefusedError("F_JSON", "Its datasetJSONVersion is not 1.1.")
    if not (isinstance(stated, _Digits) and stated.isdecimal() and len(stated) < 16):
        raise RefusedError("F_JSON", "Its `records` is no number of rows.")
    if not isinstance(columns, list) or not columns:
        raise RefusedError("F_JSON", "It has no list of columns.")
    names = [column.get("name") if isinstance(column, dict) else None for column in columns]
    if not all(type(name) is str for name in names):
        raise RefusedError(
            "F_JSON", f"Column number {[type(name) is str for name in names].index(False) + 1}: no name."
        )
    return int(stated), [str(name) for name in names]


def _table(rows: Iterable[Any], header: list[str], missing: str | None) -> pa.Table:
    schema = pa.schema([(name, pa.string()) for name in header])
    batches, numbered, start = [], iter(rows), 1
    while batch := list(itertools.islice(numbered, _BATCH_ROWS)):
        for number, row in enumerate(batch, start=start):
            _check_row(row, len(header), number)
        columns = zip(*batch, strict=True)
        try:
            arrays = [pa.array([_text(value, missing) for value in column], pa.string()) for column in columns]
        except UnicodeEncodeError:
            raise RefusedError("F_JSON", f"Half a character (a lone surrogate) in or after row {start}.") from None
        batches.append(pa.record_batch(arrays, schema=schema))
        start += len(batch)
    return pa.Table.from_batches(batches, schema=schema)


def _check_row(row: object, width: int, number: int) -> None:
    if not isinstance(row, list):
        raise RefusedError("F_JSON", f"Row {number} is no list of values.")
    if len(row) != width:
        raise RefusedError("F_RAGGED", f"{width} fields are expected. First: row {number}.")
    for position, value in enumerate(row, start=1):
        if isinstance(value, list | dict):
            raise RefusedError("F_JSON", f"Nested too deeply in row {number}, column number {position}.")
        if isinstance(value, str) and "\0" in value:
            raise RefusedError("F_NUL", f"Row {number}, column number {position}.")


def _text(value: str | bool | None, missing: str | None) -> str | None:
    if value is None:
        return missing
    return str(value).lower() if isinstance(value, bool) else value
