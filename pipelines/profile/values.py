"""What the values of a sample's columns have in common: missing codes, decimal mark, type, order of day and month."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Counts = Mapping[str, int]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = {
    ".": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"),
    ",": re.compile(r"[+-]?([0-9]+(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]{1,3})?"),
}
_FRACTION = {mark: re.compile(rf"[+-]?[0-9]*[{mark}][0-9]+") for mark in ".,"}
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?)?")
_LOCAL_DATE = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-][0-9]{4}")
# What stands for nothing wherever it stands; what does only among numbers and dates; numbers that may.
_ALWAYS = (
    *("", "n/a", "N/A", "NULL", "NaN", "."),
    *("#N/A", "#NULL!", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!", "#NAME?"),
)
_AMONG_NUMBERS = ("NA", "na", "-", "ND", "missing", "Missing")
_SPECIAL = re.compile(r"\.[A-Z_]")
_NEGATIVE = ("-9", "-99", "-999", "-9999", "-8", "-88")
# So many of a column's values must be of a type for the type to be proposed; the others are told in the remark.
_SHARE = 0.95


@dataclass(frozen=True, kw_only=True)
class Values:
    """One column's values without missing codes: how often each stands."""

    counts: Counts
    decimal: str = "."

    @property
    def rows(self) -> int:
        """How many rows hold a value."""
        return sum(self.counts.values())

    @property
    def codes(self) -> list[str]:
        """The values, each once, in order."""
        return sorted(self.counts)

    @property
    def repeated(self) -> bool:
        """Whether at least one value stands more than once."""
        return 0 < len(self.counts) < self.rows

    def numbers(self) -> list[float]:
        """Returns the values that are numbers."""
        plain = (value.replace(self.decimal, ".") for value in self.counts if _NUMBER[self.decimal].fullmatch(value))
        return [float(value) for value in plain]

    def kind(self) -> tuple[dict[str, Any], list[str]]:
        """Returns `type` (and `date_order`) as the study file has them, and what a person should look at."""
        patterns = (
            ("integer", _INTEGER, "whole number"),
            ("number", _NUMBER[self.decimal], "number"),
            ("date", _ISO_DATE, "date"),
            ("date", _LOCAL_DATE, "date"),
        )
        for kind, pattern, word in patterns:
            fitting = {value: rows for value, rows in self.counts.items() if pattern.fullmatch(value)}
            fit = sum(fitting.values())
            if not fit or fit < _SHARE * self.rows:
                continue
            if kind == "integer" and fit < self.rows and self._all_numbers():
                continue
            remarks = [] if fit == self.rows else [f"{self.rows - fit} of {self.rows} rows hold no {word}"]
            order, told = _order(fitting) if pattern is _LOCAL_DATE else ({}, [])
            return {"type": kind} | order, remarks + told
        return {"type": "text"}, []

    def _all_numbers(self) -> bool:
        return all(_NUMBER[self.decimal].fullmatch(value) for value in self.counts)


def counted(column: pa.ChunkedArray) -> Counts:
    """Returns how often each value of a column stands."""
    return {row["values"]: row["counts"] for row in pc.value_counts(column.combine_chunks()).to_pylist()}


def missing_codes(columns: Iterable[Counts]) -> tuple[str, ...]:
    """Returns the codes that stand for a missing value in the file; the empty text where none is seen."""
    found: dict[str, None] = {}
    for counts in columns:
        others = [value for value in counts if value not in _ALWAYS and value not in _AMONG_NUMBERS]
        others = [value for value in others if not _SPECIAL.fullmatch(value)]
        numeric = bool(others) and all(
            _NUMBER["."].fullmatch(value) or _NUMBER[","].fullmatch(value) or _is_date(value) for value in others
        )
        for value in counts:
            negative = numeric and value in _NEGATIVE and _only_negative(value, others)
            among = numeric and (value in _AMONG_NUMBERS or _SPECIAL.fullmatch(value))
            if value in _ALWAYS or negative or among:
                found[value] = None
    order = (*_ALWAYS, *_AMONG_NUMBERS, *_NEGATIVE)
    return tuple(sorted(found, key=lambda code: (order.index(code) if code in order else len(order), code))) or ("",)


def _is_date(value: str) -> bool:
    return bool(_ISO_DATE.fullmatch(value) or _LOCAL_DATE.fullmatch(value))


def _only_negative(code: str, values: list[str]) -> bool:
    # A negative number is a missing code only where no other negative number is a value.
    return all(not value.startswith("-") or value in _NEGATIVE for value in values) and len(values) > 1 and code != ""


def decimal_mark(columns: Iterable[Counts]) -> str:
    """Returns the mark that more of the columns of numbers use."""
    uses = {".": 0, ",": 0}
    for counts in columns:
        for mark in uses:
            whole = all(_NUMBER[mark].fullmatch(value) for value in counts)
            uses[mark] += bool(counts) and whole and any(_FRACTION[mark].fullmatch(value) for value in counts)
    return "," if uses[","] > uses["."] else "."


def uses_other_mark(counts: Counts, decimal: str) -> bool:
    """Whether a column holds numbers with the decimal mark that is not the file's."""
    other = "," if decimal == "." else "."
    return bool(counts) and all(_NUMBER[other].fullmatch(value) for value in counts)


def _order(dates: Counts) -> tuple[dict[str, str], list[str]]:
    """Returns the order of day and month, which only a day above 12 tells."""
    parts = [match.groups() for value in dates if (match := _LOCAL_DATE.fullmatch(value))]
    first, second = (max(int(part[position]) for part in parts) for position in (0, 1))
    if first > 12 and second > 12:
        return {"date_order": "dmy"}, ["day and month stand in both orders"]
    if first <= 12 and second <= 12:
        return {"date_order": "dmy"}, ["no day is above 12, so the order of day and month cannot be seen"]
    return {"date_order": "dmy" if first > 12 else "mdy"}, []
