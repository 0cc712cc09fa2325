"""Delimited text: strict, since a reader that guesses loses rows silently.

Rule    declared encoding, delimiter and columns; every row as long as the header; every quote closed; a last newline
"""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import TextRows, check_header
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Delimited

_DELIMITERS = ",;\t|"
_MAGIC = (b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"<!DOCTYPE", b"<html", b"<HTML", b"PAR1", b"HEADER RECORD*")
_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16", "latin-1": "latin-1", "cp1252": "cp1252"}


def read(path: Path, contract: Contract, form: Delimited) -> TextRows:
    """Returns the rows of a delimited file as text; nothing is trimmed, and only what is declared means missing.

    Raises:
        RefusedError: F_MAGIC, F_ENCODING, F_NUL, F_QUOTE, F_TRUNCATED, F_DIALECT, F_HEADER, F_CONTRACT or F_RAGGED.
    """
    content = path.read_bytes()
    if content.startswith(_MAGIC):
        raise RefusedError("F_MAGIC", "A delimited text file is expected.")
    text, warnings = _utf8(content, form)
    if b"\x00" in text:
        raise RefusedError("F_NUL", f"First at byte {text.index(0)}.")
    if text.count(b'"') % 2:
        raise RefusedError("F_QUOTE")
    if not text.endswith((b"\n", b"\r")):
        raise RefusedError("F_TRUNCATED", "The last line has no line end.")
    header = _header(text, contract, form)
    table = _rows(text, header, form)
    if table.num_rows == 0:
        warnings.append("W_NO_ROWS")
    return TextRows(table=table, codes=tuple(warnings))


def _utf8(content: bytes, form: Delimited) -> tuple[bytes, list[str]]:
    warnings: list[str] = []
    if form.encoding == "utf-8" and content.startswith(codecs.BOM_UTF8):
        content = content.removeprefix(codecs.BOM_UTF8)
        warnings.append("W_BOM")
    try:
        decoded = content.decode(_CODECS[form.encoding])
    except UnicodeDecodeError as error:
        raise RefusedError("F_ENCODING", f"Declared: {form.encoding}; not so at byte {error.start}.") from None
    return (content if form.encoding == "utf-8" else decoded.encode()), warnings


def _header(text: bytes, contract: Contract, form: Delimited) -> list[str]:
    first = io.StringIO(text[: 1 << 22].decode(errors="ignore"), newline="")
    header = next(csv.reader(first, delimiter=form.delimiter), [])
    if len(header) == 1 and contract.undeclared(header) and any(mark in header[0] for mark in _DELIMITERS):
        raise RefusedError("F_DIALECT", f"Declared: {form.delimiter!r}.")
    check_header(header, contract)
    return header


def _rows(text: bytes, header: list[str], form: Delimited) -> pa.Table:
    ragged: list[int | None] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row.number)
        return "skip"

    # One thread: only then does PyArrow know the number of a row that it reports.
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=header, skip_rows_after_names=1, block_size=1 << 24
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=form.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                strings_can_be_null=False,
                null_values=[],
            ),
        )
    except pa.ArrowInvalid:
        # PyArrow's own message quotes the row.
        raise RefusedError("F_PARSE") from None
    if ragged:
        # PyArrow counts the header as row 1.
        first = f" First: row {ragged[0] - 1}." if ragged[0] is not None else ""
        raise RefusedError("F_RAGGED", f"{len(ragged)} row(s); {len(header)} fields are expected.{first}")
    return table
