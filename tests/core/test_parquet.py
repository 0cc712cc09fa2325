"""What keeps a table of ours from being read is told apart: damage is damage, and a machine that refuses is none."""

from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.parquet import read_rows, write_parquet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    write_parquet(pa.table({"id": ["a", "b"], "n": [1, 2]}), path)
    return path


def test_rows_come_back_with_the_columns_that_are_asked_for(path: Path) -> None:
    assert read_rows(path) == [{"id": "a", "n": 1}, {"id": "b", "n": 2}]
    assert read_rows(path, ["id"]) == [{"id": "a"}, {"id": "b"}]


def test_a_file_that_is_gone_or_damaged_is_no_table(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="afterglow verify"):
        read_rows(path)
    path.unlink()
    with pytest.raises(IntegrityError, match="afterglow verify"):
        read_rows(path)


@pytest.mark.requirement("FLT-7")
@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowMemoryError("malloc of size 64 failed"),
        # As PyArrow says it where a thread's stack finds no room.
        pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        PermissionError(errno.EACCES, "Permission denied"),
    ],
)
def test_a_machine_that_refuses_is_not_taken_for_damage(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refusing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pq, "read_table", refusing)
    with pytest.raises(NotAllowedError, match="then run it again"):
        read_rows(path)
