"""SAS transport files, version 5 and 8.

The reading library returns a wrong number of rows, and no error, for a file that was cut or added to. So the sizes
in the file's own headers are checked first: what they say must fill the file exactly.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import pyarrow as pa

from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import TextRows, check_header
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Xpt

_RECORD = 80
_LIBRARY = re.compile(rb"HEADER RECORD\*{7}(LIBRARY HEADER|LIBV8   HEADER) RECORD!{7}0{30} {2}")
_NAMESTR = re.compile(rb"HEADER RECORD\*{7}(NAMESTR|NAMSTV8) HEADER RECORD!{7}0{6}([0-9 ]{4,}).*", re.DOTALL)
_OBSERVATIONS = re.compile(rb"HEADER RECORD\*{7}(OBS|OBSV8) {5,8}HEADER RECORD!{7}")


def read_xpt(path: Path, contract: Contract, form: Xpt) -> TextRows:
    """Returns the rows of a transport file as text; a whole number is written without a decimal point.

    Raises:
        RefusedError: F_XPT_HEADER, F_TRUNCATED, F_TRAILING, F_ENCODING, F_PARSE, F_HEADER or F_CONTRACT.
    """
    import pyreadstat

    expected = expected_rows(path.read_bytes())
    try:
        columns, meta = pyreadstat.read_xport(
            str(path), encoding=form.encoding.upper(), disable_datetime_conversion=True, output_format="dict"
        )
    except UnicodeDecodeError:
        raise RefusedError("F_ENCODING", f"Declared: {form.encoding}.") from None
    except (pyreadstat.ReadstatError, ValueError) as error:
        code = "F_ENCODING" if "nvalid byte sequence" in str(error) else "F_PARSE"
        raise RefusedError(code) from None
    header = list(meta.column_names)
    check_header(header, contract)
    table = pa.table({name: pa.array([_text(value) for value in columns[name]], pa.string()) for name in header})
    if table.num_rows != expected:
        raise RefusedError("F_PARSE", f"{table.num_rows} rows were read, {expected} are in the file.")
    return TextRows(table=table, codes=() if table.num_rows else ("W_NO_ROWS",))


def expected_rows(content: bytes) -> int:
    """Returns how many rows the file's headers and size say it holds.

    Raises:
        RefusedError: F_XPT_HEADER, F_TRUNCATED or F_TRAILING.
    """
    if not _LIBRARY.match(content):
        raise RefusedError("F_XPT_HEADER")
    if len(content) % _RECORD:
        raise RefusedError("F_TRUNCATED", f"Its length is no multiple of {_RECORD} bytes: it was cut or added to.")
    position = content.find(b"HEADER RECORD*******NAMES")
    if position < 0:
        position = content.find(b"HEADER RECORD*******NAMSTV8")
    match = _NAMESTR.match(content[position : position + _RECORD]) if position >= 0 else None
    if match is None:
        raise RefusedError("F_XPT_HEADER", "It has no NAMESTR header.")
    variables = int(match.group(2).split()[0][:4] if match.group(1) == b"NAMESTR" else match.group(2).split()[0][:6])
    size = _namestr_size(content, position)
    first = position + _RECORD
    widths = [int.from_bytes(content[first + size * i + 4 : first + size * i + 6], "big") for i in range(variables)]
    observations = content.find(b"HEADER RECORD*******OBS", first + size * variables)
    if observations < 0 or not all(widths):
        raise RefusedError("F_TRUNCATED", "It ends before its first row.")
    if (
        content.find(b"HEADER RECORD*******MEMBER", observations) > 0
        or content.find(b"HEADER RECORD*******MEMBV8", observations) > 0
    ):
        raise RefusedError("F_TRAILING", "It holds more than one data set.")
    return _row_count(content[observations + _RECORD :], sum(widths))


def _namestr_size(content: bytes, namestr: int) -> int:
    # The member header, some records before the NAMESTR header, says how long a NAMESTR is: 140, or 136 on VAX.
    member = content.rfind(b"HEADER RECORD*******MEMB", 0, namestr)
    digits = content[member + 74 : member + 78] if member >= 0 else b""
    return int(digits) if digits.isdigit() else 140


def _row_count(rows: bytes, width: int) -> int:
    # The last record is filled up with blanks; rows of blanks cannot be told from filling, in this format.
    whole, rest = divmod(len(rows), width)
    if rows[len(rows) - rest :].strip(b" "):
        raise RefusedError("F_TRUNCATED", "The last row is cut, or bytes follow it.")
    filling = len(rows) - len(rows.rstrip(b" "))
    if filling >= _RECORD and width < _RECORD:
        raise RefusedError("F_TRAILING", "A whole record of blanks follows the last row.")
    padded_rows = min(filling, _RECORD - 1) // width
    return whole - padded_rows


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
