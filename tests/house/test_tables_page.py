"""docs/tables.md says what the contracts say, and every published column is described."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house.tables_page import PAGE, published_models, tables_page


def test_the_page_is_what_make_docs_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == tables_page(), "run `make docs`"


@pytest.mark.parametrize("model", published_models(), ids=lambda model: str(model["name"]))
def test_each_column_says_what_it_is(model: dict[str, Any]) -> None:
    assert [column["name"] for column in model["columns"] if not column.get("description")] == []
