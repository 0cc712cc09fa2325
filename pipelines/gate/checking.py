"""Checking: every suite that applies, table by table, to one result a check.

All row rules of a table are one query, run once: it keeps the keys of the failing rows with their checks, and that the
table has none of them is what is expected. When the query raises, each rule is validated alone, so that one rule that
cannot run hides nothing about the others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import duckdb

from pipelines.core.duck import identifier, literal
from pipelines.gate.expectations import ROWS, Expected, Observed, Validator, explained
from pipelines.gate.library import imported_meanwhile
from pipelines.gate.rooms import Rooms
from pipelines.gate.rules import BATCH, IS_ISO_8601, KEY_TYPES, check_selects_keys, failing_query, keys_of, row_rules
from pipelines.gate.suite import GATES, Check, Gate, Suite
from pipelines.gate.verdict import CheckResult, outcome_of

FAILING = "main.failing"
_WITHOUT_SUITE = "Every table that goes through this gate has checks of its own."


def checked(rooms: Rooms, suites: Sequence[Suite]) -> list[CheckResult]:
    """Returns one result a check, in the order of the suites; keys of failing rows are in table FAILING of `rooms`."""
    rooms.look()
    rooms.connection.execute(IS_ISO_8601)
    columns = ", ".join(f"{key} {kind}" for key, kind in KEY_TYPES.items())
    rooms.connection.execute(f"create or replace table {FAILING} (check_id varchar, {columns})")
    rows = {(suite.gate, suite.table): _row_count(rooms, suite) for suite in suites}
    applying = [suite for suite in suites if applies(suite, rooms, rows[suite.gate, suite.table])]
    results = list(_tables_without_suite(rooms, suites))
    runnable = [suite for suite in applying if _error_before(suite, rows[suite.gate, suite.table]) is None]
    tables = [_TableCheck(rooms, suite) if rows[suite.gate, suite.table] else None for suite in applying]
    with imported_meanwhile() if runnable else contextlib.nullcontext():
        for table in tables:
            if table:
                table.keep_failing()
    validator = Validator(rooms, runnable) if runnable else None
    for suite, table in zip(applying, tables, strict=True):
        count = rows[suite.gate, suite.table]
        error = _error_before(suite, count)
        if table and validator:
            observed = table.observed(validator)
        elif error is not None:
            observed = {check.id: Observed(success=False, error=error) for check in suite.checks}
        else:
            # `may_be_empty`: no row, no failing row; the result says that 0 rows were checked.
            observed = {check.id: Observed(success=True, unexpected=0) for check in suite.checks}
        results += [_result(suite, check, observed.get(check.id), count or 0) for check in suite.checks]
    return results


def applies(suite: Suite, rooms: Rooms, rows: int | None) -> bool:
    """Whether a suite has something to check: rows, or a domain that the study's layouts say is delivered."""
    return not suite.needs or bool(rows) or not rooms.domains.isdisjoint(suite.needs)


def _error_before(suite: Suite, rows: int | None) -> str | None:
    if rows is None:
        return f"there is no table {suite.gate}.{suite.table}"
    return None if rows or suite.may_be_empty else f"ran on nothing: {suite.gate}.{suite.table} has no rows"


def _row_count(rooms: Rooms, suite: Suite) -> int | None:
    if not rooms.columns(suite.gate, suite.table):
        return None
    counted = rooms.connection.execute(f"select count(*) from {suite.gate}.{identifier(suite.table)}").fetchone()
    return int(counted[0]) if counted else None


def _result(suite: Suite, check: Check, observed: Observed | None, rows: int) -> CheckResult:
    seen = observed or Observed(success=False, error="the check did not run")
    failed = 0 if seen.success else seen.unexpected
    return CheckResult(
        check_id=check.id,
        gate=suite.gate,
        table_name=suite.table,
        verdict="ERROR" if seen.error else outcome_of(check, rows_checked=rows, rows_failed=failed),
        severity=check.severity,
        sentence=" ".join(check.sentence.split()),
        standard=" ".join(check.standard.split()),
        expectation=check.expectation or ROWS,
        rows_checked=rows,
        rows_failed=None if seen.error else failed,
        error=seen.error,
        code=check.code,
    )


def _tables_without_suite(rooms: Rooms, suites: Sequence[Suite]) -> Iterator[CheckResult]:
    for gate in GATES:
        known = {suite.table for suite in suites if suite.gate == gate}
        for table in sorted(set(rooms.tables(gate)) - known):
            yield _unchecked(gate, table)


def _unchecked(gate: Gate, table: str) -> CheckResult:
    return CheckResult(
        check_id=f"{gate[:3].upper()}-{table.upper()}-000",
        gate=gate,
        table_name=table,
        verdict="ERROR",
        severity="critical",
        sentence=_WITHOUT_SUITE,
        standard="Afterglow",
        expectation="none",
        rows_checked=0,
        rows_failed=None,
        error=f"no check: expectations/{gate}/{table}.yml is not there",
    )


class _TableCheck:
    """The checks of one table that has rows."""

    def __init__(self, rooms: Rooms, suite: Suite) -> None:
        self._rooms = rooms
        self._suite = suite
        self._rules = row_rules(suite)
        self._is_kept = False

    def keep_failing(self) -> None:
        """Keeps the keys of the rows that fail a row rule, where the query for them can be run.

        Raises:
            GateFailedError: the machine could not go on.
        """
        if not self._rules:
            return
        try:
            self._keep(self._failing_query(self._rules).replace(BATCH, self._table))
        except duckdb.Error as error:
            explained(str(error))
        else:
            self._is_kept = True

    def observed(self, validator: Validator) -> dict[str, Observed]:
        """Returns what was found, by check id."""
        own = [check for check in self._suite.checks if check.expectation]
        expected = [Expected.of_check(check) for check in own]
        if self._is_kept:
            # Great Expectations wants the table named in what it runs over it.
            query = f"{self._kept_rows(self._rules)} and exists (from {BATCH})"
            expected.append(Expected.of_query("rows", query))
        found = validator.validate(self._suite, expected)
        rows = found.pop("rows", Observed(success=False, error="not planned"))
        self._keep_rows_of_column_maps(validator, [check for check in own if found[check.id].unexpected])
        if rows.error is None:
            return found | self._by_check(self._rules, rows)
        # Each by itself keeps its own rows: none of them twice.
        self._rooms.connection.execute(f"delete from {FAILING} where check_id in ({self._ids(self._rules)})")
        return found | {rule.id: self._alone(validator, rule) for rule in self._rules}

    def _alone(self, validator: Validator, rule: Check) -> Observed:
        """Validates one rule by itself."""
        try:
            check_selects_keys(self._suite, rule, self._rooms)
        except duckdb.Error as error:
            return Observed(success=False, error=explained(str(error)))
        except ValueError as error:
            return Observed(success=False, error=str(error))
        query = self._failing_query([rule])
        found = validator.validate(self._suite, [Expected.of_query(rule.id, query)])[rule.id]
        if found.error:
            return found
        self._keep(query.replace(BATCH, self._table))
        return self._by_check([rule], found)[rule.id]

    def _failing_query(self, rules: Sequence[Check]) -> str:
        return failing_query(self._suite, rules, self._rooms.columns(self._suite.gate, self._suite.table))

    def _kept_rows(self, rules: Sequence[Check]) -> str:
        return f"select check_id from {FAILING} where check_id in ({self._ids(rules)})"

    @staticmethod
    def _ids(rules: Sequence[Check]) -> str:
        return ", ".join(literal(rule.id) for rule in rules) or "null"

    def _by_check(self, rules: Sequence[Check], rows: Observed) -> dict[str, Observed]:
        """Counts the kept rows by check; the counts add up to what was validated."""
        counted = self._rooms.connection.execute(
            f"select check_id, count(*) from ({self._kept_rows(rules)}) group by check_id"
        )
        counts: dict[str, int] = dict(counted.fetchall())
        if sum(counts.values()) != rows.unexpected:
            error = "the failing rows could not be counted alike twice"
            return {rule.id: Observed(success=False, error=error) for rule in rules}
        return {rule.id: Observed(success=rule.id not in counts, unexpected=counts.get(rule.id, 0)) for rule in rules}

    def _keep_rows_of_column_maps(self, validator: Validator, failed: Sequence[Check]) -> None:
        """Keeps the keys of the rows that a column map of Great Expectations found, by the query it gives for them."""
        columns = self._rooms.columns(self._suite.gate, self._suite.table)
        keys = keys_of(self._suite, columns)
        index = [column for column in columns if identifier(column) in keys.values()]
        if not failed or not index:
            return
        found = validator.validate(self._suite, [Expected.of_check(check) for check in failed], keys=index)
        for check in failed:
            query = found[check.id].index_query
            if query:
                listed = ", ".join(f"{expression} as {key}" for key, expression in keys.items())
                self._keep(f"select {literal(check.id)} as check_id, {listed} from ({query.rstrip('; ')})")

    def _keep(self, query: str) -> None:
        """Adds the rows of `query` to FAILING, which has no column for what is no key."""
        self._rooms.connection.execute(f"insert into {FAILING} by name {query}")

    @property
    def _table(self) -> str:
        return f"{self._suite.gate}.{identifier(self._suite.table)}"
