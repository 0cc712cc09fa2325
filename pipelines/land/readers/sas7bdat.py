"""SAS data sets (.sas7bdat).

The format is known by reverse engineering only, so its parser runs in a child process; and its sizes are checked first,
since each page of the file is named in its header.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_table
from pipelines.land.readers.numbers import number_text
from pipelines.land.readers.text_rows import TextRows
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Sas7bdat

_MAGIC = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
_EPOCH = datetime(1960, 1, 1)  # noqa: DTZ001 - SAS dates have no zone
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
    check_size(path)
    return parse_in_child(__name__, path, contract, form)


def check_size(path: Path) -> None:
    """Compares the file's size with the pages that its header counts.

    Raises:
        RefusedError: F_MAGIC, F_TRUNCATED or F_TRAILING.
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


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - the header says
    """Yields the rows as text; runs in the child process."""
    import pyreadstat

    settings = Sas7bdat.model_validate(form)
    encoding = None if settings.encoding == "file" else settings.encoding.upper().replace("CP", "WINDOWS-")
    try:
        values, meta = pyreadstat.read_sas7bdat(
            str(path), encoding=encoding, disable_datetime_conversion=True, user_missing=True, output_format="dict"
        )
    except UnicodeDecodeError:
        raise RefusedError("F_ENCODING", f"Declared: {settings.encoding}.") from None
    except (pyreadstat.ReadstatError, ValueError) as error:
        # Of the library's message only what it is about: it may quote the file.
        about = str(error).lower()
        code = "F_ENCODING" if "nvalid byte sequence" in about or "codec" in about else "F_PARSE"
        raise RefusedError(code) from None
    header = list(meta.column_names)
    if not header:
        raise RefusedError("F_PARSE", "It names no variables.")
    formats = meta.original_variable_types
    types = meta.readstat_variable_types
    texts = [
        [_text(value, formats[name] or "", numeric=types[name] != "string") for value in values[name]]
        for name in header
    ]
    if any(len(column) != meta.number_rows for column in texts):
        raise RefusedError("F_PARSE", f"{len(texts[0])} rows were read, its header counts {meta.number_rows}.")
    yield text_table(header, texts)


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
