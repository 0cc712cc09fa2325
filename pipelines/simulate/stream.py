"""Random whole numbers that are the same on every machine and with every numpy.

Only the raw 64-bit output of PCG64 is used, which numpy promises to keep; its distributions (`normal`, `integers`) may
change between releases. A normal deviate is the sum of uniform whole numbers: no floating-point library decides a byte.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from numpy.random import PCG64, SeedSequence

T = TypeVar("T")

_BLOCK = 64
# Twelve uniform numbers on 0..65535, four from each 64-bit word: their sum has a standard deviation of 65536.
_SD = 1 << 16
_MEAN = 12 * (_SD - 1) // 2
_LOW = 0x0000FFFF0000FFFF


class Stream:
    """A stream of its own for each name, so that one part's draws never move another's."""

    def __init__(self, seed: int, *name: str | int) -> None:
        words = [zlib.crc32(str(part).encode()) for part in name]
        self._bits = PCG64(SeedSequence([seed, *words]))
        self._raw: list[int] = []

    def below(self, limit: int) -> int:
        """Returns a number from 0 to `limit` - 1."""
        # The top bits are the best; the bias of this product is below 2**-32.
        return ((self._word() >> 32) * limit) >> 32

    def between(self, low: int, high: int) -> int:
        """Returns a number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, permille: int) -> bool:
        """Returns True in `permille` of 1000 draws."""
        return self.below(1000) < permille

    def choice(self, options: Sequence[T]) -> T:
        """Returns one of `options`."""
        return options[self.below(len(options))]

    def normal(self, mean: int, sd: int) -> int:
        """Returns a bell-shaped number (sum of uniforms, within 6 SD), rounded to the nearest whole."""
        # `pair` holds two sums of two numbers side by side.
        total = 0
        for word in (self._word(), self._word(), self._word()):
            pair = (word & _LOW) + ((word >> 16) & _LOW)
            total += (pair >> 32) + (pair & 0xFFFFFFFF)
        return mean + rounded((total - _MEAN) * sd, _SD)

    def _word(self) -> int:
        if not self._raw:
            self._raw = self._bits.random_raw(_BLOCK).tolist()
        return self._raw.pop()

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Returns `options` in random order."""
        keyed = [(self.below(1 << 30), index) for index in range(len(options))]
        return [options[index] for _, index in sorted(keyed)]


def rounded(numerator: int, denominator: int) -> int:
    """Returns the quotient of two whole numbers to the nearest whole, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def quantiles(keys: Sequence[int]) -> list[int]:
    """Returns each key's mid-rank in permille (0 < q < 1000); equal keys by position."""
    order = sorted(range(len(keys)), key=lambda index: (keys[index], index))
    result = [0] * len(keys)
    for rank, index in enumerate(order):
        result[index] = (2 * rank + 1) * 1000 // (2 * len(keys))
    return result


def interpolated(knots: Sequence[tuple[int, int]], at: int) -> int:
    """Returns the piecewise linear function through `knots` (sorted by x) at `at`, rounded to a whole number."""
    for (x0, y0), (x1, y1) in pairwise(knots):
        if at <= x1:
            return y0 + rounded((y1 - y0) * (at - x0), x1 - x0)
    return knots[-1][1]
