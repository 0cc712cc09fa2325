"""The head of a delimited text file: whole rows, its encoding and the delimiter that fits them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from pipelines.land.receipts import RefusedError

_SAMPLE_BYTES = 8 << 20
DELIMITERS = (",", ";", "\t", "|")
# Tried in this order; the last takes any bytes.
ENCODINGS = ("utf-8", "cp1252", "latin-1")


def encoding_remark(encoding: str, first: str) -> tuple[str, ...]:
    """Returns what is said of a sample that is not in the first encoding that was tried."""
    return (
        () if encoding == first else (f"Its text is not {first}; read as {encoding}: are its special letters right?",)
    )


def head(content: Path) -> tuple[str, str, tuple[str, ...]]:
    """Returns the first lines of a text file, whole ones, with its encoding."""
    with content.open("rb") as source:
        start = source.read(_SAMPLE_BYTES)
        cut = bool(source.read(1))
    text, encoding = _text(start)
    if not text.strip():
        raise RefusedError("F_EMPTY")
    remarks = encoding_remark(encoding, "utf-8") if encoding != "utf-16" else ()
    if cut:
        # At the end of a row: a line end within quotes is none.
        while (end := text.rfind("\n")) >= 0 and text.count('"', 0, end) % 2:
            text = text[:end]
        text = text[: end + 1]
    elif not text.endswith(("\n", "\r")):
        text += "\n"
        remarks += ("Its last line has no line end: landing would refuse the file as cut (F_TRUNCATED).",)
    return text, encoding, remarks


def _text(start: bytes) -> tuple[str, str]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return start.decode("utf-16", errors="ignore"), "utf-16"
    for encoding in ENCODINGS[:-1]:
        # A sample may end within a character.
        decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
        try:
            return decoder.decode(start), encoding
        except UnicodeDecodeError:
            continue
    return start.decode("latin-1"), "latin-1"


def delimiter_of(text: str) -> str:
    """Returns the delimiter that parts the rows into most fields, all of them alike."""
    return max(DELIMITERS, key=lambda mark: (_fits(text, mark), -DELIMITERS.index(mark)))


def _fits(text: str, delimiter: str) -> int:
    """Returns how many fields the rows have, if they all have as many: the more, the better the delimiter fits."""
    counts = {len(row) for row, _ in zip(_fields(text[:100_000], delimiter), range(50), strict=False) if row}
    return counts.pop() if len(counts) == 1 else 0


def _fields(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        # A field that is too long: this delimiter parts nothing.
        return
