"""What a page is made of: sections of tables, figures and plain sentences, before any HTML.

Rule    text here is data; only the templates make HTML, and they escape all of it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from markupsafe import Markup

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of texts.

    `heads` leading cells of each row are headings (left-aligned); `grouped` tables print a repeated first cell once.
    `words` are the positions of further cells that hold words, not numbers; `hashes` those that hold hashes.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    heads: int = 1
    grouped: bool = False
    words: frozenset[int] = frozenset()
    hashes: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def spans(self) -> tuple[int, ...]:
        """For each row, how many rows its first cell covers; 0 where the cell above covers it."""
        if not self.grouped:
            return (1,) * len(self.rows)
        spans: list[int] = []
        for _, group in groupby(self.rows, key=lambda row: row[0]):
            size = len(list(group))
            spans += [size, *[0] * (size - 1)]
        return tuple(spans)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing (SVG made by us, its texts escaped) with a caption; the table beside it holds the same numbers."""

    svg: Markup
    caption: str


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Tables a reader opens on demand."""

    summary: str
    sentence: str = ""
    tables: tuple[Table, ...]


@dataclass(frozen=True, kw_only=True)
class Checks:
    """How many checks on the tables behind a section ended how; `links` are those tables, each with its anchor."""

    links: tuple[tuple[str, str], ...]
    passed: int
    with_rows: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section: title, one plain sentence, help, then figures and tables."""

    anchor: str
    title: str
    sentence: str
    help: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    folds: tuple[Fold, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    checks: Checks | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """One headline question with its answer for each group."""

    question: str
    detail: str
    answers: tuple[Answer, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A group's answer: a large figure and what it stands on."""

    group: str
    mark: int
    value: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class Content:
    """All pages' content, and every statistic in it as records (report/statistics.json)."""

    cards: tuple[Card, ...]
    primary: str
    sections: dict[str, tuple[Section, ...]]
    absent: tuple[str, ...]
    arms: tuple[tuple[str, str], ...]
    statistics: dict[str, list[Record]] = field(default_factory=dict)
