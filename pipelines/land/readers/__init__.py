"""Readers: one file a format. Each turns delivered bytes into rows of text, strictly, or refuses the file.

A format is a class of settings in `pipelines.study.layout`, and a module here that is named as its `type` and has a
function `read(path, contract, form) -> TextRows`.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

from pipelines.land.coding import coded_columns, coded_table
from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import TextRows, large_fields

__all__ = ["TextRows", "read_text_rows"]


def read_text_rows(path: Path, contract: Contract) -> TextRows:
    """Returns the file's rows as text.

    Raises:
        RefusedError: the file is not what its contract says.
    """
    form = contract.export.format
    # A format's library is loaded only where a file of that format comes.
    reader = importlib.import_module(f"{__name__}.{form.type}")
    rows: TextRows = reader.read(path, contract, form)
    # As codes and distinct values, whatever the format: all that follows looks at each value once.
    columns = coded_columns(rows.table)
    return replace(rows, table=coded_table(columns), faults=(*rows.faults, *large_fields(columns)))
