"""From a total to its items: correlated, each within its range, adding up to the total exactly."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.simulate.stream import Stream, rounded

# How high each item runs in depressed samples, relative to the others.
MADRS_PROFILE = (115, 120, 100, 95, 70, 100, 115, 115, 95, 60)
PHQ9_PROFILE = (115, 115, 110, 125, 85, 105, 100, 70, 50)


def tilt(draws: Stream, profile: Sequence[int]) -> list[int]:
    """Returns a subject's own weights, which stay with it over all visits and so correlate its items."""
    return [max(weight + draws.normal(0, 22), 10) for weight in profile]


def items(draws: Stream, total: int, weights: Sequence[int], highest: int) -> list[int]:
    """Returns whole item scores from 0 to `highest` that add up to `total`."""
    total = min(max(total, 0), highest * len(weights))
    noisy = [max(weight + draws.normal(0, 14), 5) for weight in weights]
    scores = [min(total * weight // sum(noisy), highest) for weight in noisy]
    # What rounding down left over goes to the items that are furthest below their share.
    while (left := total - sum(scores)) > 0:
        room = [index for index, score in enumerate(scores) if score < highest]
        room.sort(key=lambda index: (scores[index] * 1000 // noisy[index], index))
        for index in room[:left]:
            scores[index] += 1
    return scores


def phq9_total(draws: Stream, madrs: int) -> int:
    """Returns a PHQ-9 total (0-27) that goes with a MADRS total."""
    return min(max(rounded(madrs * 56, 100) + draws.normal(0, 150) // 100, 0), 27)
