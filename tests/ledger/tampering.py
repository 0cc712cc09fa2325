"""Random tamperings of a ledger, each of which has to be found: `make tamper-ledger`.

Each starts from the same ledger and changes it as somebody with the file could: a value of a link or of a content, a
link or a content removed, copied under another number, exchanged with another, moved to the end, or the tail cut off,
with and without new hashes for what follows.
"""

from __future__ import annotations

import dataclasses
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.ledger import Event, Head, Recorded, broken_links, erase, events, head, record
from pipelines.ledger.event import link_sha256
from pipelines.study import StudyFolder
from tests.soaks import write_figure

Trail = list[Recorded]
EVENTS = 40


def made(root: Path) -> tuple[Trail, list[tuple[str, Head]]]:
    """Returns a trail of EVENTS events, one of them erased, and the heads that seals would carry."""
    folder = StudyFolder(root / "trial")
    folder.root.mkdir()
    heads = []
    for number in range(EVENTS - 1):
        happened = Event(action="land", object=f"S{number % 3}/a.csv", new=f"{number:064x}", reason=f"reason {number}")
        record(folder, happened)
        if number % 13 == 12:
            heads.append((f"seal {number}", head(folder)))
    erase(folder, 5, reason="it named a person")
    heads.append(("the last seal", head(folder)))
    return events(folder), heads


def _changed_text(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text)) if text else 0
    new = chance.choice([letter for letter in "0123456789abcdefXYZ" if text[place : place + 1] != letter])
    return text[:place] + new + text[place + 1 :]


def _with_changed(link: Recorded, name: str, chance: random.Random) -> Recorded:
    new: dict[str, Any] = {name: _changed_text(getattr(link, name), chance)}
    return dataclasses.replace(link, **new)


def edit_link(trail: Trail, chance: random.Random) -> Trail:
    """A character of a link is another one."""
    place = chance.randrange(len(trail))
    name = chance.choice(["at", "user", "software", "action", "commitment", "previous", "sha256"])
    trail[place] = _with_changed(trail[place], name, chance)
    return trail


def edit_link_and_hash(trail: Trail, chance: random.Random) -> Trail:
    """The same, with the link's own hash put right."""
    place = chance.randrange(len(trail))
    name = chance.choice(["at", "user", "software"])
    changed = _with_changed(trail[place], name, chance)
    trail[place] = dataclasses.replace(changed, sha256=link_sha256(changed.link))
    return trail


def rewrite_from(trail: Trail, chance: random.Random) -> Trail:
    """The same, with all links after it chained anew: only a head kept elsewhere tells."""
    place = chance.randrange(len(trail))
    trail[place] = dataclasses.replace(trail[place], user=_changed_text(trail[place].user, chance))
    for later in range(place, len(trail)):
        previous = trail[later - 1].sha256 if later else trail[later].previous
        chained = dataclasses.replace(trail[later], previous=previous)
        trail[later] = dataclasses.replace(chained, sha256=link_sha256(chained.link))
    return trail


def edit_content(trail: Trail, chance: random.Random) -> Trail:
    """What an event says is another thing, or the key to it is."""
    place = chance.choice([number for number, each in enumerate(trail) if each.content and each.key])
    name = chance.choice(["content", "key"])
    trail[place] = _with_changed(trail[place], name, chance)
    return trail


def lose_content(trail: Trail, chance: random.Random) -> Trail:
    """What an event says is gone, and no event erased it."""
    place = chance.choice([number for number, each in enumerate(trail) if each.content])
    trail[place] = dataclasses.replace(trail[place], content=None, key=None)
    return trail


def exchange_contents(trail: Trail, chance: random.Random) -> Trail:
    """Two events say what the other said."""
    one, other = chance.sample([number for number, each in enumerate(trail) if each.content], 2)
    first, second = trail[one], trail[other]
    trail[one] = dataclasses.replace(first, content=second.content, key=second.key)
    trail[other] = dataclasses.replace(second, content=first.content, key=first.key)
    return trail


def delete(trail: Trail, chance: random.Random) -> Trail:
    """An event is gone."""
    del trail[chance.randrange(len(trail))]
    return trail


def delete_and_renumber(trail: Trail, chance: random.Random) -> Trail:
    """An event is gone, and the numbers after it are put right."""
    place = chance.randrange(len(trail))
    del trail[place]
    return [dataclasses.replace(each, seq=number) for number, each in enumerate(trail, start=1)]


def duplicate(trail: Trail, chance: random.Random) -> Trail:
    """An event stands twice."""
    trail.insert(chance.randrange(len(trail) + 1), chance.choice(trail))
    return trail


def fork(trail: Trail, chance: random.Random) -> Trail:
    """A second event follows one that has a follower."""
    place = chance.randrange(len(trail) - 1)
    other = dataclasses.replace(trail[place + 1], user="somebody else")
    trail.insert(place + 1, dataclasses.replace(other, sha256=link_sha256(other.link)))
    return trail


def reorder(trail: Trail, chance: random.Random) -> Trail:
    """Two events stand in each other's place."""
    one, other = chance.sample(range(len(trail)), 2)
    trail[one], trail[other] = trail[other], trail[one]
    return trail


def cut_tail(trail: Trail, chance: random.Random) -> Trail:
    """The last events are gone."""
    return trail[: -chance.randrange(1, len(trail) + 1)]


KINDS: tuple[Callable[[Trail, random.Random], Trail], ...] = (
    edit_link,
    edit_link_and_hash,
    rewrite_from,
    edit_content,
    lose_content,
    exchange_contents,
    delete,
    delete_and_renumber,
    duplicate,
    fork,
    reorder,
    cut_tail,
)


def tampered(count: int, seed: int, root: Path) -> tuple[Counter[str], list[str]]:
    """Returns how many tamperings of each kind were found, and those that were not."""
    trail, heads = made(root)
    assert broken_links(trail, heads) == []
    found: Counter[str] = Counter()
    missed: list[str] = []
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")  # noqa: S311 - which change is tried, no secret
        kind = KINDS[number % len(KINDS)]
        changed = kind(list(trail), chance)
        assert changed != trail, f"{kind.__name__} changed nothing"
        if broken_links(changed, heads):
            found[kind.__name__] += 1
        else:
            missed.append(f"{kind.__name__}, number {number} of seed {seed}")
    return found, missed


def main() -> int:
    """Prints the figure; 1 where a tampering was not found."""
    count, seed = int(os.environ.get("TAMPERINGS", "10000")), int(os.environ.get("TAMPERING_SEED", "1"))
    with TemporaryDirectory() as folder:
        found, missed = tampered(count, seed, Path(folder))
    for kind in KINDS:
        sys.stdout.write(f"{kind.__name__:<20} {found[kind.__name__]:>7}\n")
    sys.stdout.write(f"{found.total()} of {count} tamperings found, of {len(KINDS)} kinds (seed {seed})\n")
    sys.stdout.write("".join(f"not found: {one}\n" for one in missed))
    write_figure("tamper-ledger", count=count, failed=len(missed), seed=seed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
