"""Delimited text: strict, since a reader that guesses loses rows silently.

Rule    declared encoding, delimiter and columns; every row as long as the header; every quote closed; a last newline
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from pipelines.land.contract import Contract
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
_BLOCK, _LONGEST_BLOCK = 1 << 24, (1 << 31) - 1
_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16", "latin-1": "latin-1", "cp1252": "cp1252"}


def read(path: Path, contract: Contract, form: Delimited) -> TextRows:
    """Returns the rows of a delimited file as text; nothing is trimmed, and only what is declared means missing.

    Raises:
        RefusedError: F_MAGIC, F_ENCODING, F_NUL, F_QUOTE, F_TRUNCATED, F_DIALECT, F_TOO_WIDE, F_HEADER, F_CONTRACT or
            F_RAGGED.
    """
    content = path.read_bytes()
    if content.startswith(_MAGIC) or _MARKUP.match(content):
        raise RefusedError("F_MAGIC", "A delimited text file is expected.")
    text, warnings = _utf8(content, form)
    if b"\x00" in text:
        raise RefusedError("F_NUL", f"First at byte {text.index(0)}.")
    if not text.endswith((b"\n", b"\r")):
        raise RefusedError("F_TRUNCATED", "The last line has no line end.")
    _check_dialect(text, contract, form)
    _check_quotes(text, form)
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


def _check_dialect(text: bytes, contract: Contract, form: Delimited) -> None:
    first = next(iter(text[:_LONGEST_HEADER].decode(errors="ignore").splitlines()), "")
    if form.delimiter in first or not contract.undeclared([first]):
        return
    # A blank or a colon may stand in a name: there the parts have to be names of the layout.
    declared = set(contract.missing([]))
    if any(mark in first for mark in _DELIMITERS) or any(
        declared & {name.strip('"') for name in first.split(mark)} for mark in _RARE_DELIMITERS
    ):
        raise RefusedError("F_DIALECT", f"Declared: {form.delimiter!r}.")


def _check_quotes(text: bytes, form: Delimited) -> None:
    """Checks that every quotation mark encloses a whole field, or stands doubled within one.

    A parser takes any other for something: `"a"b` for `ab`, and a mark that opens a field for all rows up to the next.
    """
    if b'"' not in text:
        return
    mark = re.escape(form.delimiter.encode())
    enclosed = re.compile(rb'(?<![^%b\r\n])"[^"]*+(?:""[^"]*+)*+"(?=[%b\r\n]|\Z)' % (mark, mark))
    if b'"' not in enclosed.sub(b"", text):
        return
    end = 0
    for field in enclosed.finditer(text):
        if b'"' in text[end : field.start()]:
            break
        end = field.end()
    at = text.index(b'"', end)
    raise RefusedError("F_QUOTE", f"Line {len(text[:at].splitlines()) or 1}.")


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


def _rows(text: bytes, header: list[str], form: Delimited) -> pa.Table:
    try:
        return _parsed(text, header, form, _BLOCK)
    except pa.ArrowInvalid:
        # PyArrow's own message quotes the row. A row longer than a block is read as one.
        try:
            return _parsed(text, header, form, max(_BLOCK, min(len(text), _LONGEST_BLOCK)))
        except pa.ArrowInvalid:
            raise RefusedError("F_PARSE") from None


def _parsed(text: bytes, header: list[str], form: Delimited, block: int) -> pa.Table:
    ragged: list[int | None] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row.number)
        return "skip"

    # One thread: only then does PyArrow know the number of a row that it reports.
    table = arrow_csv.read_csv(
        pa.BufferReader(text),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, column_names=header, skip_rows_after_names=1, block_size=block
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
    if ragged:
        # PyArrow counts the header as row 1.
        first = f" First: row {ragged[0] - 1}." if ragged[0] is not None else ""
        raise RefusedError("F_RAGGED", f"{len(ragged)} row(s); {len(header)} fields are expected.{first}")
    return table
