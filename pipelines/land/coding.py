"""Columns as codes: each distinct value once, and for every row which one it is.

What trials deliver repeats itself: visits, items, days, subjects, scores. So what is to be found out about a value (its
form, its type, whether it identifies somebody) is found out once for each, and what is left for a row is to look it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]

# A key of several columns is one whole number as long as it stays below.
_MOST_KEYS = 1 << 62


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A column: row `i` holds `values[codes[i]]`. Two codes may stand for equal values; see `distinct`."""

    codes: Numbers
    values: pa.Array

    def __len__(self) -> int:
        return len(self.codes)

    def holding(self, values: pa.Array) -> Coded:
        """Returns the column of which row `i` holds `values[codes[i]]`."""
        return Coded(codes=self.codes, values=values)

    def where(self, flags: pa.Array | Flags) -> Flags:
        """Returns for each row whether its value is flagged; `flags` has one for each of the values, null is no."""
        told = flags if isinstance(flags, np.ndarray) else pc.fill_null(flags, fill_value=False).to_numpy(False)
        flagged: Flags = told[self.codes] if told.any() else np.zeros(len(self), bool)
        return flagged

    def present(self) -> Flags:
        """Returns for each row whether it holds something."""
        if not self.values.null_count:
            return np.ones(len(self), bool)
        return self.where(self.values.is_valid())

    def counts(self, rows: Flags | None = None) -> Numbers:
        """Returns how often each of the values stands in these rows (all by default)."""
        codes = self.codes if rows is None or rows.all() else self.codes[rows]
        return np.bincount(codes, minlength=len(self.values))

    def distinct(self) -> Coded:
        """Returns the same column with each value once, null too."""
        values = self.values
        if pa.types.is_floating(values.type):
            # -0.0 is 0.0
            values = pc.add(values, 0.0)
        found = values.dictionary_encode(null_encoding="encode")
        if len(found.dictionary) == len(values):
            return self
        return Coded(codes=narrow(found.indices.to_numpy()[self.codes], len(found.dictionary)), values=found.dictionary)

    def array(self, rows: slice | Numbers) -> pa.Array:
        """Returns the values of these rows; text as a dictionary of what stands in them, and of nothing else."""
        codes = self.codes[rows]
        if self.values.null_count == len(self.values):
            return pa.nulls(len(codes), self.values.type)
        if not pa.types.is_string(self.values.type) or len(self.values) > len(codes):
            return self.values.take(pa.array(codes))
        present = self.values.is_valid().to_numpy(False)
        used = present & (np.bincount(codes, minlength=len(present)) > 0)
        places = (np.cumsum(used) - 1).astype(np.int32)
        absent = None if present.all() else ~present[codes]
        indices = pa.array(places[codes] if not used.all() else codes.astype(np.int32), mask=absent)
        return pa.DictionaryArray.from_arrays(indices, self.values.filter(pa.array(used)))


class Encoder:
    """Makes a coded column of pieces of text that come one after the other; values stand by first appearance."""

    def __init__(self) -> None:
        self._codes: list[Numbers] = []
        self._values: list[pa.Array] = []

    def add(self, piece: pa.Array) -> None:
        """Takes the next rows, as text or as a dictionary of text."""
        if not pa.types.is_dictionary(piece.type) or piece.null_count:
            text = piece.dictionary_decode() if pa.types.is_dictionary(piece.type) else piece
            piece = text.dictionary_encode(null_encoding="encode")
        # One byte a row is enough for most columns; so a file of any length is held in a small part of its size.
        self._codes.append(narrow(piece.indices.to_numpy(), len(piece.dictionary)))
        self._values.append(piece.dictionary)

    def column(self) -> Coded:
        """Returns all rows."""
        if len(self._codes) == 1:
            return Coded(codes=self._codes[0], values=self._values[0])
        found = pa.chunked_array(self._values, pa.string()).dictionary_encode(null_encoding="encode")
        # Arrow leaves out pieces without values.
        values = found.chunk(0).dictionary if found.num_chunks else pa.array([], pa.string())
        places = narrow(
            np.concatenate([np.empty(0, np.int32), *(it.indices.to_numpy() for it in found.chunks)]), len(values)
        )
        codes = np.empty(sum(map(len, self._codes)), places.dtype)
        start, first = 0, 0
        for piece, kinds in zip(self._codes, map(len, self._values), strict=True):
            np.take(places[first : first + kinds], piece, out=codes[start : start + len(piece)])
            start, first = start + len(piece), first + kinds
        return Coded(codes=codes, values=values)


def coded(text: pa.Array) -> Coded:
    """Returns an array of text as a coded column."""
    encoder = Encoder()
    encoder.add(text)
    return encoder.column()


def coded_columns(table: pa.Table) -> dict[str, Coded]:
    """Returns the columns of a table of text."""
    columns = {}
    for name in table.column_names:
        encoder = Encoder()
        for piece in table[name].chunks or [pa.array([], pa.string())]:
            encoder.add(piece)
        columns[name] = encoder.column()
    return columns


def coded_table(columns: dict[str, Coded]) -> pa.Table:
    """Returns the columns as a table of dictionaries."""
    arrays = [pa.DictionaryArray.from_arrays(column.codes, column.values) for column in columns.values()]
    return pa.Table.from_arrays(arrays, names=list(columns))


def narrow(codes: Numbers, kinds: int) -> Numbers:
    """Returns the codes in as few bytes as `kinds` of them need."""
    return codes.astype(np.min_scalar_type(max(kinds - 1, 0)), copy=False)


def constant(value: str | float | None, rows: int, kind: pa.DataType) -> Coded:
    """Returns a column that holds one value in all rows, and takes no memory for them."""
    return Coded(codes=np.broadcast_to(np.uint8(0), rows), values=pa.array([value], kind))


def first_present(choices: Sequence[Coded]) -> Coded:
    """Returns by row the first of these columns' values that is there."""
    chosen = choices[0]
    for other in choices[1:]:
        values = pa.concat_arrays([chosen.values, other.values])
        codes = np.where(chosen.present(), chosen.codes, other.codes.astype(np.int64) + len(chosen.values))
        chosen = Coded(codes=narrow(codes, len(values)), values=values)
    return chosen


def combined(columns: Iterable[tuple[Numbers, int]], rows: int) -> Numbers:
    """Returns one number a row, equal where the codes are in all columns; a column is its codes and their kinds."""
    keys, kinds = np.zeros(rows, np.int64), 1
    for codes, count in columns:
        if kinds * count >= _MOST_KEYS:
            found = pa.array(keys).dictionary_encode()
            keys, kinds = found.indices.to_numpy().astype(np.int64), len(found.dictionary)
        if count > 1:
            keys *= count
            keys += codes
            kinds *= count
    return keys


def pairs(first: Coded, second: Coded) -> tuple[Numbers, pa.Array, pa.Array]:
    """Returns the distinct pairs of two columns: by row which pair it is, and of each pair the two values."""
    one, other = first.distinct(), second.distinct()
    if len(one.values) == 1:
        return other.codes, pa.array([one.values[0].as_py()] * len(other.values), one.values.type), other.values
    found = pa.array(
        combined([(one.codes, len(one.values)), (other.codes, len(other.values))], len(one))
    ).dictionary_encode()
    left, right = np.divmod(found.dictionary.to_numpy(), max(len(other.values), 1))
    codes = narrow(found.indices.to_numpy(), len(found.dictionary))
    return codes, one.values.take(pa.array(left)), other.values.take(pa.array(right))
