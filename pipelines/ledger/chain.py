"""Proving the chain: each link hashes to what it says and follows the one before; heads known elsewhere are in it.

What is found: edit, insertion, deletion, reordering, duplication, fork; and, by the head that each published cut's seal
carries, a tail that was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipelines.ledger.event import GENESIS, Recorded, commitment, link_sha256


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the chain stood: the number and the hash of its last event; 0 and zeros before the first."""

    seq: int
    sha256: str


def broken_links(trail: Sequence[Recorded], heads: Iterable[tuple[str, Head]] = ()) -> list[str]:
    """Returns a line for each break of the chain; empty when it holds.

    Args:
        trail: the links in the order in which they are stored.
        heads: heads that were written down elsewhere, each with where; every one has to be in the chain.
    """
    found: list[str] = []
    erased = {event.object for each in trail if (event := _event(each)) and event.action == "erase"}
    previous, expected = GENESIS, 1
    for each in trail:
        if each.seq != expected:
            found.append(f"event {each.seq}: stands where event {expected} should")
        if each.previous != previous:
            found.append(f"event {each.seq}: does not follow the event before it")
        if link_sha256(each.link) != each.sha256:
            found.append(f"event {each.seq}: its hash is not that of what it says")
        found += _content(each, erased)
        previous, expected = each.sha256, each.seq + 1
    stood = {0: GENESIS} | {each.seq: each.sha256 for each in trail}
    found += [
        f"event {known.seq}: is not the one that {where} names"
        if known.seq in stood
        else f"event {known.seq}: is gone; {where} names it"
        for where, known in heads
        if stood.get(known.seq) != known.sha256
    ]
    return found


def times_back(trail: Sequence[Recorded]) -> list[str]:
    """Returns a line for each event that is dated before the one it follows: a clock was put back, or was ahead before.

    The order of events is that of their numbers, whatever their times are; so this breaks nothing, and is worth a look.
    """
    return [
        f"event {later.seq}: is dated {later.at}, before event {earlier.seq} ({earlier.at}), which it follows: "
        "this machine's clock was put back, or had been ahead"
        for earlier, later in pairwise(trail)
        if later.at < earlier.at
    ]


def _content(each: Recorded, erased: set[str]) -> list[str]:
    if each.content is None or each.key is None:
        return (
            [] if f"event {each.seq}" in erased else [f"event {each.seq}: its content is gone, and no event erased it"]
        )
    try:
        holds = commitment(each.key, each.content) == each.commitment
    except ValueError:
        holds = False
    event = _event(each) if holds else None
    if event is None or event.action != each.action:
        return [f"event {each.seq}: its content is not what was committed to"]
    return []


def _event(each: Recorded) -> Any:
    try:
        return each.event
    except (ValueError, TypeError):
        return None
