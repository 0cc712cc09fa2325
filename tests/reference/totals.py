"""The total of a scale from its items, in plain Python, from docs/study-file.md (Instruments)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from pipelines.study.catalogue import catalogue
from pipelines.study.instruments import InstrumentUse
from tests.reference.records import Score


def total(score: Score, use: InstrumentUse) -> Fraction | None:
    """Returns the total that is analysed: of the items or as collected, whichever the study prefers and is there.

    A total that cannot be had is missing and never zero.
    """
    summed = of_items(score.items, score.instrument, use)
    collected = None if score.total is None else Fraction(score.total)
    first, second = (summed, collected) if use.analysed_total == "items" else (collected, summed)
    return second if first is None else first


def is_prorated(score: Score, use: InstrumentUse) -> bool:
    """Returns whether the total that is analysed stands for missing items too."""
    if None not in score.items or of_items(score.items, score.instrument, use) is None:
        return False
    return use.analysed_total == "items" or score.total is None


def of_items(items: Sequence[int | None], instrument: str, use: InstrumentUse) -> Fraction | None:
    """Returns the sum of the items, prorated where the study allows as many to be missing; else None."""
    answered = [item for item in items if item is not None]
    ranges = list(catalogue()[instrument].item_ranges.values())
    if not answered or len(ranges) - len(answered) > (use.missing_items_allowed or 0):
        return None
    if len(answered) == len(ranges):
        return Fraction(sum(answered))
    share = Fraction(1)
    if use.prorate == "items":
        share = Fraction(len(ranges), len(answered))
    elif use.prorate == "points":
        most = [Fraction(str(highest)) for _, highest in ranges]
        there = [one for one, item in zip(most, items, strict=True) if item is not None]
        share = sum(most, Fraction(0)) / sum(there, Fraction(0))
    return _rounded(sum(answered) * share, use.prorated_decimals)


def _rounded(value: Fraction, decimals: int | None) -> Fraction:
    """Returns the value rounded half up, where the study file says to how many decimals."""
    if decimals is None:
        return value
    return Fraction(math.floor(value * 10**decimals + Fraction(1, 2)), 10**decimals)
