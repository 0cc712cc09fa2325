"""What a study says of its instruments: that items have ranges, codes mean one thing, and the total can be made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from pipelines.study.catalogue import Instrument, catalogue, numbers
from pipelines.study.instruments import InstrumentItem, InstrumentUse
from pipelines.study.model import Study
from pipelines.study.problem import Problem

_CODE = re.compile(r"[A-Z][A-Z0-9]{0,7}")
# The models count an assessment's answers in the bits of one number, and take the highest of so many domains.
MOST_ITEMS = 62
MOST_DOMAINS = 6


def instrument_problems(study: Study) -> Iterator[Problem]:
    """Yields what is wrong with the instruments, each with what would be right."""
    visits = {visit.visit for visit in study.visits}
    for code, use in study.instruments.items():
        where = ("instruments", code)
        for visit in use.visits or ():
            if visit not in visits:
                yield Problem((*where, "visits"), f"no visit '{visit}'.")
        if code not in study.scales:
            text = f"not in the catalogue. It holds: {', '.join(sorted(catalogue()))}. "
            yield Problem(where, text + "For an instrument of your own write `label` and `items`.")
            continue
        scale = study.scales[code]
        if code not in catalogue():
            yield from _own(code, use, where)
        for key, item in use.items.items():
            yield from _item(study, key, item, (*where, "items", key))
        unranged = [str(item.number) for item in scale.items if item.range[0] >= item.range[1]]
        if unranged:
            text = (
                f"item {', '.join(unranged)}: no `range`, or one that ends before it starts. Write [lowest, highest]."
            )
            yield Problem((*where, "items"), text)
        if len({item.highest_of for item in scale.items if item.highest_of}) > MOST_DOMAINS:
            yield Problem((*where, "items"), f"`highest_of` names more than {MOST_DOMAINS} domains.")
        yield from _missing(scale, use, where)
        yield from _bands(scale, use, where)
        if use.derived:
            yield from _derived(study, scale, where)
    yield from _codes(study)


def _own(code: str, use: InstrumentUse, where: tuple[str, ...]) -> Iterator[Problem]:
    if not _CODE.fullmatch(code):
        yield Problem(where, "a code is one to eight capitals and digits, and starts with a capital (CALM).")
    if not use.label:
        yield Problem((*where, "label"), "this key is missing. Add it: the instrument's name.")
    if not use.items:
        yield Problem((*where, "items"), 'this key is missing. Write `items: {"{01..10}": {range: [0, 4]}}`.')


def _item(study: Study, key: str, item: InstrumentItem, where: tuple[str, ...]) -> Iterator[Problem]:
    named = numbers(key)
    if not named or not all(1 <= number <= MOST_ITEMS for number in named):
        text = f'the number of an item, 1 to {MOST_ITEMS}, or a run of them: `3`, `"{{01..10}}"`.'
        yield Problem(where, text)
    if item.weight <= 0:
        yield Problem((*where, "weight"), "must be above 0. Write `reversed: true` to turn an item around.")
    if item.same_as:
        code, _, number = item.same_as.partition(".")
        scale = study.scales.get(code)
        if scale is None or not any(f"{one.number:02d}" == number for one in scale.items):
            yield Problem((*where, "same_as"), "names no item. Write one of another instrument, `CADSS.05`.")


def _derived(study: Study, scale: Instrument, where: tuple[str, ...]) -> Iterator[Problem]:
    origins = {item.same_as.partition(".")[0] for item in scale.items if item.same_as}
    if not origins:
        text = "no item says `same_as`, the item of another instrument that stands for it."
        yield Problem((*where, "derived"), text)
    for origin in sorted(origins - study.instruments.keys()):
        yield Problem((*where, "derived"), f"takes items of {origin}. Add it to the instruments.")


def _missing(scale: Instrument, use: InstrumentUse, where: tuple[str, ...]) -> Iterator[Problem]:
    allowed = use.missing_items_allowed
    if allowed is not None and allowed >= max(len(scale.answers), 1):
        yield Problem((*where, "missing_items_allowed"), f"the total is made of {len(scale.answers)} answers.")
    if allowed and use.prorate is None:
        text = (
            "say how a total with a missing item is made: `prorate: items` (mean of the answered), `points` or `none`."
        )
        yield Problem((*where, "prorate"), text)
    if use.prorate in {"items", "points"} and not scale.items_missing_allowed:
        yield Problem((*where, "prorate"), "no item may be missing. Write `missing_items_allowed`, or leave it out.")
    if use.prorated_decimals is not None and use.prorate not in {"items", "points"}:
        yield Problem((*where, "prorated_decimals"), "nothing is prorated. Write `prorate`, or leave it out.")
    if use.prorate == "points" and any(item.highest_of or item.range[0] for item in scale.scored):
        text = "`points` is for items from 0 that are added up. Write `items`."
        yield Problem((*where, "prorate"), text)


def _bands(scale: Instrument, use: InstrumentUse, where: tuple[str, ...]) -> Iterator[Problem]:
    bands = sorted(use.bands.values())
    if not bands:
        return
    if any(low > high for low, high in bands) or any(
        not 0 < low - before <= 1 for (_, before), (low, _) in pairwise(bands)
    ):
        yield Problem((*where, "bands"), "one band must start where the one before it ends: [0, 6], [7, 19].")
    elif (bands[0][0], bands[-1][1]) != scale.total_range:
        yield Problem(
            (*where, "bands"), f"must go from {scale.total_range[0]} to {scale.total_range[1]}, as the total does."
        )


def _codes(study: Study) -> Iterator[Problem]:
    """Yields test codes that mean two things."""
    meant = Counter(code for scale in study.scales.values() for code in _all_codes(scale))
    for code, use in study.instruments.items():
        own = {one for item in use.items.values() for one in item.test_codes} | {*use.total_codes}
        if code not in catalogue():
            own |= {*_all_codes(study.scales[code])} if code in study.scales else set()
        if twice := sorted(one for one in own if meant[one] > 1):
            yield Problem(("instruments", code), f"the test code {', '.join(twice)} stands for two things.")


def _all_codes(scale: Instrument) -> list[str]:
    items = [code for item in scale.items for code in (scale.item_testcd(item.number), *item.test_codes)]
    return [*items, scale.total_testcd, *scale.total_codes]
