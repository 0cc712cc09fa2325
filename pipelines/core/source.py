"""The hash of our own source: code is an input of a cut, as the deliveries are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipelines.core.hashing import sha256_tree

ROOT = Path(__file__).resolve().parents[2]
_SUFFIXES = {".py", ".sql", ".yml", ".yaml", ".csv", ".html", ".css", ".jinja"}
_GENERATED = {"__pycache__", "target", "logs"}


@cache
def source_sha256(*packages: str) -> str:
    """Returns one hash over the source of these subpackages of `pipelines`."""
    return sha256_tree(ROOT, _files(*(ROOT / "pipelines" / package for package in packages)))


@cache
def code_sha256() -> str:
    """Returns one hash over all that can change a cut: the package, the dbt project and the expectations."""
    return sha256_tree(ROOT, _files(ROOT / "pipelines", ROOT / "dbt_project", ROOT / "expectations"))


def _files(*folders: Path) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES and path.is_file() and not _GENERATED & set(path.relative_to(ROOT).parts)
    ]
