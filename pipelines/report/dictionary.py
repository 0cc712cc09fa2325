"""The data dictionary: every table with its columns, and beside it a drawing of what it is made from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.core.errors import IntegrityError
from pipelines.report.content import Fold, Section, Table
from pipelines.report.formats import MISSING

if TYPE_CHECKING:
    from pipelines.cut import Cut

Catalogue = list[dict[str, Any]]
PUBLISHED = ("marts", "monitoring", "sdtm")
# What a layer is, for those that a reader need not know.
LAYERS = {
    "intermediate": "Steps between the delivered records and the tables; a cut keeps those that a trace reads.",
    "staging": "Delivered records as the models read them; not kept in a cut.",
    "landed": "Delivered records as they landed, by SDTM domain; not kept in a cut, but in the store.",
    "study": "The study file as tables, kept in cut.duckdb under this schema: what the cut was made with.",
    "reference": "The instrument catalogue, kept in cut.duckdb under this schema.",
}
_COLUMNS = ("Column", "CDISC", "Type", "Unit", "What it is", "Derived from")


def catalogue(cut: Cut) -> Catalogue:
    """Returns the catalogue that the cut carries.

    Raises:
        IntegrityError: it has none, or it cannot be read.
    """
    path = cut.directory / "catalogue.json"
    try:
        tables: Catalogue = json.loads(path.read_bytes())["tables"]
    except (OSError, ValueError, KeyError, TypeError):
        msg = f"{path}: is gone or cannot be read. Remove the cut's folder, and build it again."
        raise IntegrityError(msg) from None
    return tables


def sections(tables: Catalogue) -> tuple[Section, ...]:
    """Returns a section for each published table, and one for each other layer."""
    published = [_published(one) for layer in PUBLISHED for one in tables if one["layer"] == layer]
    return (*published, *(_layer(name, tables) for name in LAYERS))


def _published(table: dict[str, Any]) -> Section:
    grain = ", ".join(table["grain"])
    return Section(
        anchor=table["name"],
        title=table["name"],
        sentence=table["description"],
        notes=(f"A row is named by {grain}.",) if grain else (),
        tables=(_columns(table, f"Columns of {table['name']}"),),
    )


def _columns(table: dict[str, Any], caption: str) -> Table:
    rows = tuple(
        (
            column["name"],
            _known(column["facts"]["cdisc"]),
            column["type"],
            _known(column["facts"]["unit"]),
            _plain(column["facts"]["description"]) or MISSING,
            _known(_plain(column["facts"]["derivation"])),
        )
        for column in table["columns"]
    )
    return Table(caption=caption, columns=_COLUMNS, rows=rows, words=frozenset(range(1, len(_COLUMNS))))


def _known(text: str) -> str:
    return "" if text == "none" else text


def _plain(text: str) -> str:
    # Keys of the study file are marked as code for docs/tables.md.
    return text.replace("`", "")


def _layer(name: str, tables: Catalogue) -> Section:
    folds = tuple(
        Fold(summary=one["name"], sentence=one["description"], tables=(_described(one),))
        for one in tables
        if one["layer"] == name
    )
    return Section(anchor=f"layer-{name}", title=f"Layer {name}", sentence=LAYERS[name], folds=folds)


def _described(table: dict[str, Any]) -> Table:
    rows = tuple((one["name"], one["type"], _plain(one["facts"]["description"]) or MISSING) for one in table["columns"])
    return Table(caption=f"Columns of {table['name']}", columns=("Column", "Type", "What it is"), rows=rows,
                 words=frozenset({1, 2}))  # fmt: skip
