"""The headers of a SAS transport file, and whether the file is as long as they say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, NamedTuple

from pipelines.land.receipts import RefusedError

_RECORD = 80
_LIBRARY = re.compile(rb"HEADER RECORD\*{7}(LIBRARY |LIBV8   )HEADER RECORD!{7}0{30}")
_NAMESTR = re.compile(rb"HEADER RECORD\*{7}(?:NAMESTR |NAMSTV8 )HEADER RECORD!{7}0{6}([0-9]{4})")
_OBSERVATIONS = re.compile(rb"HEADER RECORD\*{7}(?:OBS {5}|OBSV8   )HEADER RECORD!{7} *([0-9 ]*)")
_MEMBER = re.compile(rb"HEADER RECORD\*{7}(?:MEMBER  |MEMBV8  )HEADER RECORD!{7}[0-9]{26}([0-9]{4})")
# More than the 9,999 variables that a header can count, with the longest labels.
_MOST_HEADER_BYTES = 8 << 20
_CHUNK = 1 << 20


class Variable(NamedTuple):
    """A variable of each row: where in it its bytes are."""

    name: str
    is_number: bool
    start: int
    width: int


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the headers say: the variables, how many bytes a row has, where the first row starts, how many there are."""

    variables: tuple[Variable, ...]
    width: int
    first_byte: int
    rows: int


def read_layout(source: IO[bytes], encoding: str) -> Layout:
    """Returns the file's layout, its size checked against it.

    Raises:
        RefusedError: F_XPT_HEADER, F_TRUNCATED, F_TRAILING or F_ENCODING.
    """
    head = source.read(_MOST_HEADER_BYTES)
    if not (library := _LIBRARY.match(head)):
        raise RefusedError("F_XPT_HEADER")
    size = source.seek(0, 2)
    if size % _RECORD:
        raise RefusedError("F_TRUNCATED", f"Its length is no multiple of {_RECORD} bytes: it was cut or added to.")
    member, namestr = _MEMBER.search(head), _NAMESTR.search(head)
    if member is None or namestr is None:
        raise RefusedError("F_XPT_HEADER", "It names no variables.")
    # Each variable has a NAMESTR of 140 bytes (136 on VAX, so the header says which).
    length, first = int(member.group(1)), namestr.start() + _RECORD
    starts = range(first, first + length * int(namestr.group(1)), max(1, length))
    observations = _OBSERVATIONS.search(head, starts[-1] if starts else first)
    if observations is None or not starts:
        raise RefusedError("F_TRUNCATED", "It ends before its first row.")
    is_version_8 = library.group(1) == b"LIBV8   "
    variables = _variables([head[start : start + length] for start in starts], encoding, is_version_8=is_version_8)
    width = sum(variable.width for variable in variables)
    first_byte = observations.start() + _RECORD
    _check_single(source, first_byte)
    counted = observations.group(1).split()
    rows = _row_count(source, first_byte, size, width, int(counted[0]) if counted else 0)
    return Layout(variables=variables, width=width, first_byte=first_byte, rows=rows)


def _variables(namestrs: list[bytes], encoding: str, *, is_version_8: bool) -> tuple[Variable, ...]:
    found: list[Variable] = []
    # A row holds them in this order, whatever position (bytes 84 to 88) each had in the data set it was made from.
    start = 0
    for number, namestr in enumerate(namestrs, start=1):
        kind, width = int.from_bytes(namestr[:2], "big"), int.from_bytes(namestr[4:6], "big")
        # Bytes 8 to 16 are the name; in version 8 a longer one stands behind the fields of version 5.
        name = namestr[88:120] if is_version_8 else namestr[8:16]
        if kind not in {1, 2} or not width or (kind == 1 and not 2 <= width <= 8):
            raise RefusedError("F_XPT_HEADER", f"Variable number {number} is neither a number nor a text.")
        if b"  " in name.rstrip(b" \0"):
            # Rows were written over it: what a message would tell as a name are values.
            raise RefusedError("F_XPT_HEADER", f"Variable number {number} has no proper name.")
        try:
            found.append(Variable(name.rstrip(b" \0").decode(encoding), kind == 1, start, width))
        except UnicodeDecodeError:
            raise RefusedError("F_ENCODING", f"Declared: {encoding}; not so in the name {number}.") from None
        start += width
    return tuple(found)


def _check_single(source: IO[bytes], first_byte: int) -> None:
    """A second data set starts with a header of its own, on a record's first byte."""
    source.seek(first_byte)
    before = b""
    while chunk := source.read(_CHUNK):
        if _MEMBER.search(before + chunk):
            raise RefusedError("F_TRAILING", "It holds more than one data set.")
        before = chunk[-_RECORD:]


def _row_count(source: IO[bytes], first_byte: int, size: int, width: int, counted: int) -> int:
    held = size - first_byte
    # The last record is filled up with blanks; rows of blanks cannot be told from filling, in this format.
    whole, rest = divmod(held, width)
    source.seek(size - min(held, max(rest, _RECORD + width)))
    tail = source.read()
    if tail[len(tail) - rest :].strip(b" "):
        raise RefusedError("F_TRUNCATED", "The last row is cut, or bytes follow it.")
    # Blanks that a row ends in are its own.
    blank_rows = (len(tail) - len(tail.rstrip(b" ")) - rest) // width if width < _RECORD else 0
    if rest + blank_rows * width >= _RECORD:
        raise RefusedError("F_TRAILING", "A whole record of blanks follows the last row.")
    rows = whole - blank_rows
    # Version 5 writes zeros there; version 8 the number of rows.
    if counted and counted != rows:
        raise RefusedError("F_TRUNCATED", f"Its header counts {counted} rows, it holds {rows}.")
    return rows
