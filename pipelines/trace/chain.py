"""A chain: a derived row, the steps below it, and at the end of each the delivered row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]

# What hashing the stored bytes of a delivery again can find.
INTACT, DIFFERS, GONE, CLOSED = "intact", "differs", "gone", "not readable"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule in words, and the section of the protocol that states it (empty where the study file names none)."""

    text: str
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One row of a delivered file.

    `row` counts rows of data from 1. `delivery_id` is the SHA-256 of the file's bytes; `stored` says what hashing the
    bytes in the store again gives, and `stored_in` whether they lie in the store or in the vault. `text` is the row's
    cells as delivered, without the arm, clear identifiers and withheld free text; empty where `text_withheld`
    says why.
    """

    delivery_id: str
    file: str
    row: int
    siteid: str
    delivered_on: str | None
    stored: str
    stored_in: str
    text: Values
    text_withheld: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One link: what it is, its values, the rules behind it, the records and delivered rows it comes from.

    `changes`: what a later delivery corrected in these records, with the value before.
    """

    what: str
    values: Values
    rules: tuple[Rule, ...] = ()
    records: tuple[Values, ...] = ()
    sources: tuple[Source, ...] = ()
    changes: tuple[Values, ...] = ()
    steps: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Step]:
        """Yields the step and all below it."""
        yield self
        for step in self.steps:
            yield from step.walk()


@dataclass(frozen=True, kw_only=True)
class TraceReceipt:
    """What was traced.

    `row` is None where the filters leave several rows; `choices` are then the columns in which those differ, each with
    its values, and `matched` says how many rows there are. `assumed` are the endpoint, estimand and missing-data rule
    that were taken because none was named. `wrong` names every file whose bytes differ, and every sum that does
    not come out.
    """

    study: str
    cut_id: str
    published: bool
    blinded: bool
    table: str
    filters: Values
    assumed: dict[str, str]
    matched: int
    choices: dict[str, tuple[str, ...]]
    row: Step | None
    wrong: tuple[str, ...]
