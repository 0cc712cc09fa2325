"""Small counts: which cells of a table of counts are not shown, so that none of them can be worked out from the rest.

cms          counts of 1 to 10 are not shown (CMS cell size suppression policy: no cell below 11)
opensafely   counts up to 7 are not shown, zero included; the others are rounded to 5 (OpenSAFELY output checking)
none         every count is shown

Rule    a cell that is not shown cannot be told by subtraction: others are hidden with it until rows, columns and totals
        leave every hidden cell more than one value (complementary suppression, checked by linear programming)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Cell = tuple[str, str]
TOTAL = "TOTAL"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A rule for small counts: those from `smallest` to `largest` are hidden, the others rounded to `rounded_to`."""

    name: str
    smallest: int
    largest: int
    rounded_to: int
    in_words: str

    def hides(self, count: int) -> bool:
        """Whether the count is small."""
        return self.smallest <= count <= self.largest

    def shown(self, count: int) -> int:
        """Returns the count as it is shown."""
        return (count + self.rounded_to // 2) // self.rounded_to * self.rounded_to


PROFILES = {
    one.name: one
    for one in (
        Profile(name="none", smallest=1, largest=0, rounded_to=1, in_words="every count is shown"),
        Profile(name="cms", smallest=1, largest=10, rounded_to=1, in_words="counts of 1 to 10 are not shown"),
        Profile(
            name="opensafely", smallest=0, largest=7, rounded_to=5,
            in_words="counts up to 7 are not shown, the others are rounded to 5",
        ),
    )
}  # fmt: skip


def protected(counts: Mapping[Cell, int], profile: Profile) -> dict[Cell, int | None]:
    """Returns a table of counts with its totals, as it may be shown: a hidden cell is None.

    Args:
        counts: the count of each cell (row, column); one that is not named is 0.
        profile: which counts are small.
    """
    rows = sorted({row for row, _ in counts})
    columns = sorted({column for _, column in counts})
    inner = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    table = dict(inner)
    # One row or column is its own total.
    if len(columns) > 1:
        table |= {(row, TOTAL): sum(inner[row, column] for column in columns) for row in rows}
    if len(rows) > 1:
        table |= {(TOTAL, column): sum(inner[row, column] for row in rows) for column in columns}
    if len(rows) > 1 and len(columns) > 1:
        table[TOTAL, TOTAL] = sum(inner.values())
    lines = _lines(table)
    hidden = {cell for cell, count in table.items() if profile.hides(count)}
    while exposed := _exposed(table, hidden, lines):
        beside = [cell for line in lines if exposed in line for cell in line if cell not in hidden]
        if not beside:
            hidden = set(table)
            break
        # The smallest count that says something, and rather an inner cell than a total.
        hidden.add(min(beside, key=lambda cell: (TOTAL in cell, table[cell] == 0, table[cell], cell)))
    return {cell: None if cell in hidden else profile.shown(count) for cell, count in table.items()}


def _lines(table: Mapping[Cell, int]) -> list[list[Cell]]:
    """Returns the rows and columns that have a total, the total last."""
    lines = []
    for axis in (0, 1):
        for name in sorted({cell[axis] for cell in table}):
            line = sorted(
                (cell for cell in table if cell[axis] == name), key=lambda cell: (cell[1 - axis] == TOTAL, cell)
            )
            if line[-1][1 - axis] == TOTAL:
                lines.append(line)
    return lines


def _exposed(table: Mapping[Cell, int], hidden: set[Cell], lines: Sequence[Sequence[Cell]]) -> Cell | None:
    """Returns a hidden cell that what is shown leaves one value only; None where there is none."""
    cells = sorted(hidden)
    if not cells:
        return None
    number = {cell: index for index, cell in enumerate(cells)}
    equations, sums = [], []
    for line in lines:
        if any(cell in hidden for cell in line):
            signs = [(cell, -1 if position == len(line) - 1 else 1) for position, cell in enumerate(line)]
            equation = np.zeros(len(cells))
            for cell, sign in signs:
                if cell in hidden:
                    equation[number[cell]] = sign
            equations.append(equation)
            sums.append(-sum(sign * table[cell] for cell, sign in signs if cell not in hidden))
    if not equations:
        # Nothing is said of a hidden cell: there is no total.
        return None
    for cell in cells:
        low, high = (_bound(np.array(equations), sums, number[cell], sign) for sign in (1, -1))
        if high - low < 1:
            return cell
    return None


def _bound(equations: np.ndarray, sums: Sequence[int], index: int, sign: int) -> float:
    """Returns the least (sign 1) or greatest (sign -1) value of a cell; infinite where nothing bounds it."""
    from scipy.optimize import linprog

    objective = np.zeros(equations.shape[1])
    objective[index] = sign
    found = linprog(objective, A_eq=equations, b_eq=list(sums), bounds=(0, None), method="highs")
    return float(sign * found.fun) if found.status == 0 else float("inf")
