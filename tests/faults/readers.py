"""Readers while cuts are published: whoever opens the pointer finds a whole cut, the old one or the new one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pipelines.core.hashing import sha256_file
from pipelines.cut import Cut, cuts
from pipelines.manifest import differences
from pipelines.study import Study
from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.processes import command, start_forked, wait_for

PUBLICATIONS = 12


def play_readers(place: Range) -> int:
    """Publishes two cuts in turn while another process reads what is published; returns how often that read.

    Raises:
        BrokenError: a reader saw a cut that is not whole, or one that the pointer does not speak of.
    """
    place.put("reported")
    invariants.check_it_was_loud(place.run(), 0)
    before = place.begin_here("reported")
    ended, log = place.room / "ended", place.room / "reader"
    ended.unlink(missing_ok=True)
    reader = start_forked(_reading(place.study, ended), log)
    names = [cut.cut_id for cut in cuts(place.study.folder)]
    publisher = start_forked(lambda: _publish_in_turn(place.study, names), place.room / "log")
    published = wait_for(publisher, place.room / "log")
    ended.touch()
    read = wait_for(reader, log)
    invariants.check_it_was_loud(published, 0)
    if read.code != 0:
        msg = f"a reader: {read.said.strip()}"
        raise invariants.BrokenError(msg)
    place.check(before)
    invariants.check_it_was_loud(place.run(), 0)
    invariants.check_rerun_gives_the_same(place.study, place.expected["reported"], told=False)
    return int(read.said)


def _publish_in_turn(study: Study, names: list[str]) -> None:
    for number in range(PUBLICATIONS):
        try:
            command("publish", str(study.folder.root), "--cut", names[number % len(names)])()
        except SystemExit as end:
            if end.code:
                raise


def _reading(study: Study, ended: Path) -> Callable[[], None]:
    """Returns what reads until there is a file `ended`, or the process that asked is gone."""
    asked = os.getpid()

    def read() -> None:
        times = 0
        while times == 0 or (os.getppid() == asked and not ended.exists()):
            pointer = json.loads(study.folder.pointer.read_bytes())
            cut = Cut(study.folder, pointer["cut_id"])
            wrong = differences(cut)
            if wrong or sha256_file(cut.manifest) != pointer["manifest_sha256"]:
                sys.stderr.write(f"cut {cut.short_id} was seen half: {wrong}")
                os._exit(1)
            if sha256_file(cut.seal) != pointer["seal_sha256"]:
                sys.stderr.write(f"cut {cut.short_id} was seen with another seal")
                os._exit(1)
            times += 1
        sys.stderr.write(str(times))

    return read
