"""A study file that somebody saves while a run goes on: its cut holds the file that it names, or the run refuses."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from pipelines.study import load_study
from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.processes import wait_for

# The study file is wrong, or a step does not go with it: both are sentences. Or the run went on with what it had read.
_ENDS = (0, 11, 13)


def edits(place: Range) -> Iterator[tuple[str, str]]:
    """Yields each state and each point at which the file is saved."""
    for state, points in reversed(place.points.items()):
        yield from ((state, point) for point in points)


def play_edit(place: Range, state: str, point: str) -> None:
    """Plays one case.

    Raises:
        BrokenError: an invariant does not hold.
    """
    edited = _undisturbed(place, state)
    before = place.begin(state)
    older = [invariants.undisturbed(place.study)] if before.older else []
    process = place.start("log", point)
    edit(place.study.folder.study_file)
    os.kill(process, signal.SIGCONT)
    ended = wait_for(process, place.room / "log")
    invariants.check_it_was_loud(ended, ended.code if ended.code in _ENDS else 11)
    place.check(before)
    if ended.code == 0:
        older = [place.expected[state], edited]
    if older:
        invariants.check_is_one_of(place.study, *older)
    invariants.check_it_was_loud(place.run(), 0)
    place.check(before)
    invariants.check_is_one_of(place.study, edited)
    invariants.check_nothing_is_left(place.study, place.temporary)


def edit(study_file: Path) -> None:
    """Changes what the study file says, so that it stays a right one."""
    text = study_file.read_text(encoding="utf-8")
    study_file.write_text(text.replace("title: A small trial", "title: A small trial, amended"), encoding="utf-8")


def _undisturbed(place: Range, state: str) -> invariants.Undisturbed:
    """Returns what a run gives that begins after the file was saved."""
    if state not in place.edited:
        place.put(state)
        edit(place.study.folder.study_file)
        ended = place.run()
        assert ended.code == 0, ended
        place.edited[state] = invariants.undisturbed(load_study(place.place))
    return place.edited[state]
