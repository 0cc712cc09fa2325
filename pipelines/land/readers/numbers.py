"""The texts of many numbers at once, each as `number_text` writes it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.core.number_text import WHOLE, number_text

# Within these, Arrow and Python write the same shortest text of a number that is not whole.
_LOWEST, _HIGHEST = 1e-4, 1e9


def number_texts(numbers: np.ndarray) -> pa.Array:
    """Returns what `number_text` says of each of the float64 values in `numbers`, as an array of strings."""
    missing = np.isnan(numbers)
    if missing.any():
        return pc.if_else(pa.array(missing), "", number_texts(np.where(missing, 0.0, numbers)))
    size = np.abs(numbers)
    with np.errstate(invalid="ignore"):
        whole = (numbers == np.trunc(numbers)) & (size < WHOLE)
    if whole.all():
        return pc.cast(pa.array(numbers.astype(np.int64)), pa.string())
    plain = ~whole & (size >= _LOWEST) & (size < _HIGHEST)
    integers = pc.cast(pa.array(np.where(whole, numbers, 0).astype(np.int64)), pa.string())
    texts = pc.if_else(pa.array(whole), integers, pc.cast(pa.array(numbers), pa.string()))
    odd = np.flatnonzero(~whole & ~plain)
    if len(odd) == 0:
        return texts
    others = pa.array([number_text(float(numbers[position])) for position in odd], pa.string())
    return pc.replace_with_mask(texts, pa.array(~whole & ~plain), others)
