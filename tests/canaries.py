"""Where a planted word turns up among what was written: also where it is packed, encoded or in a database."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet

from pipelines.core.duck import identifier
from pipelines.study import Study


def outside_the_vault(study: Study, *canaries: str) -> list[str]:
    """Returns the files that hold a canary, other than in the vault, the inbox and the study file."""
    root = study.folder.root
    written = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    mine = [root / path for path in written if path.parts[0] not in {"vault", "inbox", "study.yml"}]
    assert mine
    return [str(path.relative_to(root)) for path in holding(mine, *canaries)]


def holding(files: Iterable[Path], *canaries: str) -> list[Path]:
    """Returns the files that hold one of these words, whatever its case, as UTF-8, UTF-16 or packed."""
    words = [word.casefold() for word in canaries]
    assert words
    return [path for path in files if any(word in text.casefold() for text in _texts(path) for word in words)]


def _texts(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    yield content.decode("utf-8", errors="replace")
    for start in (0, 1):
        yield content[start:].decode("utf-16-le", errors="replace")
    if content[:4] == b"PAR1":
        # Parquet is compressed: its values are read, and its own metadata.
        yield repr(parquet.read_table(path).to_pylist()) + repr(parquet.read_metadata(path).metadata)
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content).decode("utf-8", errors="replace")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name + archive.read(name).decode("utf-8", errors="replace")
    elif content[8:12] == b"DUCK":
        yield from _database(path)


def _database(path: Path) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        for catalogue in ("duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_schemas"):
            yield repr(connection.execute(f"select * from {catalogue}()").fetchall())
        listed = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in listed:
            yield repr(connection.execute(f"select * from {identifier(schema)}.{identifier(table)}").fetchall())


def keep_what_is_removed(monkeypatch: pytest.MonkeyPatch, watched: Path, kept: Path) -> None:
    """Makes `watched` the place of temporary files, and copies each folder below it to `kept` before it is removed."""
    watched.mkdir()
    kept.mkdir()
    monkeypatch.setenv("TMPDIR", str(watched))
    monkeypatch.setattr(tempfile, "tempdir", str(watched))
    remove = shutil.rmtree

    def copied(path: Any, *args: Any, **kwargs: Any) -> None:
        gone = Path(str(path))
        if gone.is_dir() and "vault" not in gone.parts:
            shutil.copytree(gone, kept / f"{len(list(kept.iterdir()))}-{gone.name}", symlinks=True)
        remove(path, *args, **kwargs)

    monkeypatch.setattr(shutil, "rmtree", copied)
    # A TemporaryDirectory has a way of its own.
    monkeypatch.setattr(tempfile.TemporaryDirectory, "_rmtree", classmethod(lambda _, name, **__: copied(name)))
