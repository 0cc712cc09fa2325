"""docs/tables.md, made from the contracts of the published models: `make docs` writes it, a test compares it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from pipelines.build.dictionary import column_facts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tables.md"
HEAD = """# The tables, column by column

Made by `make docs` from the contracts in `dbt_project/models/marts/` and `dbt_project/models/monitoring/`, and from
`dbt_project/columns/`; change it there. How to query them: [query.md](query.md). Names are ADaM's in lower case; where
CDISC has a name for a column, it stands beside it. Derivations write SDTM's variables as `DOMAIN.VARIABLE`, keys of the
study file as code. Study days count from the first dose as day 1, and there is no day 0.
"""


def published_models() -> list[dict[str, Any]]:
    """Returns the models whose tables are published, statisticians' first, each layer by name."""
    folders = [ROOT / "dbt_project" / "models" / layer for layer in ("marts", "monitoring")]
    files = [path for folder in folders for path in sorted(folder.glob("*.yml"))]
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    # A file beside a model may hold its unit tests alone.
    return [model for document in documents for model in document.get("models", [])]


def tables_page() -> str:
    """Returns the page's text."""
    return "\n".join([HEAD, *(_table(model) for model in published_models())])


def layer_of(model: dict[str, Any]) -> str:
    """Returns the folder, and so the schema, of a published model."""
    monitoring = {path.stem for path in (ROOT / "dbt_project" / "models" / "monitoring").glob("*.sql")}
    return "monitoring" if model["name"] in monitoring else "marts"


def facts_of(model: dict[str, Any], column: dict[str, Any]) -> dict[str, str]:
    """Returns what is said of a column, in its contract or in dbt_project/columns."""
    own = {"description": column.get("description", ""), **column.get("config", {}).get("meta", {})}
    return asdict(column_facts(layer_of(model), model["name"], column["name"], own))


def _table(model: dict[str, Any]) -> str:
    rows = []
    for column in model["columns"]:
        facts = {name: _on_one_line(text) for name, text in facts_of(model, column).items()}
        cdisc = "" if facts["cdisc"] == "none" else facts["cdisc"]
        unit = "" if facts["unit"] == "none" else facts["unit"]
        cells = (f"`{column['name']}`", cdisc, column["data_type"], unit, facts["description"], facts["derivation"])
        rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    head = [f"## {model['name']}", "", _on_one_line(model["description"]), ""]
    return "\n".join(
        [*head, "| column | CDISC | type | unit | what it is | derived from |", "|---|---|---|---|---|---|", *rows, ""]
    )


def _on_one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(tables_page(), encoding="utf-8")
