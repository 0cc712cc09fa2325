"""SAS transport files, version 5, byte for byte the same on every machine.

Written here and not by a library: libraries put the clock into the header. The layout is SAS's own (technical
support document TS-140): 80-byte records, one 140-byte NAMESTR for each variable, IBM floating point numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from pipelines.simulate.tables import Table

_RECORD = 80
# Time stamps say midnight of the day on which the export was made, never the clock.
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NUMBER_BYTES = 8
_BIAS = 64
_MISSING = b"." + bytes(7)


def xpt_bytes(table: Table) -> bytes:
    """Returns the table as a transport file whose data set is named after its domain."""
    widths = [_width(table, position) for position in range(len(table.columns))]
    day = table.exported
    stamp = f"{day.day:02d}{_MONTHS[day.month - 1]}{day.year % 100:02d}:00:00:00"
    parts = [
        _header("LIBRARY", "0" * 30),
        _padded(f"{'SAS':8}{'SAS':8}{'SASLIB':8}{'9.4':8}{'SIMULATE':8}{'':24}{stamp}"),
        _padded(stamp),
        _header("MEMBER", "000000000000000001600000000140"),
        _header("DSCRPTR", "0" * 30),
        _padded(f"{'SAS':8}{table.kind.upper():8}{'SASDATA':8}{'9.4':8}{'SIMULATE':8}{'':24}{stamp}"),
        _padded(f"{stamp}{'':16}{'':40}{'':8}"),
        _header("NAMESTR", f"000000{len(widths):04d}" + "0" * 20),
        _filled(_namestrs(table, widths)),
        _header("OBS", "0" * 30),
        _filled(b"".join(_observation(table, row, widths) for row in table.rows)),
    ]
    return b"".join(parts)


def _header(kind: str, digits: str) -> bytes:
    return f"HEADER RECORD*******{kind:8}HEADER RECORD!!!!!!!{digits}  ".encode("ascii")


def _padded(text: str) -> bytes:
    return text.ljust(_RECORD).encode("ascii")


def _filled(content: bytes) -> bytes:
    return content + b" " * (-len(content) % _RECORD)


def _width(table: Table, position: int) -> int:
    if table.columns[position] in table.numeric:
        return table.numeric[table.columns[position]]
    return max([1, *(len(row[position].encode()) for row in table.rows)])


def _namestrs(table: Table, widths: Sequence[int]) -> bytes:
    parts = []
    offset = 0
    for number, (name, width) in enumerate(zip(table.columns, widths, strict=True), start=1):
        kind = 1 if name in table.numeric else 2
        parts.append(
            b"".join(
                (
                    kind.to_bytes(2, "big"),
                    bytes(2),
                    width.to_bytes(2, "big"),
                    number.to_bytes(2, "big"),
                    name.ljust(8).encode("ascii"),
                    name.ljust(40).encode("ascii"),
                    b" " * 8,
                    bytes(8),
                    b" " * 8,
                    bytes(4),
                    offset.to_bytes(4, "big"),
                    bytes(52),
                )
            )
        )
        offset += width
    return b"".join(parts)


def _observation(table: Table, row: Sequence[str], widths: Sequence[int]) -> bytes:
    # A numeric variable shorter than 8 bytes keeps the leading ones: enough for whole numbers, as SAS does it.
    return b"".join(
        ibm_float(value)[:width] if name in table.numeric else value.encode().ljust(width)
        for name, value, width in zip(table.columns, row, widths, strict=True)
    )


@cache
def ibm_float(text: str) -> bytes:
    """Returns the decimal `text` as an 8-byte IBM floating point number, empty as a SAS missing value.

    It is the nearest IEEE double, which an IBM double holds exactly: a reader gets the same number as from CSV.
    """
    if text == "":
        return _MISSING
    value = Fraction(float(text))
    if value == 0:
        return bytes(_NUMBER_BYTES)
    sign, value = (0x80, -value) if value < 0 else (0, value)
    exponent = 0
    while value >= 1:
        value, exponent = value / 16, exponent + 1
    while value < Fraction(1, 16):
        value, exponent = value * 16, exponent - 1
    mantissa = int(value * (1 << 56))
    return bytes([sign | (_BIAS + exponent)]) + mantissa.to_bytes(7, "big")
