"""The instruments: the catalogue's (data in `dbt_project/seeds`), with what a study says of its own version of them.

Landing (ranges), targets, profiles and the models (scoring) all read them from here, so that they never disagree.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pipelines.study.instruments import InstrumentItem, InstrumentUse, Prorate, Score
from pipelines.study.layout import spread

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


class Item(InstrumentItem):
    """One item of a rating scale, with all that the catalogue and the study file say of it."""

    number: int

    @property
    def component(self) -> str:
        """What it counts in: a domain of which the highest item counts, or itself alone."""
        return self.highest_of or f"item {self.number}"

    @property
    def points(self) -> tuple[Score, Score]:
        """The fewest and the most points that it adds."""
        return self.range[0] * self.weight, self.range[1] * self.weight

    @property
    def factor(self) -> Score:
        """What a value is multiplied by; `addend` is added then."""
        return -self.weight if self.reversed else self.weight

    @property
    def addend(self) -> Score:
        """What turns a reversed item around: its lowest and highest value, weighed."""
        return sum(self.points) if self.reversed else 0


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A rating scale: its items, and how they make a total."""

    paramcd: str
    param: str
    items: tuple[Item, ...]
    items_missing_allowed: int = 0
    prorate: Prorate = "none"
    bands: Mapping[str, tuple[Score, Score]] = field(default_factory=dict)
    total_codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    derived: bool = False

    @property
    def total_testcd(self) -> str:
        """The test code of a collected total."""
        return f"{self.paramcd}TOT"

    @property
    def total_range(self) -> tuple[Score, Score]:
        """The lowest and the highest total: of each domain the highest item counts, of all others each."""
        lows, highs = defaultdict[str, list[Score]](list), defaultdict[str, list[Score]](list)
        for item in self.scored:
            lows[item.component].append(item.points[0])
            highs[item.component].append(item.points[1])
        return sum(max(values) for values in lows.values()), sum(max(values) for values in highs.values())

    @property
    def in_words(self) -> str:
        """What the total is made of: `the highest item of sleep + 6 items`."""
        domains = dict.fromkeys(item.highest_of for item in self.scored if item.highest_of)
        single = sum(not item.highest_of for item in self.scored)
        parts = [f"the highest item of {domain}" for domain in domains]
        if single:
            parts.append(f"{single} item{'s' if single > 1 else ''}")
        return " + ".join(parts)

    @property
    def scored(self) -> tuple[Item, ...]:
        """The items that count."""
        return tuple(item for item in self.items if item.scored)

    @property
    def answers(self) -> dict[str, tuple[Item, ...]]:
        """What must be answered: each item that counts, or one of several (`one_of`)."""
        found = defaultdict[str, list[Item]](list)
        for item in self.scored:
            found[item.one_of or f"item {item.number}"].append(item)
        return {name: tuple(items) for name, items in found.items()}

    @property
    def item_ranges(self) -> dict[str, tuple[Score, Score]]:
        """Allowed values of the items by their own test codes."""
        return {self.item_testcd(item.number): item.range for item in self.items}

    @property
    def item_of(self) -> dict[str, Item]:
        """Each item by every test code that it has."""
        return {code: item for item in self.items for code in (self.item_testcd(item.number), *item.test_codes)}

    @property
    def ranges(self) -> dict[str, tuple[Score, Score]]:
        """Allowed values by test code: every item and the collected total, by every code that they have."""
        totals = dict.fromkeys((self.total_testcd, *self.total_codes), self.total_range)
        return {code: item.range for code, item in self.item_of.items()} | totals

    def item_testcd(self, number: int) -> str:
        """Returns the test code of item `number` (1 = first)."""
        return f"{self.paramcd}{number:02d}"


@cache
def catalogue() -> Mapping[str, Instrument]:
    """Returns the instruments of the catalogue by their code (MADRS, HAMD17, ...)."""
    items, bands = defaultdict[str, list[Item]](list), defaultdict[str, dict[str, tuple[Score, Score]]](dict)
    for row in _rows("instrument_items.csv"):
        items[row["paramcd"]].append(_item(row))
    for row in _rows("instrument_bands.csv"):
        bands[row["paramcd"]][row["band"]] = (int(row["band_from"]), int(row["band_to"]))
    found = {
        row["paramcd"]: Instrument(
            paramcd=row["paramcd"],
            param=row["param"],
            items=tuple(items[row["paramcd"]]),
            items_missing_allowed=int(row["items_missing_allowed"]),
            bands=bands[row["paramcd"]],
            total_codes=tuple(row["total_codes"].split()),
            categories=tuple(filter(None, row["categories"].split(";"))),
        )
        for row in _rows("instruments.csv")
    }
    return MappingProxyType(found)


def with_own(uses: Mapping[str, InstrumentUse]) -> Mapping[str, Instrument]:
    """Returns the catalogue's instruments as the study has them, and the study's own, by their code.

    What is wrong with an own one (no item, no range) is for the study file's checks to say.
    """
    own = {code: _own(code, use) for code, use in uses.items() if code in catalogue() or use.label or use.items}
    return MappingProxyType({**catalogue(), **own})


def numbers(key: str) -> list[int]:
    """Returns the item numbers that a key of `items` stands for (`3`, `{01..10}`); none where it is no such key."""
    names = spread(key)
    return [int(name) for name in names] if all(name.isascii() and name.isdigit() for name in names) else []


def _own(code: str, use: InstrumentUse) -> Instrument:
    known = catalogue().get(code) or Instrument(paramcd=code, param=code, items=())
    items = {item.number: item for item in known.items}
    for key, said in use.items.items():
        for number in numbers(key):
            # A later key says more of an item that an earlier run holds.
            fields = {name: getattr(said, name) for name in said.model_fields_set}
            items[number] = (items.get(number) or Item(number=number)).model_copy(update=fields)
    return replace(
        known,
        param=use.label or known.param,
        items=tuple(items[number] for number in sorted(items)),
        items_missing_allowed=known.items_missing_allowed
        if use.missing_items_allowed is None
        else use.missing_items_allowed,
        prorate=use.prorate or known.prorate,
        bands=use.bands or known.bands,
        total_codes=(*known.total_codes, *use.total_codes),
        categories=(*known.categories, *use.categories),
        derived=use.derived,
    )


def _item(row: dict[str, str]) -> Item:
    return Item(
        number=int(row["qstestcd"].removeprefix(row["paramcd"])),
        label=row["item"],
        range=(int(row["item_min"]), int(row["item_max"])),
        reversed=row["reversed"] == "Y",
        weight=int(row["weight"]),
        highest_of=row["highest_of"],
        one_of=row["one_of"],
        scored=row["scored"] == "Y",
        whole=row["whole"] == "Y",
        same_as=row["same_as"],
        test_codes=tuple(row["test_codes"].split()),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
