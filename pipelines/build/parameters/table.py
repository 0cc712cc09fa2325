"""One table of schema `study`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ParameterTable:
    """One table of schema `study`: its columns with their types, and its rows."""

    columns: dict[str, str]
    rows: list[Sequence[Any]]


def table(columns: str, rows: Sequence[Sequence[Any]]) -> ParameterTable:
    """Returns a table; `columns` is `name name:type ...`; varchar where no type is written."""
    pairs = [word.partition(":") for word in columns.split()]
    return ParameterTable(columns={name: kind or "varchar" for name, _, kind in pairs}, rows=list(rows))
