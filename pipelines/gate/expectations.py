"""Great Expectations, held in one place: it validates a table of the gate's database and says what it found.

One ephemeral context and one datasource serve all tables: what it spends on each is most of a small study's gate.
Rule    its analytics and progress bars are off; its log, which prints tracebacks with data in them, is silent while it
        runs; its `exception_info` is read, as a check that raised says `success: false` like one that failed
"""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.core.errors import GateFailedError
from pipelines.core.machine import refused_in
from pipelines.gate.library import great_expectations
from pipelines.gate.rooms import Rooms
from pipelines.gate.rules import BATCH
from pipelines.gate.suite import Check, Severity, Suite

ROWS = "UnexpectedRowsExpectation"
# What is told of a check in which something raised that is no error of the database.
RAISED = "the check raised an error"
_SEVERITIES: dict[Severity, str] = {"critical": "critical", "major": "warning", "minor": "info"}
# Raised while a query is planned: their first line names columns and tables, never a value of a row.
_PLANNING = re.compile(r"\b(Binder|Catalog|Parser) Error: [^\n\"']*(?:[\"'][A-Za-z0-9_.]+[\"'][^\n\"']*)*")
_RAISED = re.compile(r"\b([A-Z][A-Za-z ]{2,30} Error):")
_PARAMETER = re.compile(r"(?<!:):(?=\w)")
_COLUMN = re.compile(r"The column \"[A-Za-z0-9_]+\" in BatchData does not exist")
# Of the machine, not of the cut: another attempt may end well, so that it must leave no verdict behind.
_MACHINE = ("Out of Memory Error", "IO Error", "Interrupt Error")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One expectation to validate: a Great Expectations type and its arguments, under an id."""

    id: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity = "critical"

    @classmethod
    def of_check(cls, check: Check) -> Expected:
        """Returns a check's own expectation."""
        return cls(id=check.id, type=check.expectation or ROWS, kwargs=check.kwargs, severity=check.severity)

    @classmethod
    def of_query(cls, identity: str, query: str) -> Expected:
        """Returns the expectation that `query` selects no row; BATCH in it stands for the table."""
        # It is filled by `str.format`, then read by SQLAlchemy, to which a colon before a word is a parameter.
        escaped = _PARAMETER.sub(r"\\:", query.replace("{", "{{").replace("}", "}}"))
        return cls(id=identity, type=ROWS, kwargs={"unexpected_rows_query": escaped.replace(BATCH, "{batch}")})


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What Great Expectations found: how many rows are unexpected (None: it counts no rows), or that it raised."""

    success: bool
    unexpected: int | None = None
    error: str | None = None
    index_query: str | None = None


class Validator:
    """Validates tables of one gate's database."""

    def __init__(self, rooms: Rooms, suites: Sequence[Suite]) -> None:
        gx = great_expectations()
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )
        from great_expectations.datasource.fluent.sql_datasource import SQLDatasource, TableAsset

        from pipelines.gate import dialect
        from pipelines.gate.failing_rows import FailingRows

        dialect.register()
        config = DataContextConfig(
            # Its default makes a folder for Data Docs below /tmp, and leaves it there.
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        )
        self._gx = gx
        self._failing_rows = FailingRows
        # `schema_name` is deprecated in favour of one schema a datasource; one datasource for all schemas is quicker.
        with _silent():
            context = gx.get_context(mode="ephemeral", project_config=config)
            assets = [
                TableAsset(name=f"{suite.gate}.{suite.table}", table_name=suite.table, schema_name=suite.gate)
                for suite in suites
            ]
            url = f"duckdb:///{rooms.database}"
            source = SQLDatasource(name="gate", connection_string=url, create_temp_table=False, assets=assets)
            self._source = context.data_sources.add_sql(datasource=source)

    def validate(self, suite: Suite, expected: Sequence[Expected], *, keys: Sequence[str] = ()) -> dict[str, Observed]:
        """Returns what was found, by id; with `keys`, also the query that selects a column map's failing rows.

        Raises:
            GateFailedError: the machine could not go on (memory, disk); nothing is known about the cut.
        """
        if not expected:
            return {}
        found: dict[str, Observed] = {}
        with _silent():
            usable = {}
            for entry in expected:
                try:
                    usable[entry.id] = self._expectation(entry)
                except Exception as error:  # noqa: BLE001 - whatever it raises, the check could not run
                    found[entry.id] = Observed(success=False, error=explained(str(error), type(error).__name__))
            if usable:
                batch = self._batch(suite)
                gx_suite = self._gx.ExpectationSuite(
                    name=f"{suite.gate}.{suite.table}", expectations=list(usable.values())
                )
                how: dict[str, Any] = {"result_format": "BASIC"}
                if keys:
                    how = {"result_format": "COMPLETE", "unexpected_index_column_names": list(keys)}
                for result in batch.validate(gx_suite, result_format=how).results:
                    found[result.expectation_config.meta["id"]] = _observed(result)
        return found

    def _batch(self, suite: Suite) -> Any:
        asset = self._source.get_asset(f"{suite.gate}.{suite.table}")
        return asset.get_batch(asset.build_batch_request())

    def _expectation(self, entry: Expected) -> Any:
        kind: Any = self._failing_rows if entry.type == ROWS else getattr(self._gx.expectations, entry.type, None)
        if kind is None:
            msg = f"{entry.type} is no Great Expectations type"
            raise UnknownExpectationError(msg)
        return kind(**entry.kwargs, severity=_SEVERITIES[entry.severity], meta={"id": entry.id})


class UnknownExpectationError(ValueError):
    """A suite names an expectation that does not exist."""


def _observed(result: Any) -> Observed:
    messages = list(_raised(result.exception_info))
    if messages:
        return Observed(success=False, error=explained(*messages))
    details = result.result or {}
    unexpected = details.get("unexpected_count")
    if unexpected is None and "observed_value" in details and result.expectation_config.type == "failing_rows":
        unexpected = details.get("observed_value")
    return Observed(
        success=bool(result.success),
        unexpected=None if unexpected is None else int(unexpected),
        index_query=details.get("unexpected_index_query"),
    )


def _raised(information: Any) -> Iterator[str]:
    """Yields the messages in an `exception_info`: one mapping, or one for each metric."""
    if not isinstance(information, dict):
        return
    if "raised_exception" not in information:
        for inner in information.values():
            yield from _raised(inner)
    elif information["raised_exception"]:
        yield str(information.get("exception_message"))


def explained(*messages: str) -> str:
    """Returns what a raised error is, with nothing in it that could be a subject's value.

    Raises:
        GateFailedError: the machine failed, not the check.
    """
    for message in messages:
        kind = _RAISED.search(message)
        if (kind and kind.group(1) in _MACHINE) or refused_in(message):
            what = kind.group(1) if kind else "the machine refused it"
            msg = (
                f"The gate stopped: {what}. No verdict was written. Free memory or disk, or let it take more"
                " (AFTERGLOW_MEMORY_LIMIT=4GB), then gate again."
            )
            raise GateFailedError(msg)
        for pattern in (_PLANNING, _COLUMN):
            if match := pattern.search(message):
                return match.group(0).strip()
        if kind:
            return f"{kind.group(1)} while the check ran"
    return RAISED


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    # Children of this logger take its level, so that one setting silences them all.
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
