"""docs/query.md and README.md: their queries run on tables that have the columns of the marts' contracts."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import duckdb
import pytest

from pipelines.build.sdtm_tables import documented_domain
from pipelines.study.domains import DOMAINS
from tests.house.tables_page import published_models

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUERIES = [
    *re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL),
    *re.findall(r'dbGetQuery\(cut, "(.*?)"\)', PAGE, re.DOTALL),
]
# Of the tables of a cut, the one that no model makes.
MADE_BY_THE_GATE = "queries"
SCRIPTS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def contracts() -> dict[str, dict[str, str]]:
    """Returns column types by table, as the models' contracts state them."""
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for model in published_models()
    }


def sdtm_tables() -> dict[str, dict[str, str]]:
    """Returns the same of the domains that are tables of their own."""
    return {
        domain.name: dict.fromkeys(documented_domain(domain).columns, "varchar")
        for domain in DOMAINS.values()
        if not domain.analysed
    }


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes a cut's folder with empty tables the current one."""
    (tmp_path / "tables").mkdir()
    with duckdb.connect(tmp_path / "cut.duckdb") as database:
        for table, columns in (contracts() | sdtm_tables()).items():
            database.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
            database.execute(f"copy {table} to '{tmp_path}/tables/{table}.parquet'")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("query", QUERIES)
def test_each_sql_example_names_tables_and_columns_that_exist(query: str, cut: Path) -> None:
    with duckdb.connect(cut / "cut.duckdb", read_only=True) as database:
        database.execute(query)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_python_example_runs(script: str, cut: Path) -> None:
    (cut / "example.py").write_text(script, encoding="utf-8")
    runpy.run_path(str(cut / "example.py"))


@pytest.mark.parametrize("script", re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
def test_each_python_example_of_the_readme_runs(script: str, cut: Path) -> None:
    # Where the README looks for it: the published cut of the real study.
    study = cut / "studies" / "nimh_ketamine"
    (study / "published").mkdir(parents=True)
    (study / "published" / "CURRENT").write_text('{"cut_id": "0a"}', encoding="utf-8")
    (study / "cuts").mkdir()
    (study / "cuts" / "0a").symlink_to(cut)
    (cut / "example.py").write_text(script, encoding="utf-8")
    runpy.run_path(str(cut / "example.py"))


def test_the_page_lists_exactly_the_tables_that_are_published() -> None:
    listed = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    assert {table for cell in listed for table in re.findall(r"`(\w+)`", cell)} == {*contracts(), MADE_BY_THE_GATE}
