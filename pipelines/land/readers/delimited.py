"""Delimited text: strict, since a reader that guesses loses rows silently.

Rule    declared encoding, delimiter and columns; every row as long as the header; every quote closed; a last newline

A file is read some megabytes at a time, whole records each: it may be larger than the memory.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from pipelines.land.coding import Encoder, coded_table
from pipelines.land.contract import Contract
from pipelines.land.readers.text_blocks import checked_utf8, records
from pipelines.land.readers.text_rows import TextRows, check_header
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Delimited

_DELIMITERS, _RARE_DELIMITERS = ",;\t|", " :^~\x1f"
# Packed, a page to print, a picture, a program, a workbook, a database of another kind.
_MAGIC = (
    *(
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ",
        b"\x28\xb5\x2f\xfd",
        b"7z\xbc\xaf",
        b"%PDF",
        b"{\\rtf",
        b"\x89PNG",
    ),
    *(b"\x7fELF", b"\xd0\xcf\x11\xe0", b"PAR1", b"SQLite format 3", b"HEADER RECORD*"),
)
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*(<(!doctype|html|head|body|\?xml)\b|[{\[]\s*[\"{\[])", re.IGNORECASE)
_LONGEST_HEADER = 1 << 22
_LONGEST_BLOCK = (1 << 31) - 1


def read(path: Path, contract: Contract, form: Delimited) -> TextRows:
    """Returns the rows of a delimited file as text; nothing is trimmed, and only what is declared means missing.

    Raises:
        RefusedError: F_MAGIC, F_ENCODING, F_NUL, F_QUOTE, F_TRUNCATED, F_DIALECT, F_TOO_WIDE, F_HEADER, F_CONTRACT or
            F_RAGGED.
    """
    with path.open("rb") as source:
        start = source.read(_LONGEST_HEADER)
    if start.startswith(_MAGIC) or _MARKUP.match(start):
        raise RefusedError("F_MAGIC", "A delimited text file is expected.")
    with checked_utf8(path, form.encoding, contract.study.folder) as text:
        start = text.start(_LONGEST_HEADER)
        _check_dialect(start, contract, form)
        blocks = records(text, form.delimiter)
        # The first block is checked for its quotation marks before the header is looked at.
        first = next(blocks)
        header = _header(start, contract, form)
        table = _table(first, blocks, header, form)
        codes = ("W_BOM",) * text.has_bom
    return TextRows(table=table, codes=codes if table.num_rows else (*codes, "W_NO_ROWS"))


def _check_dialect(text: bytes, contract: Contract, form: Delimited) -> None:
    first = re.split(rb"[\r\n]", text, maxsplit=1)[0].decode(errors="ignore")
    if form.delimiter in first or not contract.undeclared([first]):
        return
    # A blank or a colon may stand in a name: there the parts have to be names of the layout.
    declared = set(contract.missing([]))
    if any(mark in first for mark in _DELIMITERS) or any(
        declared & {name.strip('"') for name in first.split(mark)} for mark in _RARE_DELIMITERS
    ):
        raise RefusedError("F_DIALECT", f"Declared: {form.delimiter!r}.")


def _header(text: bytes, contract: Contract, form: Delimited) -> list[str]:
    first = io.StringIO(text[:_LONGEST_HEADER].decode(errors="ignore"), newline="")
    try:
        header = next(csv.reader(first, delimiter=form.delimiter), [])
    except csv.Error:
        raise RefusedError("F_HEADER", f"A name is longer than {csv.field_size_limit()} bytes.") from None
    if first.tell() >= _LONGEST_HEADER:
        raise RefusedError("F_TOO_WIDE", f"Its header is longer than {_LONGEST_HEADER} bytes.")
    check_header(header, contract)
    return header


def _table(first: bytes, rest: Iterator[bytes], header: list[str], form: Delimited) -> pa.Table:
    columns = [Encoder() for _ in header]
    ragged: list[int] = []
    rows = _read_block(first, header, form, columns, ragged, rows=None)
    for block in rest:
        rows = _read_block(block, header, form, columns, ragged, rows=rows)
    if ragged:
        detail = f"{len(ragged)} row(s); {len(header)} fields are expected. First: row {ragged[0]}."
        raise RefusedError("F_RAGGED", detail)
    return coded_table({name: column.column() for name, column in zip(header, columns, strict=True)})


def _read_block(
    block: bytes, header: list[str], form: Delimited, columns: list[Encoder], ragged: list[int], *, rows: int | None
) -> int:
    """Takes the rows of a block into `columns` and returns how many there are so far; the first one has the header."""
    before, strange = rows or 0, []

    def note(row: arrow_csv.InvalidRow) -> str:
        # One thread knows the number of the row; it counts from 1, the header too.
        strange.append(before + row.number - (rows is None))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                column_names=header,
                skip_rows_after_names=int(rows is None),
                block_size=min(len(block) + 1, _LONGEST_BLOCK),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=form.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.dictionary(pa.int32(), pa.string())),
                strings_can_be_null=False,
                null_values=[],
                # The text was checked before.
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        # PyArrow's own message quotes the row.
        raise RefusedError("F_PARSE") from None
    ragged += strange
    for column, chunks in zip(columns, table.columns, strict=True):
        for chunk in chunks.chunks:
            column.add(chunk)
    return before + int(table.num_rows) + len(strange)
