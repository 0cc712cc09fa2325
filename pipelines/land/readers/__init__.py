"""Readers: one file a format. Each turns delivered bytes into rows of text, strictly, or refuses the file.

A reader is a function `(path, contract) -> TextRows`.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import TextRows
from pipelines.study.layout import Delimited

__all__ = ["TextRows", "read_text_rows"]


def read_text_rows(path: Path, contract: Contract) -> TextRows:
    """Returns the file's rows as text.

    Raises:
        RefusedError: the file is not what its contract says.
    """
    # A format's library is loaded only where a file of that format comes.
    if isinstance(contract.export.format, Delimited):
        from pipelines.land.readers.delimited import read_delimited

        return read_delimited(path, contract, contract.export.format)
    from pipelines.land.readers.xpt import read_xpt

    return read_xpt(path, contract, contract.export.format)
