"""Rows that are set aside, each with the column and the reason code."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.coding import Coded, Flags, Numbers
from pipelines.land.receipts import REASONS

# Where the key itself is wrong, what it says may be anything.
_WITHOUT_KEY = frozenset({"Q_KEY", "Q_ID_CHARSET", "Q_ID_CASE", "Q_SUBJECT_SITE", "Q_HEADER_ROW", "Q_FIELD_SIZE"})


class Quarantine:
    """What is wrong with the rows of one file; rows are counted from 0 here, and from 1 in what is written."""

    def __init__(self, rows: int) -> None:
        self.good: Flags = np.ones(rows, bool)
        self._entries: list[tuple[Numbers, str | None, str]] = []

    def set_aside(self, rows: Numbers, column: str | None, code: str) -> None:
        """Sets these rows aside."""
        if len(rows):
            self.good[rows] = False
            self._entries.append((np.unique(rows), column, code))

    def set_flagged_aside(self, flags: Flags, column: str | None, code: str) -> None:
        """Sets the rows that are flagged aside."""
        self.set_aside(np.flatnonzero(flags), column, code)

    @property
    def codes(self) -> list[str]:
        """The reason codes that occur."""
        return sorted({code for _, _, code in self._entries})

    def count(self) -> int:
        """Returns how many rows have an entry: counted in what is written, not in `good`."""
        return len(np.unique(np.concatenate([rows for rows, _, _ in self._entries]))) if self._entries else 0

    def counts(self) -> dict[tuple[str | None, str], int]:
        """Returns for each column and code how many rows have it."""
        found: dict[tuple[str | None, str], list[Numbers]] = {}
        for rows, column, code in self._entries:
            found.setdefault((column, code), []).append(rows)
        return {key: len(np.unique(np.concatenate(rows))) for key, rows in found.items()}

    def table(self, keys: Mapping[str, Coded] | None = None) -> pa.Table:
        """Returns the entries as they are written, ordered by row, column and code.

        Args:
            keys: what tells whose a row is, by name; a row that is set aside for its key has none of them.
        """
        keys = keys or {}
        made: dict[str, list[pa.Array]] = {"_source_row": [], "column_name": [], "code": [], "reason": []}
        made |= {name: [] for name in keys}
        nobodys = [rows for rows, _, code in self._entries if code in _WITHOUT_KEY]
        nobodys_rows = np.concatenate(nobodys) if nobodys else np.empty(0, np.int64)
        for rows, column, code in self._entries:
            made["_source_row"].append(pa.array(rows + 1, pa.int64()))
            known = pa.array(~np.isin(rows, nobodys_rows))
            for name, key in keys.items():
                told = key.values.take(pa.array(key.codes[rows]))
                made[name].append(pc.if_else(known, told, pa.scalar(None, told.type)).cast(pa.string()))
            for name, text in (("column_name", column), ("code", code), ("reason", REASONS[code])):
                made[name].append(pa.array([text], pa.string()).take(pa.array(np.zeros(len(rows), np.int8))))
        kinds = {"_source_row": pa.int64()}
        table = pa.table({name: pa.chunked_array(of, kinds.get(name, pa.string())) for name, of in made.items()})
        return table.sort_by([("_source_row", "ascending"), ("column_name", "ascending"), ("code", "ascending")])
