"""One simulated trial for all tests of this folder, and its files read by other means than the simulator's."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyreadstat
import pytest

from pipelines.simulate import simulate

ROOT = Path(__file__).resolve().parents[2]
KAP_DEMO = ROOT / "studies" / "kap_demo"

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a study folder with the shipped study file and the simulated inbox."""
    folder = tmp_path_factory.mktemp("simulated") / "kap_demo"
    folder.mkdir()
    shutil.copy(KAP_DEMO / "study.yml", folder)
    simulate(folder)
    return folder


@pytest.fixture(scope="session")
def truth(simulated: Path) -> dict[str, Any]:
    """Returns the truth file's content."""
    return dict(json.loads((simulated / "truth.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def rows_of(simulated: Path) -> Callable[[str, str], Rows]:
    """Returns a reader of one file's rows: CSV with Python's own reader, XPT with pyreadstat."""

    def read(site: str, file: str) -> Rows:
        path = simulated / "inbox" / site / file
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as text:
                return list(csv.DictReader(text))
        columns, meta = pyreadstat.read_xport(str(path), output_format="dict")
        names = meta.column_names
        return [dict(zip(names, values, strict=True)) for values in zip(*(columns[n] for n in names), strict=True)]

    return read
