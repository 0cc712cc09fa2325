"""What persons do beside the runs, broken off and done again, is done once and told once."""

from __future__ import annotations

import re

import pytest

from pipelines.core import fail_points
from pipelines.core.source import ROOT
from tests.faults import invariants
from tests.faults.cases import Range
from tests.faults.deeds import DEEDS, Persons, deeds


@pytest.fixture(scope="module")
def persons(place: Range) -> Persons:
    return Persons(place)


@pytest.mark.parametrize("number", range(len(DEEDS)), ids=[deed.name for deed in DEEDS])
def test_a_deed_that_is_broken_off_and_done_again_is_done_once(persons: Persons, number: int) -> None:
    """Where it has its name and nobody was told yet: there the most can be done twice, or told never."""
    deed = DEEDS[number]
    own = [point for point in persons.points[deed.name] if not point.startswith("ledger.")]
    placed = [point for point in own if ".placed" in point]
    persons.play(deed, placed[-1], "kill")


def test_a_deed_that_is_done_and_never_told_is_found(persons: Persons, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that was killed before the audit trail knew of it, as it was before."""
    monkeypatch.setattr("pipelines.lock._tell", lambda _: None)
    deed = next(deed for deed in DEEDS if deed.name == "lock")
    with pytest.raises(invariants.BrokenError, match="I5: lock"):
        persons.play(deed, "lock.record.placed:1", "kill")


def test_every_fail_point_in_the_code_is_played_by_some_case(place: Range, persons: Persons) -> None:
    """A new one that no case comes by fails here."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipelines").rglob("*.py"))
    named = set(re.findall(r'change="([a-z]+\.[a-z_]+|manifest)"', code))
    named |= set(re.findall(r', "(land\.[a-z]+)",', code))
    moments = set(re.findall(r'reached\("([a-z_.]+)"\)', code))
    points = {f"{change}.{stage}" for change in named for stage in fail_points.STAGES} | moments
    assert points == set(fail_points.POINTS)
    played = {point for listed in (place.points, persons.points) for points in listed.values() for point in points}
    assert set(fail_points.POINTS) - {point.partition(":")[0] for point in played} == set()
    assert len(list(deeds(persons))) > 300
