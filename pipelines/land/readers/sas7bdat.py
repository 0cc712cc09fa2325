"""SAS data sets (.sas7bdat).

The format is known by reverse engineering only, so its parser runs in a child process; and its sizes are checked first,
since its header counts its pages and its rows.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from pipelines.core.number_text import number_text
from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_schema
from pipelines.land.readers.numbers import number_texts
from pipelines.land.readers.text_rows import TextRows
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Sas7bdat

# What the process that parses has loaded before it forks.
LIBRARIES = ("pyreadstat",)
_BATCH_ROWS = 1 << 16
_MAGIC = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
_EPOCH = datetime(1960, 1, 1)  # noqa: DTZ001 - SAS dates have no zone
# Pages: of data, of metadata, of both, of amendments, of metadata again and of an index; 0x80: some rows are deleted.
_DATA_PAGE = 0x100
_UNLISTED = (_DATA_PAGE, 0x180, 0x9000)
_PAGES = (*_UNLISTED, 0, 0x200, 0x280, 0x400, 0x4000)
# The list of a page's parts says how each is packed: not, left out, or by run lengths or windows.
_PACKED = frozenset((0, 1, 4))
# The whole name of a format, less its width: a study's own format (DAYS, YEARF) is none of these.
_DATETIME = re.compile(r"DATETIME|DATEAMPM|MDYAMPM|DTDATE|DTMONYY|DTWKDATX|DTYEAR|DTYYQC|NLDATM[A-Z]*|[EB]8601D[TNXZ]")
_DATE = re.compile(
    r"DATE|DAY|(DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQ|YYQR)[BCDNPS]?|YYMON|QTR|QTRR|MONYY|MONNAME|MONTH|YEAR|WEEKDAT[EX]"
    r"|WEEK[UVW]|WEEKDAY|WORDDAT[EX]|DOWNAME|JULIAN|JULDAY|NENGO|MINGUO|NLDATE[A-Z]*|[EB]8601DA"
)
_TIME = re.compile(r"TIME|TIMEAMPM|TOD|HHMM|HOUR|MMSS|NLTIM[A-Z]*|[EB]8601T[MZ]")


def read(path: Path, contract: Contract, form: Sas7bdat) -> TextRows:
    """Returns the rows of a SAS data set as text; by its SAS format a number is an ISO 8601 date or time.

    Raises:
        RefusedError: F_MAGIC, F_TRUNCATED, F_TRAILING, F_ENCODING, F_PARSE, F_TIMEOUT, F_HEADER or F_CONTRACT.
    """
    return parse_in_child(__name__, path, contract, form)


def check_pages(path: Path) -> int:
    """Compares the file's size and its pages with what its header says; returns how many rows its data pages count.

    That is no more than the file has: rows also stand in pages of other kinds.

    Raises:
        RefusedError: F_MAGIC, F_TRUNCATED, F_TRAILING or F_PARSE.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if not head.startswith(_MAGIC):
        raise RefusedError("F_MAGIC", "A SAS data set is expected.")
    if len(head) < 512:
        raise RefusedError("F_TRUNCATED", "It ends in its header.")
    # Bytes 32 and 35 are '3' where numbers are wider and aligned by four more bytes; byte 37 is the order of bytes.
    order, wide, shift = "<" if head[37] == 1 else ">", head[32] == 0x33, 4 if head[35] == 0x33 else 0
    header, page = struct.unpack_from(order + "II", head, 196 + shift)
    (pages,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 204 + shift)
    size, expected = path.stat().st_size, header + page * pages
    if size != expected:
        code = "F_TRUNCATED" if size < expected else "F_TRAILING"
        raise RefusedError(code, f"Its header counts {expected} bytes, it has {size}.")
    rows, at = 0, 32 if wide else 16
    part = struct.Struct(order + ("QQBB6x" if wide else "IIBB2x"))
    sizes = struct.Struct(order + ("8Q" if wide else "8I"))
    with path.open("rb") as file:
        for number in range(pages):
            start = header + page * number
            file.seek(start + at)
            head = file.read(8)
            kind, blocks, parts = struct.unpack(order + "HHHxx", head) if len(head) == 8 else (None, 0, 0)
            listed = b"" if kind in _UNLISTED else file.read(parts * part.size)
            found = list(part.iter_unpack(listed[: len(listed) // part.size * part.size]))
            # The library passes over such a page, or such a part of one, and the rows that it holds.
            if kind not in _PAGES or not _PACKED.issuperset(packed for _, _, packed, _ in found):
                raise RefusedError("F_PARSE", f"Page {number + 1} is, or has a part that is, of no known kind.")
            rows += blocks if kind == _DATA_PAGE else 0
            if number == 0:
                # The counts stand on the first page.
                _check_deleted(file, [start + offset for offset, *_ in found if offset < page], sizes)
    return rows


def _check_deleted(file: IO[bytes], places: list[int], sizes: struct.Struct) -> None:
    for place in places:
        file.seek(place)
        counts = file.read(sizes.size)
        # The library leaves out as many rows as were deleted, but the last ones.
        if b"\xf7" * 4 in counts[:8] and len(counts) == sizes.size and sizes.unpack(counts)[7]:
            raise RefusedError("F_PARSE", "Some of its rows are deleted: copy the data set, so that they go.")


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - the header says
    """Yields the rows as text; runs in the child process."""
    counted = check_pages(path)
    settings = Sas7bdat.model_validate(form)
    _, meta = _read(path, settings.encoding, metadataonly=True)
    header, stated = list(meta.column_names), meta.number_rows
    if not header:
        raise RefusedError("F_PARSE", "It names no variables.")
    if counted > stated:
        raise RefusedError("F_PARSE", f"Its data pages count {counted} rows, its header {stated}.")
    formats, types = meta.original_variable_types, meta.readstat_variable_types
    schema = text_schema(header)
    yield schema.empty_table()
    # Asked for so many rows at once as are in memory at a time: to find the first of them takes no time to speak of.
    for start in range(0, stated, _BATCH_ROWS):
        values, _ = _read(path, settings.encoding, row_offset=start, row_limit=_BATCH_ROWS)
        arrays = [_texts(values[name], formats[name] or "", numeric=types[name] != "string") for name in header]
        if {len(array) for array in arrays} != {min(_BATCH_ROWS, stated - start)}:
            raise RefusedError("F_PARSE", f"{start + len(arrays[0])} rows were read, its header counts {stated}.")
        yield pa.Table.from_arrays(arrays, schema=schema)


def _read(path: Path, encoding: str, **part: Any) -> tuple[dict[str, list[Any]], Any]:
    import pyreadstat

    named = None if encoding == "file" else encoding.upper().replace("CP", "WINDOWS-")
    try:
        return pyreadstat.read_sas7bdat(
            str(path), encoding=named, disable_datetime_conversion=True, user_missing=True, output_format="dict", **part
        )
    except UnicodeDecodeError:
        raise RefusedError("F_ENCODING", f"Declared: {encoding}.") from None
    except (pyreadstat.ReadstatError, ValueError) as error:
        # Of the library's message only what it is about: it may quote the file.
        about = str(error).lower()
        code = "F_ENCODING" if "nvalid byte sequence" in about or "codec" in about else "F_PARSE"
        raise RefusedError(code) from None


def _texts(values: list[Any], sas_format: str, *, numeric: bool) -> pa.Array:
    name = sas_format.rstrip("0123456789.")
    if numeric and not any(kind.fullmatch(name) for kind in (_DATETIME, _DATE, _TIME)):
        try:
            return number_texts(np.array(values, np.float64))
        except ValueError:
            # A special missing value is among them, as a letter.
            pass
    return pa.array([_text(value, sas_format, numeric=numeric) for value in values], pa.string())


def _text(value: object, sas_format: str, *, numeric: bool) -> str:
    if not numeric or value is None:
        return "" if value is None else str(value)
    if isinstance(value, str):
        # A special missing value: SAS writes .A to .Z, the library its letter alone.
        return f".{value}"
    number, name = float(value), sas_format.rstrip("0123456789.")  # type: ignore[arg-type]
    try:
        if _DATETIME.fullmatch(name) and math.isfinite(number):
            return (_EPOCH + timedelta(seconds=number)).isoformat()
        if _DATE.fullmatch(name) and number.is_integer():
            return (_EPOCH + timedelta(days=number)).date().isoformat()
        if _TIME.fullmatch(name) and 0 <= number < 86400:
            return (_EPOCH + timedelta(seconds=number)).time().isoformat()
    except OverflowError:
        # Outside the calendar: the number itself, which is no date and says so.
        pass
    return number_text(number)
