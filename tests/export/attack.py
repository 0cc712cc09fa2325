"""Whoever has an export tries to work out what is not shown: everything that its numbers say, as one linear system.

Written from what a reader of the tables knows, and not from how they were protected: each row and column adds up, a
rounded count lies within its rounding, the tables are of the same subjects, and what rules and endpoints mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.optimize import linprog

Shown = Mapping[str, Mapping[tuple[str, str], int | None]]
Place = tuple[str, str, str]
# A sum that is 0.
Sum = Sequence[tuple[Place, int]]


def intervals(shown: Shown, known: Iterable[Sum], *, rounded_to: int, columns: Sequence[str]) -> dict[Place, float]:
    """Returns by hidden cell how wide the interval is that the rest leaves of it.

    Args:
        shown: by table the cells, rows and columns with a TOTAL; None: hidden.
        known: what else is known, sums of cells that are 0.
        rounded_to: what counts are rounded to.
        columns: the arms.
    """
    places = [(table, row, column) for table, cells in shown.items() for row, column in cells]
    number = {place: index for index, place in enumerate(places)}
    sums: list[Sum] = list(known)
    for table, cells in shown.items():
        rows = sorted({row for row, _ in cells} - {"TOTAL"})
        sums += [
            [*(((table, row, column), 1) for row in rows), ((table, "TOTAL", column), -1)]
            for column in [*columns, "TOTAL"]
        ]
        sums += [
            [*(((table, row, column), 1) for column in columns), ((table, row, "TOTAL"), -1)]
            for row in [*rows, "TOTAL"]
        ]
    equations = np.zeros((len(sums), len(places)))
    for equation, one in zip(equations, sums, strict=True):
        for place, sign in one:
            equation[number[place]] += sign
    slack = rounded_to // 2
    bounds = []
    for table, row, column in places:
        count = shown[table][row, column]
        bounds.append((0, None) if count is None else (max(0, count - slack), count + slack))
    hidden = [place for place in places if shown[place[0]][place[1:]] is None]
    return {place: _width(equations, bounds, number[place]) for place in hidden}


def _width(equations: np.ndarray, bounds: Sequence[tuple[int, int | None]], index: int) -> float:
    ends = []
    for sign in (1, -1):
        objective = np.zeros(equations.shape[1])
        objective[index] = sign
        found = linprog(objective, A_eq=equations, b_eq=np.zeros(len(equations)), bounds=bounds, method="highs")
        assert found.status in {0, 3}, found.message
        ends.append(sign * found.fun if found.status == 0 else np.inf * -sign)
    return float(ends[1] - ends[0])
