"""From rows to SDTM-shaped records: what one row of an export becomes, domain by domain.

A domain's plain columns make one record of the row (one for each period, where columns name periods); each column
with a test code (`qs.MADRS.01`, `vs.SYSBP`) makes a record of its own. A record that would hold nothing is not made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.land.checked import Checked
from pipelines.land.coding import Coded, Flags, Numbers, combined, constant
from pipelines.land.contract import ColumnRule, Contract
from pipelines.land.rows import Rows
from pipelines.study.domains import DOMAINS, KEYS, Domain, VariableType

ARROW_TYPES: dict[VariableType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.string(),
}
_TIMEPOINTS = {"qs": "qstpt", "vs": "vstpt", "lb": "lbtpt"}
_RAW_RESULTS = {"qs": "qsorres", "vs": "vsorres", "lb": "lborres"}
# Records are made for so many rows at a time: with few of them in memory, a file may have any number.
_ROWS = 1 << 19


@dataclass(frozen=True, kw_only=True)
class Part:
    """The records that each row makes in one way: there is one where one of `telling` holds something."""

    values: dict[str, Coded]
    telling: list[Coded]


class Selected(NamedTuple):
    """Records of some rows, ordered: the row of each (from 0), and the part that made it."""

    rows: Numbers
    parts: Numbers


class _Variable(NamedTuple):
    columns: list[Coded]
    offsets: list[int]
    values: pa.Array


@dataclass(kw_only=True)
class Records:
    """The records that a file's rows make in one domain; rows of `absent` make none, and `dropped` are left out."""

    domain: Domain
    parts: list[Part]
    count: int
    absent: Flags | None = None
    dropped: Numbers = field(default_factory=lambda: np.empty(0, np.int64))

    @cached_property
    def _variables(self) -> dict[str, _Variable]:
        return {}

    def _variable(self, name: str) -> _Variable:
        if name not in self._variables:
            kind = pa.string() if name in KEYS else ARROW_TYPES[self._kind(name)]
            empty = constant(None, self.count, kind)
            columns = [part.values.get(name, empty) for part in self.parts]
            if all(one is columns[0] for one in columns):
                column = columns[0].distinct()
                self._variables[name] = _Variable([column], [0], column.values)
            else:
                whole = pa.concat_arrays([one.values for one in columns]).dictionary_encode(null_encoding="encode")
                offsets = np.cumsum([0, *(len(one.values) for one in columns)])
                places = whole.indices.to_numpy()
                columns = [
                    Coded(codes=one.codes, values=pa.array(places[start : start + len(one.values)]))
                    for one, start in zip(columns, offsets, strict=False)
                ]
                self._variables[name] = _Variable(columns, [], whole.dictionary)
        return self._variables[name]

    def _kind(self, name: str) -> VariableType:
        variable = self.domain.variable(name)
        if variable is None:
            raise KeyError(name)
        return variable.type

    def values(self, name: str) -> pa.Array:
        """Returns the distinct values of a variable."""
        return self._variable(name).values

    def is_filled(self, name: str) -> bool:
        """Whether a variable may hold something."""
        values = self.values(name)
        return bool(values.null_count < len(values))

    def codes(self, name: str, selected: Selected) -> Numbers:
        """Returns which of its values a variable has in these records."""
        columns, offsets, values = self._variable(name)
        if offsets:
            return columns[0].codes[selected.rows]
        codes = np.empty(len(selected.rows), np.min_scalar_type(max(len(values) - 1, 0)))
        for number, column in enumerate(columns):
            here = np.flatnonzero(selected.parts == number)
            codes[here] = column.values.to_numpy()[column.codes[selected.rows[here]]]
        return codes

    def column(self, name: str, selected: Selected) -> Coded:
        """Returns a variable of these records."""
        return Coded(codes=self.codes(name, selected), values=self.values(name))

    def selections(self, good: Flags) -> Iterator[Selected]:
        """Yields the records of the good rows, by row and part, some rows at a time."""
        for start in range(0, max(self.count, 1), _ROWS):
            span = slice(start, min(start + _ROWS, self.count))
            rows_of_span = good[span] if self.absent is None else good[span] & ~self.absent[span]
            made = np.stack([self._made(part, span) for part in self.parts], axis=1) & rows_of_span[:, None]
            found = np.flatnonzero(made)
            if len(self.dropped):
                found = found[~np.isin(found + start * len(self.parts), self.dropped)]
            rows, parts = np.divmod(found, len(self.parts)) if len(self.parts) > 1 else (found, np.zeros_like(found))
            yield Selected(rows + start, parts)

    def keys(self, names: list[str], found: list[Selected]) -> Numbers:
        """Returns one number a record of these selections, equal where these variables are."""
        columns = (
            (np.concatenate([self.codes(name, selected) for selected in found]), len(self.values(name)))
            for name in names
            if len(self.values(name)) > 1
        )
        return combined(columns, sum(len(selected.rows) for selected in found))

    def place(self, selected: Selected) -> Numbers:
        """Returns one number a record, by which `dropped` names it."""
        return selected.rows * len(self.parts) + selected.parts

    def _made(self, part: Part, span: slice) -> Flags:
        made = np.zeros(span.stop - span.start, bool)
        for column in part.telling:
            made |= Coded(codes=column.codes[span], values=column.values).present()
        return made


def domains_of(contract: Contract, rules: list[ColumnRule]) -> list[str]:
    """Returns the domains that rows of this file fill, in the catalogue's order."""
    if contract.domain:
        return [contract.domain.name]
    named = {rule.target.domain for rule in rules if rule.target}
    return [name for name in DOMAINS if name in named]


def records_of(domain: Domain, rows: Rows, constants: dict[str, str]) -> Records:
    """Returns the records that the rows make in this domain."""
    own = [one for one in rows.checked if one.rule.target and one.rule.target.domain == domain.name]
    tests = [one for one in own if one.rule.target and one.rule.target.test]
    plain = [one for one in own if one.rule.target and not one.rule.target.test]
    values = _row_values(domain, rows, constants)
    if tests:
        parts = [_test_part(domain, rows, one, values | _filled(plain)) for one in tests]
    else:
        numbers = {one.rule.column.period for one in plain if one.rule.column.period is not None}
        periods: list[int | None] = [*sorted(numbers)] or [None]
        parts = [_plain_part(domain, rows, plain, values, period) for period in periods]
    return Records(domain=domain, parts=parts, count=rows.count)


def _plain_part(domain: Domain, rows: Rows, plain: list[Checked], values: dict[str, Coded], period: int | None) -> Part:
    own = [one for one in plain if one.rule.column.period in {None, period}]
    values = values | _filled(own)
    if period is not None:
        values["period"] = constant(period, rows.count, pa.int64())
    # What tells that the record is there: a column of this period, or any column of the domain.
    telling = [one for one in own if period is None or one.rule.column.period == period]
    # A number alone is none: of a repeating instrument it stands in the rows of all the others too.
    number = f"{domain.name}seq"
    telling = [one for one in telling if one.rule.target and one.rule.target.variable != number] or telling
    return Part(values=values, telling=[one.value for one in telling])


def _test_part(domain: Domain, rows: Rows, one: Checked, values: dict[str, Coded]) -> Part:
    target, column = one.rule.target, one.rule.column

    def text(value: str | None) -> Coded:
        return constant(value, rows.count, pa.string())

    timepoint = _TIMEPOINTS[domain.name]
    values = values | {
        str(domain.test): text(target.test if target else None),
        str(domain.result): one.filling,
        _RAW_RESULTS[domain.name]: one.text,
    }
    # A column may tell of a visit of its own (one column a visit, or the baseline beside each score).
    if column.visit is not None:
        number = rows.visit_numbers.get(column.visit)
        values["visit"] = text(column.visit)
        if number is not None:
            values["visitnum"] = constant(number, rows.count, pa.float64())
    if column.timepoint is not None:
        values[timepoint] = text(column.timepoint)
    if domain.unit:
        values[domain.unit] = text(column.unit)
    if domain.name == "qs":
        values["qscat"] = text(target.category if target else None)
    return Part(values=values, telling=[one.value])


def _row_values(domain: Domain, rows: Rows, constants: dict[str, str]) -> dict[str, Coded]:
    """Returns what the row's own keys and the layout's constants give to every record of the domain."""
    values = {name: rows.keys[name] for name in KEYS}
    for variable in ("visit", "visitnum"):
        if domain.variable(variable):
            values[variable] = rows.keys[variable]
            # What no model reads is as it was delivered.
            delivered = rows.of_target(None, variable)
            if delivered and not domain.analysed:
                values[variable] = delivered[0].filling
    if domain.date and (dates := rows.of_target(None, "date")):
        values[domain.date] = dates[0].filling
    if domain.name in _TIMEPOINTS and (timepoints := rows.of_target(None, "timepoint")):
        values[_TIMEPOINTS[domain.name]] = timepoints[0].filling
    if "arm" in rows.keys and domain.variable("arm"):
        values["arm"] = rows.keys["arm"]
    for target, value in constants.items():
        name, _, variable_name = target.partition(".")
        filled = domain.variable(variable_name)
        if name == domain.name and filled:
            text = constant(value, rows.count, pa.string())
            values[variable_name] = text.holding(text.values.cast(ARROW_TYPES[filled.type]))
    return values


def _filled(columns: Sequence[Checked]) -> dict[str, Coded]:
    return {one.rule.target.variable: one.filling for one in columns if one.rule.target}
