"""The values of a file's columns, each looked at once: typed, or given the reason code of what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.core.duck import literal
from pipelines.land.coding import Coded, Flags
from pipelines.land.contract import ColumnRule, Contract
from pipelines.land.typing_rules import arm_of, error, present, typed
from pipelines.study import Study
from pipelines.study.domains import DOMAINS, SQL_TYPES
from pipelines.study.layout import Delimited

_SPECIAL_MISSING = tuple(f".{letter}" for letter in "_ABCDEFGHIJKLMNOPQRSTUVWXYZ")
# Columns of up to so many values are looked at together: a statement costs as much as some thousand values.
_TOGETHER = 4096


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One column by its rule.

    `text` is null where a missing code stands, `value` is typed, `filling` is the value in the type of the variable
    that it fills, `error` is a reason code or null, `visit` and `arm` are what the value stands for.
    """

    rule: ColumnRule
    text: Coded
    value: Coded
    filling: Coded
    error: Coded
    visit: Coded | None
    arm: Coded | None


def check_values(
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: dict[str, Coded], exported_on: str | None
) -> list[Checked]:
    """Returns the columns that the contract declares, each of their values checked."""
    rules = contract.rules(list(columns))
    form = contract.export.format
    decimal = form.decimal if isinstance(form, Delimited) else "."
    found: dict[str, Checked] = {}
    for group in _groups(rules, columns):
        most = max(len(columns[rule.name].values) for rule in group)
        padded = [_padded(columns[rule.name].values, most) for rule in group]
        # One thread keeps the order: the values come back as they went.
        connection.register("delivered", pa.table(padded, names=[f"raw{i}" for i in range(len(group))]))
        table = connection.sql(_sql(contract, group, decimal, exported_on)).to_arrow_table()
        connection.unregister("delivered")
        for i, rule in enumerate(group):
            column = columns[rule.name]
            made = {
                name.rstrip("0123456789"): column.holding(_single(table[name]).slice(0, len(column.values)))
                for name in (f"{part}{i}" for part in ("text", "value", "filling", "error", "visit", "arm"))
                if name in table.column_names
            }
            found[rule.name] = Checked(
                rule=rule,
                text=made["text"],
                value=made["value"],
                filling=made["filling"],
                error=made["error"],
                visit=made.get("visit"),
                arm=made.get("arm"),
            )
    return [found[rule.name] for rule in rules]


def repeated_headers(checked: list[Checked], columns: dict[str, Coded]) -> Flags | None:
    """Returns for each row whether it is the header again; None where none is."""
    flags: Flags | None = None
    for one in checked:
        column = columns[one.rule.name]
        named = [code for code, value in enumerate(column.values.to_pylist()) if value == one.rule.name]
        if not named:
            return None
        here = column.codes == named[0]
        flags = here if flags is None else flags & here
    return flags


def _groups(rules: list[ColumnRule], columns: dict[str, Coded]) -> Iterator[list[ColumnRule]]:
    small = [rule for rule in rules if len(columns[rule.name].values) <= _TOGETHER]
    if small:
        yield small
    yield from ([rule] for rule in rules if len(columns[rule.name].values) > _TOGETHER)


def _padded(values: pa.Array, length: int) -> pa.Array:
    missing = length - len(values)
    return pa.concat_arrays([values, pa.nulls(missing, pa.string())]) if missing else values


def _single(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _sql(contract: Contract, rules: list[ColumnRule], decimal: str, exported_on: str | None) -> str:
    form = contract.export.format
    texts, values, errors, rest = [], [], [], []
    for i, rule in enumerate(rules):
        # SAS's own special missing values of a number need no declaration; their code stays in the text.
        special = _SPECIAL_MISSING if rule.column.type != "text" and form.type in {"xpt", "sas7bdat"} else ()
        texts.append(f"{present(f'raw{i}', rule, (*form.missing, *special))} as text{i}")
        values.append(f"{typed(f'text{i}', rule.column, decimal)} as value{i}")
        errors.append(f"{error(f'text{i}', f'value{i}', rule, exported_on)}::varchar as error{i}")
        rest.append(f"text{i}, value{i}, error{i}, {_filling(rule, i)} as filling{i}")
        if known := _visit(contract.study, rule, f"value{i}"):
            rest.append(f"{known} as visit{i}")
        if arm := arm_of(f"text{i}", rule.column):
            rest.append(f"{arm} as arm{i}")
    return f"""
        with texts as (select {", ".join(texts)} from delivered),
        typed_values as (select *, {", ".join(values)} from texts),
        checked as (select *, {", ".join(errors)} from typed_values)
        select {", ".join(rest)} from checked
    """


def _filling(rule: ColumnRule, i: int) -> str:
    target = rule.target
    kind = "varchar"
    if target and target.domain and (variable := DOMAINS[target.domain].variable(target.variable)):
        kind = SQL_TYPES[variable.type]
    elif target and target.variable == "visitnum":
        kind = SQL_TYPES["number"]
    return f"case when error{i} is null then value{i}::{kind} end"


def _visit(study: Study, rule: ColumnRule, value: str) -> str | None:
    """Returns SQL for the planned visit that a value names by its number or by its name; None where it names none."""
    target = (rule.target.domain, rule.target.variable) if rule.target else None
    if target == (None, "visitnum"):
        known = " ".join(f"when {value} = {v.visitnum!r} then {literal(v.visit)}" for v in study.visits)
        return f"case {known} when {value} != floor({value}) then 'UNSCHEDULED' end"
    if target == (None, "visit"):
        known = " ".join(
            f"when lower({value}::varchar) in ({literal(v.visit.lower())}, {literal(v.label.lower())}) "
            f"then {literal(v.visit)}"
            for v in study.visits
        )
        return f"case {known} when lower({value}::varchar) like 'unscheduled%' then 'UNSCHEDULED' end"
    return None
