"""A column as codes says what the column said, in whatever pieces it came, and is written without what it lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.land.coding import Encoder, coded, coded_columns, coded_table, combined, first_present, pairs

texts = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "NA"]), st.text(max_size=3)), max_size=20)


@given(pieces=st.lists(texts, min_size=1, max_size=5))
def test_a_column_in_pieces_is_the_column_as_a_whole(pieces: list[list[str | None]]) -> None:
    encoder = Encoder()
    for number, piece in enumerate(pieces):
        array = pa.array(piece, pa.string())
        encoder.add(array.dictionary_encode() if number % 2 else array)
    column, whole = encoder.column(), [value for piece in pieces for value in piece]
    assert column.values.take(pa.array(column.codes)).to_pylist() == whole
    # Whatever the pieces, values stand in the order in which they appear first.
    assert column.values.to_pylist() == list(dict.fromkeys(whole))
    assert coded_columns(coded_table({"a": column}))["a"].values.equals(column.values)


@given(first=texts, rows=st.lists(st.integers(min_value=0, max_value=19)))
def test_what_is_written_holds_the_values_of_its_rows_and_no_other(first: list[str | None], rows: list[int]) -> None:
    column, chosen = coded(pa.array(first, pa.string())), [row for row in rows if row < len(first)]
    written = column.array(np.array(chosen, np.int64))
    assert written.to_pylist() == [first[row] for row in chosen]
    if pa.types.is_dictionary(written.type):
        assert set(written.dictionary.to_pylist()) <= {first[row] for row in chosen}


@given(table=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "x", "y"])), max_size=12))
def test_keys_of_two_columns_are_equal_where_both_are(table: list[tuple[str, str | None]]) -> None:
    left, right = (coded(pa.array([row[side] for row in table], pa.string())) for side in (0, 1))
    keys = combined([(one.codes, len(one.values)) for one in (left, right)], len(table)).tolist()
    assert len(set(keys)) == len(set(table))
    codes, lefts, rights = pairs(left, right)
    assert [(lefts[code].as_py(), rights[code].as_py()) for code in codes] == table


def test_keys_of_many_wide_columns_stay_apart() -> None:
    # Four columns of 2^40 values each: more keys than a whole number holds.
    wide = [(np.array([0, 1, 1, 1 << 39]), 1 << 40)] * 4
    assert len(set(combined(wide, 4).tolist())) == 3


def test_the_first_column_that_holds_something_is_taken() -> None:
    first, second = coded(pa.array(["a", None, None])), coded(pa.array(["b", "c", None]))
    chosen = first_present([first, second])
    assert chosen.values.take(pa.array(chosen.codes)).to_pylist() == ["a", "c", None]
