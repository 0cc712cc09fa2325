"""What can be worked out: which cells of a system of counts are told by the others, though they are not shown.

Rule    a count is a number of subjects, 0 or more, and what is shown of it is taken as exact: whoever tries knows less
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

Name = TypeVar("Name")
# A sum that is 0: each cell with its sign.
Line = tuple[tuple[Name, int], ...]


def told(
    counts: Mapping[Name, int], hidden: Sequence[Name], lines: Sequence[Line[Name]], wide: set[Name]
) -> Name | None:
    """Returns the first hidden cell that what is shown leaves less than two values; None where there is none.

    Args:
        counts: every cell.
        hidden: the cells that are not shown, in an order of their own.
        lines: sums that are 0.
        wide: cells of which two values were found, which stay so while more is hidden; filled in.
    """
    place = {cell: number for number, cell in enumerate(hidden)}
    for cells, sums in _parts(place, lines):
        if set(cells) <= wide:
            continue
        number = {cell: index for index, cell in enumerate(cells)}
        equations, totals = np.zeros((len(sums), len(cells))), []
        for equation, line in zip(equations, sums, strict=True):
            for cell, sign in line:
                if cell in number:
                    equation[number[cell]] += sign
            totals.append(-sum(sign * counts[cell] for cell, sign in line if cell not in number))
        low = np.array([counts[cell] for cell in cells], dtype=float)
        high = low.copy()
        for cell in cells:
            for sign in (1, -1):
                if cell in wide:
                    break
                found = _extreme(equations, totals, number[cell], sign)
                # One solution is a witness for every cell that it moves; what nothing bounds has every value.
                low, high = (low, high) if found is None else (np.minimum(low, found), np.maximum(high, found))
                wide |= {one for one, gap in zip(cells, high - low, strict=True) if gap >= 1 - 1e-6}
                wide |= {cell} if found is None else set()
            if cell not in wide:
                return cell
    return None


def _parts(place: Mapping[Name, int], lines: Iterable[Line[Name]]) -> Iterator[tuple[list[Name], list[Line[Name]]]]:
    """Yields the hidden cells that sums tie to each other, with these sums; a cell of no sum is told by nothing."""
    parts: list[tuple[set[Name], list[Line[Name]]]] = []
    for line in lines:
        cells = {cell for cell, _ in line if cell in place}
        if not cells:
            continue
        tied = [part for part in parts if part[0] & cells]
        parts = [part for part in parts if not part[0] & cells]
        parts.append((cells.union(*(part[0] for part in tied)), [line, *(one for part in tied for one in part[1])]))
    for cells, sums in sorted(parts, key=lambda part: min(place[cell] for cell in part[0])):
        yield sorted(cells, key=place.__getitem__), sums


def _extreme(equations: np.ndarray, sums: Sequence[int], index: int, sign: int) -> np.ndarray | None:
    """Returns the counts where a cell is least (sign 1) or greatest (sign -1); None where nothing bounds it."""
    from scipy.optimize import linprog

    objective = np.zeros(equations.shape[1])
    objective[index] = sign
    found = linprog(objective, A_eq=equations, b_eq=list(sums), bounds=(0, None), method="highs")
    return np.asarray(found.x) if found.status == 0 else None
