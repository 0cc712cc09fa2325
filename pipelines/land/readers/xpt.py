"""SAS transport files, version 5 and 8.

The reading library returns a wrong number of rows, and no error, for a file that was cut or added to. So the sizes
in the file's own headers are checked first: what they say must fill the file exactly.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from pipelines.land.contract import Contract
from pipelines.land.readers.numbers import number_text
from pipelines.land.readers.text_rows import TextRows, check_header
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Xpt

_RECORD = 80
_LIBRARY = re.compile(rb"HEADER RECORD\*{7}(LIBRARY |LIBV8   )HEADER RECORD!{7}0{30}")
_NAMESTR = re.compile(rb"HEADER RECORD\*{7}(?:NAMESTR |NAMSTV8 )HEADER RECORD!{7}0{6}([0-9]{4})")
_OBSERVATIONS = re.compile(rb"HEADER RECORD\*{7}(?:OBS {5}|OBSV8   )HEADER RECORD!{7} *([0-9 ]*)")
_MEMBER = re.compile(rb"HEADER RECORD\*{7}(?:MEMBER  |MEMBV8  )HEADER RECORD!{7}[0-9]{26}([0-9]{4})")


def read(path: Path, contract: Contract, form: Xpt) -> TextRows:
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
    member, namestr = _MEMBER.search(content), _NAMESTR.search(content)
    if member is None or namestr is None:
        raise RefusedError("F_XPT_HEADER", "It names no variables.")
    # Each variable has a NAMESTR of 140 bytes (136 on VAX, so the header says which); bytes 4 and 5 are its width,
    # bytes 84 to 87 its place in the row.
    size, first = int(member.group(1)), namestr.start() + _RECORD
    starts = [first + size * number for number in range(int(namestr.group(1)))]
    widths = [int.from_bytes(content[start + 4 : start + 6], "big") for start in starts]
    places = [int.from_bytes(content[start + 84 : start + 88], "big") for start in starts]
    width = sum(widths)
    observations = _OBSERVATIONS.search(content, starts[-1] if starts else first)
    if observations is None or width == 0:
        raise RefusedError("F_TRUNCATED", "It ends before its first row.")
    if _MEMBER.search(content, observations.end()):
        raise RefusedError("F_TRAILING", "It holds more than one data set.")
    # In any order, but side by side: else a variable would be read from where another one lies.
    ends = [0, *(place + wide for place, wide in sorted(zip(places, widths, strict=True)))]
    if ends[:-1] != sorted(places):
        raise RefusedError("F_XPT_HEADER", "Its variables overlap, or leave room between them.")
    rows = _row_count(content[observations.start() + _RECORD :], width)
    counted = observations.group(1).split()
    # Version 5 writes zeros there; version 8 the number of rows.
    if counted and int(counted[0]) and int(counted[0]) != rows:
        raise RefusedError("F_TRUNCATED", f"Its header counts {int(counted[0])} rows, it holds {rows}.")
    return rows


def _row_count(rows: bytes, width: int) -> int:
    # The last record is filled up with blanks; rows of blanks cannot be told from filling, in this format.
    whole, rest = divmod(len(rows), width)
    if rows[len(rows) - rest :].strip(b" "):
        raise RefusedError("F_TRUNCATED", "The last row is cut, or bytes follow it.")
    filling = len(rows) - len(rows.rstrip(b" "))
    if filling >= _RECORD and width < _RECORD:
        raise RefusedError("F_TRAILING", "A whole record of blanks follows the last row.")
    return whole - min(filling, _RECORD - 1) // width


def _text(value: object) -> str:
    if value is None:
        return ""
    return number_text(value) if isinstance(value, float) else str(value)
