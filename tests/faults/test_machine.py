"""A disk that is full, a place that can only be read and memory that ends break nothing, and are told in a sentence."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.machine import Hindrance, hindrances, play_hindrance
from tests.faults.namespaces import why_not

mounts = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can")


@mounts
@pytest.mark.parametrize(
    ("state", "at", "amount"),
    [("second", "store", 8192), ("landed", "cuts", 4096), ("reported", "ledger", 0), ("first", "temporary", 0)],
)
def test_a_disk_that_is_full_breaks_nothing(place: Range, state: str, at: str, amount: int) -> None:
    play_hindrance(place, Hindrance(state=state, kind="disk", place=at, amount=amount))


@mounts
@pytest.mark.parametrize(
    ("state", "at"), [("second", "inbox"), ("first", "store"), ("landed", "cuts"), ("reported", "ledger")]
)
def test_a_place_that_can_only_be_read_breaks_nothing(place: Range, state: str, at: str) -> None:
    play_hindrance(place, Hindrance(state=state, kind="read-only", place=at))


@pytest.mark.parametrize("megabytes", [2, 40])
def test_memory_that_ends_breaks_nothing(place: Range, megabytes: int) -> None:
    play_hindrance(place, Hindrance(state="second", kind="memory", amount=megabytes << 20))


@mounts
def test_a_hindered_run_that_says_nothing_of_it_is_told(place: Range, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases see a traceback: here with what makes sentences of such errors taken out."""
    monkeypatch.setattr("pipelines.core.machine._what", lambda _: None)
    with pytest.raises(invariants.BrokenError, match="I7"):
        play_hindrance(place, Hindrance(state="second", kind="disk", place="store", amount=8192))


def test_every_closed_place_of_every_state_comes_before_what_is_by_chance(place: Range) -> None:
    first = list(islice(hindrances(place, random.Random(1)), 34))  # noqa: S311 - to try things, not to hide them
    assert [one.kind for one in first].count("read-only") == 31
    assert {one.kind for one in first[31:]} == {"disk", "memory"}
