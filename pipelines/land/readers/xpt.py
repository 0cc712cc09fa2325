"""SAS transport files, version 5 and 8: fixed records, which are read here so that what they hold is told exactly.

The libraries that read them return a wrong number of rows, and no error, for a file that was cut or added to, take a
special missing value (.A to .Z, ._) for an ordinary one, and hold the whole file in memory.

Source  SAS technical support papers TS-140 (version 5) and "Record Layout of a SAS Version 8 or 9 Data Set in SAS
        Transport Format"
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_schema
from pipelines.land.readers.numbers import number_texts
from pipelines.land.readers.text_rows import TextRows, shown_names
from pipelines.land.readers.xpt_header import Variable, read_layout
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Xpt

_BATCH_BYTES = 8 << 20
# The first byte of a missing value, which has no fraction; an ordinary one is a point.
_MISSING = np.zeros(256, dtype=bool)
_MISSING[[ord(letter) for letter in "._ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = True
_FRACTION = np.uint64((1 << 56) - 1)


def read(path: Path, contract: Contract, form: Xpt) -> TextRows:
    """Returns the rows of a transport file as text; a whole number is written without a decimal point.

    Raises:
        RefusedError: F_XPT_HEADER, F_TRUNCATED, F_TRAILING, F_ENCODING, F_NUL, F_HEADER or F_CONTRACT.
    """
    return parse_in_child(__name__, path, contract, form)


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - the header says
    """Yields the rows as text; runs in the child process."""
    encoding = Xpt.model_validate(form).encoding
    with path.open("rb") as source:
        layout = read_layout(source, encoding)
        schema = text_schema([variable.name for variable in layout.variables])
        yield schema.empty_table()
        source.seek(layout.first_byte)
        most, left = max(1, _BATCH_BYTES // layout.width), layout.rows
        while left:
            count = min(most, left)
            records = np.frombuffer(source.read(count * layout.width), np.uint8).reshape(count, layout.width)
            arrays = [_column(records, variable, encoding) for variable in layout.variables]
            yield pa.Table.from_arrays(arrays, schema=schema)
            left -= count


def _column(records: np.ndarray, variable: Variable, encoding: str) -> pa.Array:
    values = np.ascontiguousarray(records[:, variable.start : variable.start + variable.width])
    return _numbers(values) if variable.is_number else _texts(values, variable.name, encoding)


def _texts(values: np.ndarray, name: str, encoding: str) -> pa.Array:
    rows, width = values.shape
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), rows, [None, pa.py_buffer(values)])
    texts = pc.cast(fixed, pa.binary())
    try:
        texts = pc.cast(texts, pa.string()) if encoding == "utf-8" or values.max() < 0x80 else _decoded(texts, encoding)
    except (UnicodeDecodeError, pa.ArrowInvalid):
        raise RefusedError("F_ENCODING", f"Declared: {encoding}; not so in {shown_names([name])}.") from None
    # Texts are filled with blanks; some writers fill with zeros.
    texts = pc.ascii_rtrim(texts, characters=" \0")
    if not values.all() and pc.any(pc.match_substring(texts, "\0")).as_py():
        raise RefusedError("F_NUL", f"In the column {shown_names([name])}.")
    return texts


def _decoded(texts: pa.Array, encoding: str) -> pa.Array:
    once = texts.dictionary_encode()
    decoded = [value.decode(encoding) for value in once.dictionary.to_pylist()]
    return pc.take(pa.array(decoded, pa.string()), once.indices)


def _numbers(values: np.ndarray) -> pa.Array:
    """Returns the texts of IBM's floating-point numbers: a sign, a power of 16 and a fraction of 56 bits."""
    rows, width = values.shape
    whole = np.zeros((rows, 8), np.uint8)
    whole[:, :width] = values
    bits = whole.view(">u8").ravel().astype(np.uint64)
    fraction, first = bits & _FRACTION, whole[:, 0]
    exponent = 4 * (first & 0x7F).astype(np.int32) - 312
    numbers = np.ldexp(fraction.astype(np.float64), exponent)
    np.negative(numbers, out=numbers, where=first >= 0x80)
    missing = (fraction == 0) & _MISSING[first]
    texts = number_texts(np.where(missing, 0.0, numbers))
    if not missing.any():
        return texts
    codes = pa.array(["" if code == "." else f".{code}" for code in map(chr, first[missing])], pa.string())
    return pc.replace_with_mask(texts, pa.array(missing), codes)
