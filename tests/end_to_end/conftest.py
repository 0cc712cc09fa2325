"""The shipped studies, copied and run whole, once for all tests that only look."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.run import run
from pipelines.simulate import simulate
from pipelines.study import Study, load_study

STUDIES = Path(__file__).resolve().parents[2] / "studies"
WRITTEN = ("store", "cuts", "published", "vault", "ledger", ".lock", ".runs")


def copy_study(name: str, target: Path) -> Path:
    """Copies a shipped study without what runs wrote into it; a simulated one gets its inbox."""
    shutil.copytree(STUDIES / name, target, ignore=shutil.ignore_patterns(*WRITTEN))
    if name == "kap_demo":
        shutil.rmtree(target / "inbox", ignore_errors=True)
        simulate(target)
    return target


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Study]:
    """Returns a function that gives a shipped study after `afterglow run`; tests only read it."""
    done: dict[str, Study] = {}

    def get(name: str) -> Study:
        if name not in done:
            done[name] = load_study(copy_study(name, tmp_path_factory.mktemp("studies") / name))
            run(done[name])
        return done[name]

    return get
