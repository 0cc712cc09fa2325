"""What a reader of metadata returns: the columns of an export as a study file would say them, and the mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

Settings = dict[str, Any]


class Mistake(NamedTuple):
    """What is wrong in a metadata file: the line, the field (or nothing), what is wrong and what would be right."""

    line: int
    field: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The columns by name, `key` among them the one that holds the subject; none where the file cannot be read."""

    columns: dict[str, Settings]
    key: str
    mistakes: tuple[Mistake, ...]


def unreadable(line: int, text: str) -> Fields:
    """Returns the fields of a file that gives none."""
    return Fields(columns={}, key="", mistakes=(Mistake(line, "", text),))
