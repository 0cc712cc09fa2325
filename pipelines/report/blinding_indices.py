"""Indices of blinding: Bang's of one arm, James' of the whole trial, each with a 95 % Wald interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from pipelines.report.estimates import CONFIDENCE

_HALF = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def bang_index(right: int, wrong: int, total: int) -> tuple[float, float, float] | None:
    """Returns Bang's blinding index of one arm with its Wald interval; None without a guess.

    -1: all guess the other arm, 0: as by chance, 1: all guess their own. Who does not know counts in `total` only.
    Source: Bang, Ni, Davis, Control Clin Trials 2004; 25:143-156.
    """
    if not total:
        return None
    p_right, p_wrong = right / total, wrong / total
    index = p_right - p_wrong
    variance = (p_right * (1 - p_right) + p_wrong * (1 - p_wrong) + 2 * p_right * p_wrong) / total
    half = _HALF * math.sqrt(variance)
    return index, max(index - half, -1.0), min(index + half, 1.0)


def james_index(guesses: Sequence[Sequence[int]], unknown: Sequence[int]) -> tuple[float, float, float] | None:
    """Returns James' blinding index of all arms together with its Wald interval; None where it is not defined.

    `guesses` has a row for each arm, with the number that guesses each arm in the same order; `unknown` is how many of
    each arm do not know. 0: all guess their own arm, 0.5: as by chance, 1: nobody knows. Weights as published: 0 for a
    right guess, 0.5 for a wrong one, 1 for not knowing; (1 + P(unknown) + P(known) * K) / 2, where K is how far the
    weighted disagreement lies from that of chance among those who guess. The variance is that of the multinomial by the
    delta method. Source: James, Bloch, Lee, Kraemer, Fuller, Stat Med 1996; 15:1421-1434.
    """
    total = sum(map(sum, guesses)) + sum(unknown)
    arms = range(len(guesses))
    if not total:
        return None
    shares = [[number / total for number in row] for row in guesses]
    of_arm = [sum(row) for row in shares]
    of_guess = [sum(row[arm] for row in shares) for arm in arms]
    known = sum(of_arm)
    wrong = sum(shares[one][other] for one in arms for other in arms if one != other)
    by_chance = sum(of_guess[one] * of_arm[other] for one in arms for other in arms if one != other)
    if not known:
        return 1.0, 1.0, 1.0
    if not by_chance:
        # All were given one arm and guess that one: there is no chance to compare with.
        return None
    index = 1 - known + wrong * known**2 / (2 * by_chance)
    first = second = 0.0
    for one in arms:
        for other in arms:
            # What the index changes by, for one more of this arm who guesses that one.
            of_chance = 2 * known - of_arm[other] - of_guess[one]
            of_wrong = ((one != other) * known**2 + 2 * wrong * known) / (2 * by_chance)
            slope = of_wrong - 1 - wrong * known**2 * of_chance / (2 * by_chance**2)
            first += shares[one][other] * slope
            second += shares[one][other] * slope**2
    half = _HALF * math.sqrt(max(second - first**2, 0.0) / total)
    return index, max(index - half, 0.0), min(index + half, 1.0)
