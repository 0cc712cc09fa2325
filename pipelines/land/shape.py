"""Shaping: text rows become typed SDTM-shaped records, and what is wrong with a row sets the whole row aside.

Tables in the working database, in the order in which they are made:
    rows_text      the rows as delivered, `_source_row` first
    rows_checked   t<i> text, v<i> typed value, e<i> reason code of column i
    quarantine     one row for each (row, column, code)
    rows_typed     rows without an error, with their keys
    records_<domain>
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipelines.core.duck import identifier, literal
from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import Fault
from pipelines.land.records import TypedColumns, domains_of, records_sql
from pipelines.land.subjects import pseudonymise, set_subjects_aside
from pipelines.land.totals import wrong_totals
from pipelines.land.transactions import create_transactions
from pipelines.land.typing_rules import arm_of, error, present, typed
from pipelines.study.catalogue import catalogue
from pipelines.study.domains import DOMAINS, Domain
from pipelines.study.layout import Delimited

_SPECIAL_MISSING = tuple(f".{letter}" for letter in "_ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """What shaping counted."""

    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    domains: tuple[str, ...]
    codes: tuple[str, ...]
    wrong_totals: int


def shape(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    header: list[str],
    exported_on: str | None,
    faults: tuple[Fault, ...] = (),
) -> Shaped:
    """Makes the tables above from `rows_text`; every row of it ends in exactly one of records and quarantine.

    A row with one of the reader's `faults` is set aside for it.
    """
    columns = _check(connection, contract, header, exported_on)
    if faults:
        connection.executemany("insert into quarantine values (?, ?, ?)", [list(fault) for fault in faults])
    _type(connection, contract, columns)
    set_subjects_aside(connection, contract, columns.rules)
    pseudonymise(connection, contract, columns.rules)
    create_transactions(connection, contract, columns.rules)
    warnings: list[str] = []
    domains = domains_of(contract, columns.rules)
    for name in domains:
        connection.execute(
            f"create or replace temp table {identifier('records_' + name)} as\n"
            + records_sql(DOMAINS[name], columns, contract.export.constants)
        )
        connection.execute(
            f"delete from {identifier('records_' + name)} where _source_row in "
            "(select _source_row from transactions where is_removed)"
        )
        _check_records(connection, contract, columns, DOMAINS[name])
        if _check_duplicates(connection, contract, columns, DOMAINS[name]):
            warnings.append("W_DUP")
    for name in domains:
        connection.execute(
            f"delete from {identifier('records_' + name)} where _source_row in (select _source_row from quarantine)"
        )
    wrong = wrong_totals(connection, contract, columns) if "qs" in domains else 0
    if wrong:
        warnings.append("W_SUM")
    return Shaped(
        rows_in=_count(connection, "select count(*) from rows_text"),
        rows_accepted=_count(
            connection, "select count(*) from rows_typed where _source_row not in (select _source_row from quarantine)"
        ),
        rows_quarantined=_count(connection, "select count(distinct _source_row) from quarantine"),
        domains=tuple(domains),
        codes=tuple(
            [code for (code,) in connection.execute("select distinct code from quarantine order by code").fetchall()]
            + sorted(set(warnings))
        ),
        wrong_totals=wrong,
    )


def _check(
    connection: duckdb.DuckDBPyConnection, contract: Contract, header: list[str], exported_on: str | None
) -> TypedColumns:
    rules = contract.rules(header)
    form = contract.export.format
    decimal = form.decimal if isinstance(form, Delimited) else "."
    # SAS's own special missing values of a number need no declaration; their code stays in the text.
    special = _SPECIAL_MISSING if form.type in {"xpt", "sas7bdat"} else ()
    codes = [(*form.missing, *(special if rule.column.type != "text" else ())) for rule in rules]
    texts = [f"{present(rule, codes[i])} as t{i}" for i, rule in enumerate(rules)]
    values = [f"{typed(f't{i}', rule.column, decimal)} as v{i}" for i, rule in enumerate(rules)]
    errors = [f"{error(f't{i}', f'v{i}', rule, exported_on)} as e{i}" for i, rule in enumerate(rules)]
    repeated = " and ".join(f"{identifier(rule.name)} = {literal(rule.name)}" for rule in rules)
    connection.execute(
        f"""
        create or replace temp table rows_checked as
        with texts as (select _source_row, {repeated} as is_header, {", ".join(texts)} from rows_text),
        typed_values as (select *, {", ".join(values)} from texts)
        select *, {", ".join(errors)} from typed_values
        """
    )
    found = ", ".join(f"struct_pack(column_name := {literal(rule.name)}, code := e{i})" for i, rule in enumerate(rules))
    connection.execute(
        f"""
        create or replace temp table quarantine as
        select _source_row, null::varchar as column_name, 'Q_HEADER_ROW' as code from rows_checked where is_header
        union all
        select _source_row, found.column_name, found.code
        from (select _source_row, unnest([{found}]) as found from rows_checked where not coalesce(is_header, false))
        where found.code is not null
        """
    )
    has_arm = any(arm_of("", rule.column) for rule in rules)
    numbers = {visit.visit: visit.visitnum for visit in contract.study.visits}
    return TypedColumns(rules=rules, has_arm=has_arm, visit_numbers=numbers)


def _type(connection: duckdb.DuckDBPyConnection, contract: Contract, columns: TypedColumns) -> None:
    study = contract.study
    site = columns.of_target(None, "site")
    own = literal(contract.site) if study.sites[contract.site].kind == "site" else "null::varchar"
    siteid = f"v{site[0]}" if site else own
    key = columns.of_target(None, "usubjid")
    if key:
        usubjid = f"v{key[0]}"
    elif contract.domain:
        usubjid = "null::varchar"
    else:
        parts = [literal(study.study), *(["(siteid)"] if study.subject_key == "site" else [])]
        usubjid = " || '-' || ".join([*parts, f"v{columns.of_target(None, 'subject')[0]}"])
    visit, asked = _visit(contract, columns)
    numbers = " ".join(f"when {literal(v)} then {n!r}" for v, n in columns.visit_numbers.items())
    # An unscheduled visit keeps the number that it came with: there may be two on one day.
    delivered = "".join(f", v{i}" for i in columns.of_target(None, "visitnum"))
    visitnum = f"coalesce(case k_visit {numbers} end{delivered})"
    arms = [arm for i, rule in enumerate(columns.rules) if (arm := arm_of(f"t{i}", rule.column))]
    connection.execute(
        f"""
        create or replace temp table rows_typed as
        with keyed as (
            select *, {siteid} as siteid, {visit} as k_visit, {arms[0] if arms else "null::varchar"} as k_arm
            from rows_checked where _source_row not in (select _source_row from quarantine)
        )
        select *, {literal(study.study)} as studyid, {usubjid} as usubjid, {visitnum} as k_visitnum from keyed
        """
    )
    sites = ", ".join(map(literal, study.trial_sites))
    for wrong, position, code in (
        (f"siteid is not null and siteid not in ({sites})" if site else "", site, "Q_FK"),
        # Where numbers are given out by each site, a number without its site is nobody's.
        ("siteid is null" if site and study.subject_key == "site" and not key else "", site, "Q_KEY"),
        (
            "k_visit is null and coalesce(" + ", ".join(f"t{i}" for i in asked) + ") is not null" if asked else "",
            asked,
            "Q_FK",
        ),
    ):
        if wrong:
            _set_aside(
                connection, f"select _source_row from rows_typed where {wrong}", columns.rules[position[0]].name, code
            )


def _visit(contract: Contract, columns: TypedColumns) -> tuple[str, list[int]]:
    """Returns SQL for the planned visit that a row names by number or by name, and the columns that name it."""
    by_number = columns.of_target(None, "visitnum")
    by_name = columns.of_target(None, "visit")
    choices = []
    for i in by_number:
        known = " ".join(f"when v{i} = {v.visitnum!r} then {literal(v.visit)}" for v in contract.study.visits)
        choices.append(f"case {known} when v{i} != floor(v{i}) then 'UNSCHEDULED' end")
    for i in by_name:
        known = " ".join(
            f"when lower(v{i}) in ({literal(v.visit.lower())}, {literal(v.label.lower())}) then {literal(v.visit)}"
            for v in contract.study.visits
        )
        choices.append(f"case {known} when lower(v{i}) like 'unscheduled%' then 'UNSCHEDULED' end")
    return (f"coalesce({', '.join(choices)})" if choices else "null::varchar"), [*by_number, *by_name]


def _check_records(
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: TypedColumns, domain: Domain
) -> None:
    """Sets aside rows whose records are wrong by what their test code says: score ranges, laboratory units."""
    records = identifier("records_" + domain.name)
    if domain.name == "qs":
        ranges = [
            f"({literal(testcd)}, {low}, {high})"
            for code in contract.study.instruments
            for testcd, (low, high) in catalogue()[code].ranges.items()
        ]
        wrong = f"""
            select r._source_row from {records} as r
            inner join (values {", ".join(ranges)}) as allowed (testcd, low, high) on r.qstestcd = allowed.testcd
            where r.qsstresn not between allowed.low and allowed.high
        """
        _set_aside(connection, wrong, columns.named("qs", "qsstresn"), "Q_RANGE")
    if domain.name == "lb" and contract.study.biomarkers:
        units = [
            f"({literal(code)}, {literal(unit)})"
            for code, marker in contract.study.biomarkers.items()
            for unit in (marker.unit, *marker.conversions)
        ]
        wrong = f"""
            select r._source_row from {records} as r
            anti join (values {", ".join(units)}) as known (testcd, unit)
                on r.lbtestcd = known.testcd and r.lbstresu = known.unit
            where r.lbstresn is not null
        """
        _set_aside(connection, wrong, columns.named("lb", "lbstresu"), "Q_UNIT")
    if domain.name == "vs" and contract.study.vital_signs:
        units = [f"({literal(code)}, {literal(sign.unit)})" for code, sign in contract.study.vital_signs.items()]
        # A measurement without a unit is in the study's; one that the study file does not name may have any.
        wrong = f"""
            select r._source_row from {records} as r
            inner join (values {", ".join(units)}) as known (testcd, unit) on r.vstestcd = known.testcd
            where r.vsstresn is not null and r.vsstresu != known.unit
        """
        _set_aside(connection, wrong, columns.named("vs", "vsstresu"), "Q_UNIT")


def _check_duplicates(
    connection: duckdb.DuckDBPyConnection, contract: Contract, columns: TypedColumns, domain: Domain
) -> bool:
    """Sets aside rows that give one record two values; keeps one of equal ones, and returns whether there were any."""
    records = identifier("records_" + domain.name)
    number = f"{domain.name}seq"
    key = [name for name in ["usubjid", *domain.key] if _is_filled(connection, records, name)]
    # SDTM tells records by their number where nothing else does. Not so items of a score: they would add up twice.
    if contract.domain and domain.name != "qs" and domain.variable(number) and number not in key:
        key += [number] if _is_filled(connection, records, number) else []
    key = key or [domain.variables[0].name]
    others = [variable.name for variable in domain.variables if variable.name not in {*key, number}]
    grouped = ", ".join(map(identifier, key))
    # A transaction that a later one of the file restates is no second value.
    newest = f"(select * from {records} where _source_row not in (select _source_row from superseded))"
    repeats = f"select 1 from {newest} group by {grouped} having count(*) > 1 limit 1"
    if not connection.execute(repeats).fetchall():
        return False
    value = "row(" + ", ".join(map(identifier, others)) + ")"
    connection.execute(
        f"""
        create or replace temp table repeated as
        select {grouped}, count(distinct {value}) > 1 as differs, min((_source_row, _record)) as kept
        from {newest}
        where _source_row not in (select _source_row from quarantine)
        group by {grouped} having count(*) > 1
        """
    )
    same = " and ".join(f"r.{identifier(name)} is not distinct from d.{identifier(name)}" for name in key)
    named = next((name for name in ("visit", domain.date) if name in domain.key), None)
    _set_aside(
        connection,
        f"select r._source_row from {records} as r inner join repeated as d on {same} where d.differs"
        " and r._source_row not in (select _source_row from superseded)",
        columns.named(domain.name, named) if named else None,
        "Q_DUP",
    )
    connection.execute(
        f"""
        delete from {records} as r using repeated as d
        where {same} and not d.differs and (r._source_row, r._record) != d.kept
            and r._source_row not in (select _source_row from superseded)
        """
    )
    return _count(connection, "select count(*) from repeated where not differs") > 0


def _is_filled(connection: duckdb.DuckDBPyConnection, records: str, name: str) -> bool:
    # Variables that hold nothing tell nothing apart, and grouping by them costs time.
    return _count(connection, f"select count({identifier(name)}) from {records}") > 0


def _set_aside(connection: duckdb.DuckDBPyConnection, rows: str, column: str | None, code: str) -> None:
    connection.execute(
        f"insert into quarantine select distinct _source_row, {literal(column)}::varchar, {literal(code)} from ({rows})"
    )


def _count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    # All is fetched: a result that was left unread keeps the connection from writing the rows.
    return sum(int(count) for (count,) in connection.execute(sql).fetchall())
