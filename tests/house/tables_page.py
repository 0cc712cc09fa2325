"""docs/tables.md, made from the contracts of the published models: `make docs` writes it, a test compares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tables.md"
HEAD = """# The tables, column by column

Made by `make docs` from the contracts in `dbt_project/models/marts/` and `dbt_project/models/monitoring/`; change it
there. How to query them: [query.md](query.md). Names are ADaM's in lower case; study days count from the first dose as
day 1, and there is no day 0.
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


def _table(model: dict[str, Any]) -> str:
    rows = [
        f"| `{column['name']}` | {column['data_type']} | {_on_one_line(column.get('description', ''))} |"
        for column in model["columns"]
    ]
    head = [f"## {model['name']}", "", _on_one_line(model["description"]), ""]
    return "\n".join([*head, "| column | type | what it is |", "|---|---|---|", *rows, ""])


def _on_one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(tables_page(), encoding="utf-8")
