"""Where real exports lie: all of them beside a developer's clone, and in tests/data what its licence lets us ship."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# `AFTERGLOW_SHARED_DATA` names another folder.
BESIDE = Path(os.environ.get("AFTERGLOW_SHARED_DATA", ROOT.parent / "shared" / "data"))
SHIPPED = ROOT / "tests" / "data"


def real_files(source: str) -> Path:
    """Returns the folder of the files of one source; tests/data/README.md lists the sources."""
    return BESIDE / source if (BESIDE / source).is_dir() else SHIPPED / source
