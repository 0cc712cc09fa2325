"""The trial, built once for all tests that only look."""

from __future__ import annotations

import pytest

from pipelines.study import Study
from tests.trace.traced import make_traced


@pytest.fixture(scope="session")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_traced(tmp_path_factory.mktemp("traced") / "small")
