"""What readers have open stays what they opened, and what they open is whole, while cuts are published."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.core.files import write_atomically
from pipelines.cut import Cut, published_cut
from pipelines.publish import publish
from pipelines.study import Study
from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.readers import play_readers
from tests.small_cut import make_candidate, small_study


def candidate(study: Study, number: int) -> Cut:
    """Returns a candidate whose database and report say this number."""
    cut = make_candidate(study, number=number)
    cut.duckdb.unlink()
    with closing(duckdb.connect(str(cut.duckdb))) as connection:
        connection.execute(f"create table said as select {number} as number")
    (cut.report / "index.html").write_text(f"<p>{number}</p>")
    return cut


def test_a_reader_sees_a_whole_cut_however_often_another_is_published(place: Range) -> None:
    assert play_readers(place) > 0


def test_a_cut_that_is_seen_half_is_told(place: Range, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pointer that is written where it lies, in two parts."""

    def in_place(path: Path, content: bytes, *, change: str = "") -> None:
        if change != "publish.pointer":
            write_atomically(path, content, change=change)
            return
        document = json.loads(content)
        path.write_text(json.dumps(document | {"seal_sha256": "0" * 64}))
        time.sleep(0.05)
        path.write_bytes(content)

    monkeypatch.setattr("pipelines.publish.write_atomically", in_place)
    monkeypatch.setattr("tests.faults.readers.PUBLICATIONS", 6)
    with pytest.raises(invariants.BrokenError, match="a reader: "):
        play_readers(place)


def test_what_is_open_stays_what_it_was_when_the_next_cut_is_published(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    first = candidate(study, 1)
    publish(study, first.cut_id)
    with (
        closing(duckdb.connect(str(first.duckdb), read_only=True)) as reader,
        (first.report / "index.html").open(encoding="utf-8") as page,
    ):
        second = candidate(study, 2)
        publish(study, second.cut_id)
        assert published_cut(study.folder) == Cut(study.folder, second.cut_id)
        assert reader.execute("select number from said").fetchone() == (1,)
        assert page.read() == "<p>1</p>"
        with closing(duckdb.connect(str(second.duckdb), read_only=True)) as newer:
            assert newer.execute("select number from said").fetchone() == (2,)
