"""The states that faults are put into, made once for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.cases import Range


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    with pytest.MonkeyPatch.context() as patch:
        # What the range sets for its processes is taken back.
        patch.setenv("TMPDIR", "")
        patch.setattr("tempfile.tempdir", None)
        yield Range(tmp_path_factory.mktemp("faults"))
