"""Small counts are not shown, and cannot be worked out from what is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.export.suppression import PROFILES, TOTAL, Cell, Profile, protected

CMS, OPENSAFELY, NONE = PROFILES["cms"], PROFILES["opensafely"], PROFILES["none"]


def table(*rows: tuple[int, ...]) -> dict[Cell, int]:
    return {(f"r{r}", f"c{c}"): count for r, row in enumerate(rows) for c, count in enumerate(row)}


@pytest.mark.requirement("PRV-5")
@pytest.mark.parametrize(
    ("profile", "count", "shown"),
    [
        (CMS, 0, 0), (CMS, 1, None), (CMS, 10, None), (CMS, 11, 11),
        (OPENSAFELY, 0, None), (OPENSAFELY, 7, None), (OPENSAFELY, 8, 10), (OPENSAFELY, 12, 10), (OPENSAFELY, 13, 15),
        (NONE, 0, 0), (NONE, 1, 1),
    ],
)  # fmt: skip
def test_a_small_count_is_not_shown_and_the_profile_says_which_is_small(
    profile: Profile, count: int, shown: int | None
) -> None:
    assert protected({("r", "c"): count}, profile) == {("r", "c"): shown}


@pytest.mark.requirement("PRV-5")
def test_a_hidden_cell_takes_another_with_it_where_the_total_would_tell_it() -> None:
    shown = protected(table((3,), (40,), (50,)), CMS)
    # 93 - 40 - 50 would be 3.
    assert shown == {("r0", "c0"): None, ("r1", "c0"): None, ("r2", "c0"): 50, (TOTAL, "c0"): 93}


@pytest.mark.requirement("PRV-5")
def test_two_hidden_cells_of_which_one_must_be_zero_hide_a_third() -> None:
    # Under a profile that hides zeros, 0 and 0 would be told by a total that is the sum of the others.
    shown = protected(table((0,), (0,), (40,), (50,)), OPENSAFELY)
    assert [cell for cell, count in shown.items() if count is None] == [("r0", "c0"), ("r1", "c0"), ("r2", "c0")]


@pytest.mark.requirement("PRV-5")
@given(
    st.integers(1, 3).flatmap(
        lambda columns: st.lists(st.tuples(*[st.integers(0, 14)] * columns), min_size=1, max_size=3)
    ),
    st.sampled_from([CMS, OPENSAFELY]),
)
def test_whoever_tries_every_table_finds_at_least_two_for_each_hidden_cell(
    rows: list[tuple[int, ...]], profile: Profile
) -> None:
    shown = protected(table(*rows), profile)
    assert not [cell for cell, count in shown.items() if count is not None and profile.hides(count)]
    full = {cell: count for cell, count in protected(table(*rows), NONE).items() if count is not None}
    hidden = [cell for cell, count in shown.items() if count is None]
    # Moving subjects around a cycle of hidden cells, or into a hidden total, leaves what is shown as it is. What is
    # hidden for the sake of others, and would be shown by itself, may be told: a 0 in a line whose total is 0.
    for cell in (cell for cell in hidden if profile.hides(full[cell])):
        assert any(changed(full, hidden, cell, by) for by in (1, -1)), (rows, cell)


def changed(full: dict[Cell, int], hidden: list[Cell], cell: Cell, by: int) -> bool:
    """Whether some other table, with `cell` changed by one, agrees with all that is shown: by trying small changes."""
    names = [one for one in hidden if one != cell]
    for moves in itertools.product((0, 1, -1), repeat=len(names)):
        other = (
            full | {name: full[name] + move for name, move in zip(names, moves, strict=True)} | {cell: full[cell] + by}
        )
        if min(other.values()) >= 0 and adds_up(other):
            return True
    return False


def adds_up(full: dict[Cell, int]) -> bool:
    for axis in (0, 1):
        for name in {cell[axis] for cell in full}:
            line = {cell: count for cell, count in full.items() if cell[axis] == name}
            totals = [count for cell, count in line.items() if cell[1 - axis] == TOTAL]
            if totals and totals[0] != sum(count for cell, count in line.items() if cell[1 - axis] != TOTAL):
                return False
    return True
