"""Every table of a cut, in every layer, is in its catalogue with every column described; so are the Parquet files."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.build.dictionary import (
    CataloguedColumn,
    CataloguedTable,
    ColumnFacts,
    column_facts,
    is_number,
    missing_facts,
)
from pipelines.core.duck import connect
from pipelines.cut import Cut


def catalogue(cut: Cut) -> list[CataloguedTable]:
    document = json.loads((cut.directory / "catalogue.json").read_bytes())
    return [_table(table) for table in document["tables"]]


def _table(table: dict[str, Any]) -> CataloguedTable:
    columns = tuple(
        CataloguedColumn(name=one["name"], type=one["type"], facts=ColumnFacts(**one["facts"]))
        for one in table["columns"]
    )
    listed = {name: tuple(table[name]) for name in ("grain", "made_from")}
    return CataloguedTable(**{**table, **listed, "columns": columns})


def test_every_column_of_every_layer_says_what_it_is(cut: Cut) -> None:
    lacking = [f"{table.layer}: {fact}" for table in catalogue(cut) for fact in missing_facts(table)]
    assert lacking == [], "say it in dbt_project/columns (CONTRIBUTING.md: how to add a model)"


def test_every_table_of_the_database_is_in_the_catalogue(cut: Cut) -> None:
    connection = connect(cut.duckdb, read_only=True)
    rows = connection.execute(
        "select distinct schema_name, table_name from duckdb_columns() where not internal and schema_name <> 'main'"
    ).fetchall()
    connection.close()
    named = {(table.layer, table.name) for table in catalogue(cut)}
    assert set(rows) - named == set()
    assert {layer for layer, _ in named} >= {"landed", "study", "reference", "staging", "intermediate", "marts"}


def test_a_table_names_what_it_is_made_from(cut: Cut) -> None:
    tables = {f"{table.layer}.{table.name}": table for table in catalogue(cut)}
    assert tables["marts.response"].made_from == (
        "intermediate.int_further_scores_judged",
        "intermediate.int_scores_by_missing_rule",
        "marts.adsl",
        "staging.stg_landed__deliveries",
        "study.endpoints",
    )
    assert {parent for table in tables.values() for parent in table.made_from} <= set(tables)
    assert [name for name, table in tables.items() if table.layer in {"marts", "staging"} and not table.made_from] == []


def test_a_parquet_file_carries_its_dictionary(cut: Cut) -> None:
    schema = pq.read_schema(cut.tables / "response.parquet")
    assert schema.metadata[b"grain"].decode().startswith("usubjid, endpoint, aperiod")
    assert schema.field("pchg").metadata == {
        b"description": b"100 * chg / base, in per cent; null where base is 0.",
        b"cdisc": b"PCHG",
        b"unit": b"%",
        b"derivation": b"100 * chg / base.",
    }


def test_the_nearest_word_counts() -> None:
    assert column_facts("marts", "durability", "aval").unit == "days"
    assert column_facts("marts", "adqs", "aval").unit == "points"
    assert column_facts("marts", "adqs", "aval", {"unit": "stones"}).unit == "stones"
    assert column_facts("landed", "vs", "vstestcd").description == "Short name of the test."
    assert column_facts("marts", "adqs", "vstestcd") == ColumnFacts()


@pytest.mark.parametrize(("layer", "lacking"), [("marts", 4), ("intermediate", 1)])
def test_a_table_needs_every_fact_once_it_is_published(layer: str, lacking: int) -> None:
    column = CataloguedColumn(name="weight", type="double", facts=ColumnFacts())
    table = CataloguedTable(name="t", layer=layer, description="t", grain=(), made_from=(), columns=(column,))
    assert len(missing_facts(table)) == lacking


def test_a_unit_is_asked_of_numbers_only() -> None:
    assert [
        kind
        for kind in ("integer", "bigint", "double", "decimal(18,4)", "varchar", "date", "boolean")
        if is_number(kind)
    ] == [
        "integer",
        "bigint",
        "double",
        "decimal(18,4)",
    ]
