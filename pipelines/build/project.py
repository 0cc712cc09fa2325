"""The dbt project, parsed once for each state of its files: parsing takes longer than deriving a small study.

The parsed project lies in `dbt_project/target`, under a name that is the hash of what it was parsed from. It is a
cache: without it, or where it cannot be written, the project is parsed again.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.files import write_atomically
from pipelines.core.hashing import sha256_json, sha256_tree

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
_PARTS = ("macros", "models", "seeds", "tests")
_SETTINGS = ("dbt_project.yml", "profiles.yml")


@dataclass(frozen=True, kw_only=True)
class DocumentedTable:
    """What the project says of one table.

    `layer` is its schema, `grain` the columns that name a row, `made_from` the tables it reads (as `layer.name`), and
    `columns` what its own YAML says of each column: its description and its `meta`.
    """

    name: str
    layer: str
    description: str
    grain: tuple[str, ...]
    made_from: tuple[str, ...]
    columns: dict[str, dict[str, str]]


def parsed_project(parse: Callable[[], Any], cache: Path = PROJECT / "target") -> Any:
    """Returns dbt's manifest of the project; `parse` is called only where it was not parsed in this state before."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumaro_encoder, extended_mashumuro_decoder

    kept = cache / f"manifest-{_state()[:16]}.msgpack"
    with contextlib.suppress(FileNotFoundError):
        return Manifest.from_msgpack(kept.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest = parse()
    # A project that was installed read-only is parsed each time.
    with contextlib.suppress(PermissionError):
        write_atomically(kept, manifest.to_msgpack(extended_mashumaro_encoder))
    return manifest


def documented_tables(manifest: Any) -> list[DocumentedTable]:
    """Returns what the project says of each model, seed and source; the grain is that of its test `unique_grain`."""
    grains = {
        node.attached_node: tuple(node.test_metadata.kwargs["columns"])
        for node in manifest.nodes.values()
        if getattr(node, "test_metadata", None) is not None and node.test_metadata.name == "unique_grain"
    }
    nodes = {
        key: node
        for key, node in {**manifest.nodes, **manifest.sources}.items()
        if node.resource_type in {"model", "seed", "source"}
    }
    places = {
        key: (str(node.schema), str(getattr(node, "identifier", None) or node.name)) for key, node in nodes.items()
    }
    return [
        DocumentedTable(
            name=places[key][1],
            layer=places[key][0],
            description=" ".join(node.description.split()),
            grain=grains.get(key, ()),
            made_from=tuple(sorted(".".join(places[parent]) for parent in _parents(node) if parent in places)),
            columns={
                name: {"description": column.description, **column.config.meta} for name, column in node.columns.items()
            },
        )
        for key, node in nodes.items()
    ]


def _parents(node: Any) -> list[str]:
    return list(node.depends_on.nodes) if node.resource_type == "model" else []


def _state() -> str:
    files = [PROJECT / name for name in _SETTINGS]
    for part in _PARTS:
        files += sorted(path for path in (PROJECT / part).rglob("*") if path.is_file())
    versions = [importlib.metadata.version(package) for package in ("dbt-core", "dbt-duckdb", "dbt-adapters")]
    return sha256_json([sha256_tree(PROJECT, files), versions])
