"""Where a planted word turns up among the files of a study."""

from __future__ import annotations

from pathlib import Path

from pyarrow import parquet

from pipelines.study import Study


def outside_the_vault(study: Study, canary: str) -> list[str]:
    """Returns the files that hold the canary, other than in the vault, the inbox and the study file."""
    root = study.folder.root
    written = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    mine = [path for path in written if path.parts[0] not in {"vault", "inbox", "study.yml"}]
    assert mine
    return [str(path) for path in mine if canary in _content(root / path)]


def _content(path: Path) -> str:
    text = path.read_bytes().decode("utf-8", errors="replace")
    # Parquet is compressed: its values are read.
    return text + (repr(parquet.read_table(path).to_pylist()) if path.suffix == ".parquet" else "")
