"""The data dictionary: what each column is beside its description, and the catalogue that a cut carries.

Reads   dbt_project/columns/*.yml, the parsed project, the derived database
Writes  cuts/<cut_id>/catalogue.json: every table of every layer with its columns and what it is made from
Rule    nothing of it depends on a clock, a path or the order in which models ran
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.build.project import PROJECT, DocumentedTable
from pipelines.core.hashing import canonical_json
from pipelines.study.domains import DOMAINS

if TYPE_CHECKING:
    import duckdb

COLUMNS = PROJECT / "columns"
_FACTS = frozenset({"description", "cdisc", "unit", "derivation"})
_NUMBERS = ("integer", "bigint", "hugeint", "double", "decimal", "float")
_TABLES = ("marts", "monitoring", "sdtm", "study", "reference")
# What no single file holds: columns/study.yml, columns/study_durability.yml ...
_IN_PARTS = ("study", "intermediate")
# Where each layer stands in the way of the data.
LAYERS = ("landed", "study", "reference", "staging", "intermediate", "marts", "monitoring", "sdtm")


@dataclass(frozen=True, kw_only=True)
class ColumnFacts:
    """What is said of a column: in words, CDISC's name (`none` where it has none), unit (of a number), derivation."""

    description: str = ""
    cdisc: str = ""
    unit: str = ""
    derivation: str = ""


@dataclass(frozen=True, kw_only=True)
class CataloguedColumn:
    """One column of a table as it was derived."""

    name: str
    type: str
    facts: ColumnFacts


@dataclass(frozen=True, kw_only=True)
class CataloguedTable:
    """One table: its layer (schema), what it is, the columns that name a row, the tables it is made from."""

    name: str
    layer: str
    description: str
    grain: tuple[str, ...]
    made_from: tuple[str, ...]
    columns: tuple[CataloguedColumn, ...]


def is_number(data_type: str) -> bool:
    """Whether a column of this type has a unit, or says that it has none."""
    return data_type.lower().startswith(_NUMBERS)


def column_facts(layer: str, table: str, column: str, own: Mapping[str, Any] | None = None) -> ColumnFacts:
    """Returns what is said of a column; of each fact the nearest one that says it.

    In this order: `own` (the contract), then columns/<table>.yml, columns/<layer>.yml, and columns/common.yml; in the
    layers before the tables columns/internal.yml and columns/sdtm.yml go before the last.
    """
    files = [table, layer, *(() if layer in _TABLES else ("internal", "sdtm")), "common"]
    found: dict[str, str] = {}
    for said in (own or {}, *(_said(name, column) for name in files)):
        for fact in _FACTS & said.keys():
            if said[fact] and fact not in found:
                found[fact] = str(said[fact])
    return ColumnFacts(**found)


def _said(name: str, column: str) -> Mapping[str, str]:
    declared = _declared(name)
    # `--testcd` says what qstestcd is.
    general = f"--{column[2:]}" if name == "sdtm" and column[:2] in DOMAINS else column
    return declared.get(column) or declared.get(general, {})


@cache
def _declared(name: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in (COLUMNS / f"{name}.yml", *(sorted(COLUMNS.glob(f"{name}_*.yml")) if name in _IN_PARTS else ())):
        if path.is_file():
            found |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def missing_facts(table: CataloguedTable) -> list[str]:
    """Returns one line for each fact that a table lacks: a published one needs all, any other a description."""
    lacking = [] if table.description else [f"{table.name}: description"]
    for column in table.columns:
        needed = ["description"]
        if table.layer in {"marts", "monitoring"}:
            needed += ["cdisc", "derivation", *(["unit"] if is_number(column.type) else [])]
        lacking += [f"{table.name}.{column.name}: {fact}" for fact in needed if not getattr(column.facts, fact)]
    return lacking


def catalogued(connection: duckdb.DuckDBPyConnection, documented: Iterable[DocumentedTable]) -> list[CataloguedTable]:
    """Returns every documented table that the connected database has, layer by layer, by name."""
    rows = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by schema_name, table_name, column_index"
    ).fetchall()
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for layer, table, column, kind in rows:
        columns.setdefault((layer, table), []).append((column, kind.lower()))
    tables = [
        CataloguedTable(
            name=one.name,
            layer=one.layer,
            description=one.description,
            grain=one.grain,
            made_from=one.made_from,
            columns=tuple(
                CataloguedColumn(
                    name=name, type=kind, facts=column_facts(one.layer, one.name, name, one.columns.get(name))
                )
                for name, kind in columns[one.layer, one.name]
            ),
        )
        for one in documented
        if (one.layer, one.name) in columns
    ]
    return sorted(tables, key=lambda one: (LAYERS.index(one.layer), one.name))


def write_catalogue(tables: Iterable[CataloguedTable], path: Path) -> None:
    """Writes the catalogue as a cut carries it."""
    path.write_bytes(canonical_json({"tables": [asdict(table) for table in tables]}))
