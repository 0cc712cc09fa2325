"""The trial, built once for all tests that only look."""

from __future__ import annotations

import pytest

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.study import Study
from tests.build.trial import make_trial


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_trial(tmp_path_factory.mktemp("trials") / "small")


@pytest.fixture(scope="session")
def cut(trial: Study) -> Cut:
    return Cut(trial.folder, build(trial).cut_id)
