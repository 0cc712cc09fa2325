"""No artefact outside the vault depends on the allocation."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.land import land
from tests.noninterference import allocated, delivered, differing, permuted, seen


@pytest.mark.requirement("BLD-2")
def test_with_another_allocation_every_byte_outside_the_vault_is_the_same(tmp_path: Path) -> None:
    assert [differ for _, _, differ in permuted(count=6, cuts=0, seed=1, temporary=tmp_path)] == [[]] * 6


@pytest.mark.requirement("BLD-2")
@pytest.mark.requirement("BLD-5")
@pytest.mark.slow
def test_a_blinded_cut_is_made_gated_reported_and_published_without_the_vault(tmp_path: Path) -> None:
    assert [differ for _, _, differ in permuted(count=2, cuts=2, seed=2, temporary=tmp_path)] == [[], []]


def test_the_comparison_sees_an_allocation_that_gets_out(tmp_path: Path) -> None:
    found = []
    for number in range(2):
        study = delivered(tmp_path / str(number) / "small", allocated(number, seed=1))
        land(study)
        (study.folder.root / "store" / "note.txt").write_text(str(allocated(number, seed=1)))
        found.append(seen(study))
    assert differing(*found) == ["store/note.txt"]
