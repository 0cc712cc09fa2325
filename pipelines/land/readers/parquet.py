"""Parquet: each value becomes the text that a CSV of the same table would hold.

Rule    a flat table only; checksums of pages are checked where the file has them; no value is rounded

Whole numbers and booleans (`true`, `false`) as they are; floating point by its shortest form, a whole one without a
decimal point; dates as 2026-01-05, timestamps as 2026-01-05T08:30:00, in UTC and with `Z` where they have a time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_schema
from pipelines.land.readers.text_rows import TextRows, text_of_missing
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Parquet

# What the text of a whole file may come to: a few bytes of Parquet can stand for any number of equal values.
MOST_TEXT_BYTES = 4 << 30
_MAGIC = b"PAR1"
_BATCH_ROWS = 1 << 16
# The footer is read whole before anything else is known.
_MOST_FOOTER_BYTES = 64 << 20


def read(path: Path, contract: Contract, form: Parquet) -> TextRows:
    """Returns the rows of a Parquet file as text.

    Raises:
        RefusedError: F_MAGIC, F_TRUNCATED, F_PARSE, F_TIMEOUT, F_HASH, F_HEADER, F_CONTRACT, F_NUL or F_BOMB.
    """
    return parse_in_child(__name__, path, contract, form)


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - the footer says
    """Yields the rows as text; runs in the child process."""
    _check_ends(path)
    try:
        with path.open("rb") as source:
            yield from _tables(source, text_of_missing(Parquet.model_validate(form).missing))
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        # PyArrow's own message may quote a value.
        code = "F_HASH" if "CRC checksum" in str(error) else "F_PARSE"
        raise RefusedError(code) from None


def _check_ends(path: Path) -> None:
    with path.open("rb") as source:
        if source.read(4) != _MAGIC:
            raise RefusedError("F_MAGIC", "A Parquet file is expected.")
        size = source.seek(0, 2)
        source.seek(max(4, size - 8))
        footer = source.read()
    if len(footer) < 8 or footer[4:] != _MAGIC:
        raise RefusedError("F_TRUNCATED", "It has no footer: it was cut, or something follows it.")
    if not 0 < int.from_bytes(footer[:4], "little") <= min(size - 12, _MOST_FOOTER_BYTES):
        raise RefusedError("F_PARSE", "Its footer does not fit into it.")


def _tables(source: IO[bytes], missing: str | None) -> Iterator[pa.Table]:
    kinds = pq.ParquetFile(source).schema_arrow
    schema = text_schema(list(kinds.names))
    yield schema.empty_table()
    refused = [str(number) for number, field in enumerate(kinds, start=1) if not _is_plain(field.type)]
    if refused:
        detail = f"Columns number {', '.join(refused[:10])}: text, numbers, booleans, dates and times are read."
        raise RefusedError("F_CONTRACT", detail)
    # As dictionaries a long text that stands in many rows is in memory once, until its size is known.
    texts = [field.name for field in kinds if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    file = pq.ParquetFile(
        source, memory_map=False, pre_buffer=False, page_checksum_verification=True, read_dictionary=texts
    )
    rows = total = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
        rows += batch.num_rows
        total += sum(_text_bytes(column) for column in batch.columns)
        if total > MOST_TEXT_BYTES:
            raise RefusedError("F_BOMB", f"Allowed are {MOST_TEXT_BYTES} bytes of text.")
        yield pa.Table.from_arrays([_text(column, missing) for column in batch.columns], schema=schema)
    if rows != file.metadata.num_rows:
        raise RefusedError("F_PARSE", f"{rows} rows were read, {file.metadata.num_rows} are stated.")


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    tests = (
        *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_boolean),
        *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
        *(pa.types.is_date, pa.types.is_time, pa.types.is_timestamp, pa.types.is_null),
    )
    return any(test(kind) for test in tests)


def _text_bytes(column: pa.Array) -> int:
    """Returns how long the column's text is at least, without making it."""
    if not pa.types.is_dictionary(column.type):
        # An upper bound for numbers and dates.
        return int(column.nbytes) if pa.types.is_string_view(column.type) else 32 * len(column)
    if not len(column.dictionary):
        return 0
    values = column.dictionary
    lengths = pc.binary_length(values) if _is_text(values.type) else pa.array([32] * len(values))
    return int(pc.sum(pc.cast(pc.take(lengths, column.indices), pa.int64())).as_py() or 0)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text(column: pa.Array, missing: str | None) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_timestamp(kind):
        zone = kind.tz is not None
        text = pc.cast(pc.cast(column, pa.timestamp(kind.unit, "UTC" if zone else None)), pa.string())
        text = pc.replace_substring(text, " ", "T", max_replacements=1)
        text = _without_empty_fraction(text)
    elif pa.types.is_time(kind):
        text = _without_empty_fraction(pc.cast(column, pa.string()))
    else:
        text = pc.cast(column, pa.string())
        if _is_text(kind) and pc.any(pc.match_substring(text, "\0")).as_py():
            raise RefusedError("F_NUL")
    # Without checksums of its pages a file may hold text that is none, which stops whoever comes next.
    text.validate(full=True)
    return text if missing is None else pc.fill_null(text, missing)


def _without_empty_fraction(text: pa.Array) -> pa.Array:
    shorter = pc.replace_substring_regex(text, r"(\.[0-9]*?)0+(Z?)$", r"\1\2")
    return pc.replace_substring_regex(shorter, r"\.(Z?)$", r"\1")
