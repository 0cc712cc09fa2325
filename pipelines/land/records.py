"""From typed rows to SDTM-shaped records, as SQL: what one row of an export becomes, domain by domain.

A domain's plain columns make one record of the row (one for each period, where columns name periods); each column
with a test code (`qs.MADRS.01`, `vs.SYSBP`) makes a record of its own. A record that would hold nothing is not made.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.core.duck import identifier, literal
from pipelines.land.contract import ColumnRule, Contract
from pipelines.study.domains import DOMAINS, SQL_TYPES, Domain

_TIMEPOINTS = {"qs": "qstpt", "vs": "vstpt", "lb": "lbtpt"}
_RAW_RESULTS = {"qs": "qsorres", "vs": "vsorres", "lb": "lborres"}


@dataclass(frozen=True, kw_only=True)
class TypedColumns:
    """What `rows_typed` holds: by position of the rule `v0, v1, ...` typed and `t0, ...` text, and the keys."""

    rules: list[ColumnRule]
    has_arm: bool
    visit_numbers: dict[str, float]

    def of_target(self, domain: str | None, variable: str) -> list[int]:
        """Returns the positions of the rules without a test that fill this variable."""
        return [
            position
            for position, rule in enumerate(self.rules)
            if rule.target
            and rule.target.test is None
            and (rule.target.domain, rule.target.variable) == (domain, variable)
        ]

    def named(self, domain: str, variable: str) -> str:
        """Returns the file's own name of the column that fills this variable; the variable's name where none does."""
        rows = self.of_target(domain, variable) or self.of_target(None, variable)
        return self.rules[rows[0]].name if rows else variable.upper()


def domains_of(contract: Contract, rules: list[ColumnRule]) -> list[str]:
    """Returns the domains that rows of this file fill, in the catalogue's order."""
    if contract.domain:
        return [contract.domain.name]
    named = {rule.target.domain for rule in rules if rule.target}
    return [name for name in DOMAINS if name in named]


def records_sql(domain: Domain, columns: TypedColumns, constants: dict[str, str]) -> str:
    """Returns a query for the domain's records over `rows_typed`."""
    parts = []
    rules = [(i, rule) for i, rule in enumerate(columns.rules) if rule.target and rule.target.domain == domain.name]
    tests = [(i, rule) for i, rule in rules if rule.target and rule.target.test]
    plain = [(i, rule) for i, rule in rules if rule.target and not rule.target.test]
    if tests:
        parts.append(_tests_sql(domain, columns, tests, plain, constants))
    else:
        periods = sorted({rule.column.period for _, rule in plain if rule.column.period is not None})
        for number, period in enumerate(periods or [None], start=1):
            parts.append(_plain_sql(domain, columns, plain, constants, period=period, record=number))
    return "\nunion all by name\n".join(parts)


def _plain_sql(
    domain: Domain,
    columns: TypedColumns,
    plain: list[tuple[int, ColumnRule]],
    constants: dict[str, str],
    *,
    period: int | None,
    record: int,
) -> str:
    own = [(i, rule) for i, rule in plain if rule.column.period in {None, period}]
    values = _row_values(domain, columns, constants) | _filled(own)
    if period is not None:
        values["period"] = str(period)
    # What tells that the record is there: a column of this period, or any column of the domain.
    telling = [i for i, rule in own if period is None or rule.column.period == period]
    # A number alone is none: of a repeating instrument it stands in the rows of all the others too.
    numbering = {i for i, rule in own if rule.target and rule.target.variable == f"{domain.name}seq"}
    telling = [i for i in telling if i not in numbering] or telling
    condition = " or ".join(f"v{i} is not null" for i in telling)
    return _select(domain, values, str(record), "rows_typed", condition)


def _tests_sql(
    domain: Domain,
    columns: TypedColumns,
    tests: list[tuple[int, ColumnRule]],
    plain: list[tuple[int, ColumnRule]],
    constants: dict[str, str],
) -> str:
    structs = []
    for record, (i, rule) in enumerate(tests, start=1):
        target = rule.target
        parts = [
            f"record := {record}",
            f"test := {literal(target.test if target else None)}",
            f"category := {literal(target.category if target else None)}::varchar",
            f"raw := t{i}",
            f"result := v{i}::double",
            f"unit := {literal(rule.column.unit)}::varchar",
            f"timepoint := {literal(rule.column.timepoint)}::varchar",
            f"visit := {literal(rule.column.visit)}::varchar",
            f"visitnum := {literal(columns.visit_numbers.get(rule.column.visit or ''))}::double",
        ]
        structs.append(f"struct_pack({', '.join(parts)})")
    values = _row_values(domain, columns, constants) | _filled(plain)
    timepoint = _TIMEPOINTS[domain.name]
    values |= {
        str(domain.test): "u.test",
        str(domain.result): "u.result",
        _RAW_RESULTS[domain.name]: "u.raw",
        # A column may tell of a visit of its own (one column a visit, or the baseline beside each score).
        "visit": "coalesce(u.visit, k_visit)",
        "visitnum": "coalesce(u.visitnum, k_visitnum)",
        timepoint: f"coalesce(u.timepoint, {values[timepoint]}::varchar)" if timepoint in values else "u.timepoint",
    }
    if domain.unit:
        values[domain.unit] = "u.unit"
    if domain.name == "qs":
        values["qscat"] = "u.category"
    source = f"(select *, unnest([{', '.join(structs)}]) as u from rows_typed)"
    return _select(domain, values, "u.record", source, "u.result is not null")


def _row_values(domain: Domain, columns: TypedColumns, constants: dict[str, str]) -> dict[str, str]:
    """Returns what the row's own keys and the layout's constants give to every record of the domain."""
    values: dict[str, str] = {}
    for variable in ("visit", "visitnum"):
        if domain.variable(variable):
            values[variable] = f"k_{variable}"
            # What no model reads is as it was delivered.
            delivered = columns.of_target(None, variable)
            if delivered and not domain.analysed:
                values[variable] = f"v{delivered[0]}"
    if domain.date and columns.of_target(None, "date"):
        values[domain.date] = f"v{columns.of_target(None, 'date')[0]}"
    if domain.name in _TIMEPOINTS and columns.of_target(None, "timepoint"):
        values[_TIMEPOINTS[domain.name]] = f"v{columns.of_target(None, 'timepoint')[0]}"
    if columns.has_arm and domain.variable("arm"):
        values["arm"] = "k_arm"
    for target, value in constants.items():
        name, _, variable = target.partition(".")
        if name == domain.name:
            values[variable] = literal(value)
    return values


def _filled(rules: list[tuple[int, ColumnRule]]) -> dict[str, str]:
    filled: dict[str, str] = {}
    for i, rule in rules:
        if rule.target:
            filled[rule.target.variable] = f"v{i}"
    return filled


def _select(domain: Domain, values: dict[str, str], record: str, source: str, condition: str) -> str:
    listed = ",\n    ".join(
        f"cast({values.get(variable.name, 'null')} as {SQL_TYPES[variable.type]}) as {identifier(variable.name)}"
        for variable in domain.variables
    )
    return (
        f"select\n    studyid, siteid, usubjid,\n    {listed},\n    _source_row, cast({record} as integer) as _record\n"
        f"from {source}\nwhere {condition or 'true'}"
    )
