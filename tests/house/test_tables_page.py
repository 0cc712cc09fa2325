"""docs/tables.md says what the contracts say, and every published column is described."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pipelines.build.dictionary import COLUMNS, is_number
from tests.house.tables_page import PAGE, facts_of, published_models, tables_page


def test_the_page_is_what_make_docs_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == tables_page(), "run `make docs`"


@pytest.mark.parametrize("model", published_models(), ids=lambda model: str(model["name"]))
def test_each_column_has_a_unit_a_derivation_and_its_cdisc_name_or_none(model: dict[str, Any]) -> None:
    lacking = [
        f"{column['name']}: {fact}"
        for column in model["columns"]
        for fact in ("cdisc", "derivation", *(["unit"] if is_number(column["data_type"]) else []))
        if not facts_of(model, column)[fact]
    ]
    assert lacking == [], (
        f"say it in dbt_project/columns/{model['name']}.yml, or as `config: {{meta: ...}}` of the column"
    )


@pytest.mark.parametrize("model", published_models(), ids=lambda model: str(model["name"]))
def test_each_column_says_what_it_is(model: dict[str, Any]) -> None:
    assert [column["name"] for column in model["columns"] if not column.get("description")] == []


def test_the_dictionary_says_nothing_but_facts_and_of_nothing_that_is_gone() -> None:
    tables = {str(model["name"]): {column["name"] for column in model["columns"]} for model in published_models()}
    for path in sorted(COLUMNS.glob("*.yml")):
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {fact for facts in said.values() for fact in facts} <= {"description", "cdisc", "unit", "derivation"}
        if path.stem in tables:
            assert set(said) - tables[path.stem] == set(), path.name
