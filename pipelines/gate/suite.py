"""Suites: what is checked, as YAML in `expectations/<gate>/<table>.yml`, typed.

A check says in one sentence what a site would understand, names the standard it stems from, and holds one of
    where         an SQL condition on the table's rows: the rows for which it is true fail
    rows          an SQL query over `this` (the table) and any table of the gate that selects the failing rows, keys
                  only; `{keys}` stands for all keys and provenance of `this`
    expectation   a Great Expectations type with its `kwargs`
Protocol numbers come from the tables of schema `study` in that SQL; none stands in a suite.
One file may hold the checks of many tables that are alike: `tables` lists them, and `{table}` or `{TABLE}` is its name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.core.errors import GateFailedError

EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"

Gate = Literal["landed", "curated", "published"]
Severity = Literal["critical", "major", "minor"]
GATES: tuple[Gate, ...] = ("landed", "curated", "published")
# libyaml's, where it was built in: the pure one takes half a second for all suites.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = {"landed": "LAN", "curated": "CUR", "published": "PUB"}


class SuiteError(GateFailedError):
    """A suite cannot be read: a gate that would check less than it says does not start."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Settings):
    """One check, critical unless it says otherwise.

    `code` is the reason code (`pipelines.land.receipts`) under which data managers know what it finds.
    `at_most_pct`, not for critical ones: a larger share of failing rows than this fails it altogether.
    `query` says whether a site can do something about a failing row (see `Suite.asks`).
    """

    id: Annotated[str, Field(pattern=r"^(LAN|CUR|PUB)-[A-Z_]{2,24}-[0-9]{3}$")]
    severity: Severity = "critical"
    sentence: Annotated[str, Field(min_length=20)]
    standard: Annotated[str, Field(min_length=3)]
    code: Annotated[str, Field(pattern=r"^W_[A-Z]+$")] | None = None
    where: str | None = None
    rows: str | None = None
    expectation: str | None = None
    kwargs: dict[str, Any] = {}
    at_most_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    query: bool | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum(form is not None for form in (self.where, self.rows, self.expectation)) != 1:
            msg = "give exactly one of where, rows, expectation"
            raise ValueError(msg)
        if self.kwargs and self.expectation is None:
            msg = "kwargs belong to an expectation"
            raise ValueError(msg)
        if self.at_most_pct is not None and self.severity == "critical":
            msg = "a critical check allows no failing row: leave at_most_pct out"
            raise ValueError(msg)
        return self


class Suite(_Settings):
    """The checks of one table at one gate.

    `needs` lists the domains the table is made from: a study none of whose layouts delivers one has nothing to check.
    `may_be_empty` says that no rows is a proper state; elsewhere a check that ran on nothing is an error.
    """

    gate: Gate
    table: str
    needs: tuple[str, ...] = ()
    may_be_empty: bool = False
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_fit(self) -> Self:
        start = f"{_PREFIX[self.gate]}-{self.table.upper()}-"
        wrong = [check.id for check in self.checks if not check.id.startswith(start)]
        if wrong:
            msg = f"ids of this suite start with {start}: {', '.join(wrong)}"
            raise ValueError(msg)
        ids = [check.id for check in self.checks]
        if len(set(ids)) < len(ids):
            msg = "two checks have the same id"
            raise ValueError(msg)
        return self

    def asks(self, check: Check) -> bool:
        """Whether a failing row of `check` is a query to its site: as it says, else where it is not critical.

        A critical check mostly guards our own work; what is published is made of what the other gates asked about.
        """
        return check.query if check.query is not None else check.severity != "critical" and self.gate != "published"


def load_suites(root: Path = EXPECTATIONS) -> tuple[Suite, ...]:
    """Returns all suites below `root`, by gate, then table.

    Raises:
        SuiteError: a gate has no suite, or a file says something that cannot be run; all mistakes at once.
    """
    suites: list[Suite] = []
    mistakes: list[str] = []
    for gate in GATES:
        files = sorted((root / gate).glob("*.yml"))
        if not files:
            mistakes.append(f"  expectations/{gate}: no suite; a gate without checks passes nothing")
        for file in files:
            try:
                content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe one
                suites += [
                    Suite.model_validate({"gate": gate, "table": table, **one})
                    for table, one in _by_table(_mapping(content), file.stem)
                ]
            except (yaml.YAMLError, ValidationError, ValueError) as error:
                mistakes += [f"  expectations/{gate}/{file.name}: {line}" for line in _explained(error)]
    if mistakes:
        msg = "\n".join(["Suites that cannot be run:", *mistakes, "Nothing was checked. Correct them and gate again."])
        raise SuiteError(msg)
    return tuple(suites)


def _mapping(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        msg = "a suite is a mapping with `checks`"
        raise ValueError(msg)  # noqa: TRY004 - reported like any other mistake in the file
    repeated = sorted({"gate", "table"} & content.keys())
    if repeated:
        msg = f"{', '.join(repeated)}: taken from the file's place, not written in it"
        raise ValueError(msg)
    return content


def _by_table(content: dict[str, Any], stem: str) -> list[tuple[str, dict[str, Any]]]:
    """Returns the content for each table that the file is about."""
    tables = content.pop("tables", None)
    if tables is None:
        return [(stem, content)]
    text = json.dumps(content)
    return [(name, json.loads(text.replace("{table}", name).replace("{TABLE}", name.upper()))) for name in tables]


def _explained(error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        return [f"{'.'.join(str(part) for part in item['loc']) or 'suite'}: {item['msg']}" for item in error.errors()]
    return [str(error).splitlines()[0]]
