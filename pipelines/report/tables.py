"""Reading a cut: SQL on its read-only `cut.duckdb`, its inputs, its gate results; and the groups that may be shown.

Rule    in a blinded cut there is one group, whatever a row says; an arm's code or label is never looked up
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipelines.core.duck import connect
from pipelines.report.content import Record

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from pipelines.cut import Cut
    from pipelines.study import Study

BLINDED = "BLINDED"
UNASSIGNED = ""
_LONGEST_LABEL = 24


@dataclass(frozen=True, kw_only=True)
class Group:
    """A column of the report: an arm, or all arms of a blinded cut. `mark` picks colour and symbol."""

    code: str
    label: str
    mark: int

    @property
    def short(self) -> str:
        """Its name in tables and under figures: the label, or the code where the label is long."""
        return self.label if len(self.label) <= _LONGEST_LABEL else self.code


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The gate's verdict, its checks and its reconciliation, as records of the files in gate/."""

    verdict: str
    blocking: bool
    checks: tuple[Record, ...]
    failing_by_site: tuple[Record, ...]
    reconciliation: tuple[Record, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CutData:
    """Everything a section is made from."""

    study: Study
    cut_id: str
    inputs: Record
    blinded: bool
    gate: Gate
    connection: duckdb.DuckDBPyConnection

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups in the order of the study file."""
        if self.blinded:
            return (Group(code=BLINDED, label="All arms (blinded)", mark=0),)
        return tuple(
            Group(code=code, label=arm.label, mark=mark) for mark, (code, arm) in enumerate(self.study.arms.items())
        )

    @property
    def crossover(self) -> bool:
        """Whether a subject is in every group, one after the other."""
        return self.study.design == "crossover"

    def group_of(self, code: object) -> str:
        """Returns the code of the group a row belongs to; `UNASSIGNED` when it has no arm."""
        if self.blinded:
            return BLINDED
        return code if isinstance(code, str) and code in self.study.arms else UNASSIGNED

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Record]:
        """Returns the rows of a query as records; dates as ISO text.

        The query orders its rows, or its reader sums in a way that no order changes.
        """
        cursor = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [
            {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]

    def site_label(self, siteid: object) -> str:
        """Returns a site's id and name, as `S01 Basel`; a vendor is marked as one."""
        site = self.study.sites.get(str(siteid))
        if site is None:
            return str(siteid) if siteid else "not named"
        label = site.name if site.name.startswith(str(siteid)) else f"{siteid} {site.name}"
        return f"{label} (vendor)" if site.kind == "vendor" else label

    def visit_label(self, code: str) -> str:
        """Returns a planned visit's label."""
        return next((visit.label for visit in self.study.visits if visit.visit == code), code)


@contextlib.contextmanager
def opened(study: Study, cut: Cut) -> Iterator[CutData]:
    """Opens a cut for reading.

    Raises:
        IntegrityError: the gate has not run on this cut.
    """
    gate = read_gate(cut)
    connection = connect(cut.duckdb, read_only=True)
    try:
        yield CutData(
            study=study,
            cut_id=cut.cut_id,
            inputs=cut.inputs,
            blinded=bool(cut.inputs["blinded"]),
            gate=gate,
            connection=connection,
        )
    finally:
        connection.close()


def read_gate(cut: Cut) -> Gate:
    """Reads the verdict, the checks, and how many rows of each site failed them."""
    from pipelines.gate.verdict import read_verdict

    verdict = read_verdict(cut)
    return Gate(
        verdict=verdict.verdict,
        blocking=verdict.blocking,
        checks=tuple(_parquet(cut.gate / "checks.parquet", "select * from {} order by gate, table_name, check_id")),
        failing_by_site=tuple(
            _parquet(
                cut.gate / "failing_rows.parquet",
                "select check_id, siteid, count(*) as n from {} group by all order by all",
            )
        ),
        reconciliation=tuple(
            _parquet(
                cut.gate / "reconciliation.parquet",
                "select * from {} order by siteid, source_file, delivery_id, unit desc, domain",
            )
        ),
    )


def _parquet(path: Path, sql: str) -> list[Record]:
    from pipelines.core.duck import parquet_scan

    if not path.is_file():
        return []
    with contextlib.closing(connect()) as connection:
        cursor = connection.execute(sql.format(parquet_scan([path])))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
