"""Small counts: which cells of an export's counts are not shown, so that none of them can be worked out from the rest.

cms          counts of 1 to 10 are not shown (CMS cell size suppression policy: no cell below 11)
opensafely   counts up to 7 are not shown, zero included; the others are rounded to 5 (OpenSAFELY output checking)
none         every count is shown

Rule    a cell that is not shown cannot be told by subtraction, within a table or between those of one export: others
        are hidden with it until all that is shown leaves every hidden cell more than one value (complementary
        suppression, checked by linear programming over all tables of the same subjects at once)
        Totals are judged before the cells below them, and by themselves: arms are shown where each of them may be, and
        else all of them together; rows as a blinded cut shows them, whether arms are known or not
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.core.errors import NotAllowedError
from pipelines.export.inference import Line, told

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
    """Returns one table of counts with its totals, as it may be shown: a hidden cell is None."""
    return protected_together({"": counts}, profile)[""]


def protected_together(tables: Mapping[str, Mapping[Cell, int]], profile: Profile) -> dict[str, dict[Cell, int | None]]:
    """Returns tables of counts of the same subjects with their totals, as they may be shown together.

    Whoever reads them is taken to know that they are of the same subjects, where their totals are the same, and that
    rows of one name are the same number in two tables, wherever their counts are.

    Args:
        tables: by table the count of each cell (row, column); one that is not named is 0.
        profile: which counts are small.

    Raises:
        NotAllowedError: it cannot be shown that every hidden cell stays hidden.
    """
    named = {name: _Table(counts) for name, counts in tables.items()}
    hidden = _hidden([*named.values()], profile)
    return {
        name: {
            cell: None if table.key(cell) in hidden else profile.shown(count) for cell, count in table.printed.items()
        }
        for name, table in named.items()
    }


# A cell, and by which counts readers may take it for the same number as one of another table.
Key = tuple[str, str, tuple[tuple[str, int], ...]]


class _Table:
    """A table of counts with its totals. One row, or one column, is its own total."""

    def __init__(self, counts: Mapping[Cell, int]) -> None:
        rows, columns = (sorted({cell[axis] for cell in counts}) for axis in (0, 1))
        self._row = {row: row if len(rows) > 1 else TOTAL for row in rows} | {TOTAL: TOTAL}
        self._column = {column: column if len(columns) > 1 else TOTAL for column in columns} | {TOTAL: TOTAL}
        self.cells: dict[Cell, int] = {}
        for row in rows:
            for column in columns:
                count = counts.get((row, column), 0)
                for cell in {(r, c) for r in (self._row[row], TOTAL) for c in (self._column[column], TOTAL)}:
                    self.cells[cell] = self.cells.get(cell, 0) + count
        kept_rows = [*rows, TOTAL] if len(rows) > 1 else rows
        kept_columns = [*columns, TOTAL] if len(columns) > 1 else columns
        self.printed = {(r, c): self.cells[self._row[r], self._column[c]] for r in kept_rows for c in kept_columns}

    def key(self, cell: Cell) -> Key:
        """Returns what a cell is, as printed or as kept here."""
        row, column = self._row[cell[0]], self._column[cell[1]]
        if column == TOTAL:
            return row, column, ((TOTAL, self.cells[row, TOTAL]),)
        return row, column, tuple(sorted((of, count) for (one, of), count in self.cells.items() if one == row))

    @property
    def keys(self) -> dict[Key, int]:
        return {self.key(cell): count for cell, count in self.cells.items()}

    @property
    def lines(self) -> set[Line[Key]]:
        """The sums: each row, and each column, less its total."""
        found = set()
        for axis in (0, 1):
            for name in {cell[axis] for cell in self.cells}:
                parts = sorted(cell for cell in self.cells if cell[axis] == name and cell[1 - axis] != TOTAL)
                total = (name, TOTAL) if axis == 0 else (TOTAL, name)
                if parts:
                    found.add((*((self.key(cell), 1) for cell in parts), (self.key(total), -1)))
        return found


def _hidden(tables: Sequence[_Table], profile: Profile) -> set[Key]:
    counts = {key: count for table in tables for key, count in table.keys.items()}
    lines = sorted({line for table in tables for line in table.lines})
    small = {key for key, count in counts.items() if profile.hides(count)}
    wholes = {key for key in small if key[:2] == (TOTAL, TOTAL)}
    if wholes:
        # So few subjects that their number is not shown: nothing of them is.
        return set(counts)
    arms = {key for key in counts if key[0] == TOTAL and key[1] != TOTAL}
    rows = {key for key in counts if key[1] == TOTAL and key[0] != TOTAL}
    inner = {key for key in counts if TOTAL not in key[:2]}
    hidden = _completed(counts, small & rows, _among(lines, rows), rows)
    if small & arms:
        # An arm of few subjects: arms are not told apart.
        return hidden | arms | inner
    # A zero below a total of zero is told by it, and is no small number.
    empty = {key for key in inner if not sum(count for _, count in key[2])} - small
    return _completed(counts, hidden | small & inner, lines, inner - empty)


def _among(lines: Sequence[Line[Key]], rows: set[Key]) -> list[Line[Key]]:
    """Returns the sums of rows of all arms together."""
    return [line for line in lines if all(key in rows or key[:2] == (TOTAL, TOTAL) for key, _ in line)]


def _completed(counts: Mapping[Key, int], small: set[Key], lines: Sequence[Line[Key]], others: set[Key]) -> set[Key]:
    """Returns `small` and those of `others` that have to be hidden with them."""
    hidden, wide = set(small), set[Key]()
    while (exposed := told(counts, sorted(hidden), lines, wide)) is not None:
        beside = {key for line in lines if exposed in dict(line) for key, _ in line} & others - hidden
        further = beside or others - hidden
        if not further:
            msg = (
                "These counts cannot be shared: one that is not shown could be worked out from the others, whichever "
                "are hidden with it. Nothing was written. Share fewer tables, or a cut with more subjects."
            )
            raise NotAllowedError(msg)
        # The smallest count that says something.
        hidden.add(min(further, key=lambda key: (counts[key] == 0, counts[key], key)))
    return hidden
