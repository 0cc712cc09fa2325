"""A clock that is put back or ahead changes no cut; an audit trail whose times go back verifies, and that is told."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.source import ROOT
from pipelines.cut import Cut, latest_cut
from pipelines.land import land
from pipelines.land.store import arrivals
from pipelines.ledger import Event, events, record, times_back
from tests.faults import clock
from tests.faults.stand_ins import deliver_first
from tests.small_cut import make_candidate, small_study
from tests.small_study import deliver, scores_file, scores_row

absent = pytest.mark.skipif(clock.library() is None, reason="libfaketime is not installed (Debian's package faketime)")


@absent
def test_a_clock_that_is_off_breaks_nothing() -> None:
    """In a process of its own: the library has to be there when Python starts."""
    asked = {"FAULTS": "3", "FAULTS_KIND": "clock", "FAULTS_WORKERS": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.faults"],
        cwd=ROOT,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "(3 clock)" in ended.stdout


def at(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """Sets the clock that records are dated by."""

    class Fixed(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Fixed:
            assert tz == dt.UTC
            return cls.strptime(f"{day} 12:00 +0000", "%Y-%m-%d %H:%M %z")

    monkeypatch.setattr("pipelines.core.clock.datetime", Fixed)


def test_an_event_that_is_dated_before_the_one_it_follows_is_told_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study(tmp_path / "study")
    for number, day in enumerate(("2026-05-02", "2026-05-01", "2026-05-01", "2036-05-01", "2026-05-03")):
        at(monkeypatch, day)
        record(study.folder, Event(action="export", object=f"export {number}"))
    trail = events(study.folder)
    assert [line.partition(":")[0] for line in times_back(trail)] == ["event 2", "event 5"]
    assert times_back([replace(each, at="2026-05-01T12:00:00.000Z") for each in trail]) == []


def test_what_was_seen_later_has_the_later_time_though_the_clock_was_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two exports that name no day the one that was seen later is the newer one."""
    study = deliver_first(tmp_path / "study")
    at(monkeypatch, "2026-05-02")
    land(study)
    at(monkeypatch, "2026-05-01")
    for site, subject in (("S02", "one"), ("S01", "two")):
        deliver(study, site, "scores_2026-03-01.csv", scores_file(scores_row(subject)))
    land(study)
    seen = sorted(arrivals(study.folder), key=lambda arrival: arrival.received_at)
    times = [arrival.received_at for arrival in seen]
    assert times == sorted(set(times))
    assert {arrival.file for arrival in seen[-2:]} == {"scores_2026-03-01.csv"}


def test_the_newest_cut_is_the_one_that_the_audit_trail_tells_of_last(tmp_path: Path) -> None:
    study = small_study(tmp_path / "study")
    first, second = make_candidate(study), make_candidate(study, number=2)
    for cut in (first, second):
        record(study.folder, Event(action="build", object=f"cut {cut.cut_id}", new="open"))
    # The machine's clock was put back before the second was built.
    os.utime(second.inputs_file, (1_000_000_000, 1_000_000_000))
    assert latest_cut(study) == Cut(study.folder, second.cut_id)
