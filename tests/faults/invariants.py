"""What holds after every fault (FLT): one function for each invariant; each raises with what is broken."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.hashing import sha256_file, sha256_tree
from pipelines.cut import Cut, published_cut
from pipelines.land.store import delivered_path
from pipelines.ledger import check_ledger, events
from pipelines.manifest import differences, manifest_sha256
from pipelines.study import Study
from pipelines.verify import verify
from tests.faults.processes import Ended
from tests.faults.stand_ins import CANARIES

# The clock is in these, or a database file that is never the same twice.
_UNLIKE = ("cut.duckdb", "seal.json", "report/signatures.html")


class BrokenError(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """What a run that nothing disturbed gives."""

    cut_id: str
    cut: str
    store: dict[str, str]
    told: Counter[tuple[str, ...]]


def undisturbed(study: Study) -> Undisturbed:
    """Returns what a study's undisturbed run gave."""
    cut = published_cut(study.folder)
    assert cut is not None
    return Undisturbed(cut_id=cut.cut_id, cut=_bytes_of(cut), store=_store(study), told=_told(study))


def check_published_cut_is_whole(study: Study) -> None:
    """I1: the published cut is complete and every hash good."""
    current = published_cut(study.folder)
    if current is None:
        return
    if wrong := differences(current):
        raise BrokenError("I1: " + "; ".join(wrong))
    verify(study)


def tree(directory: Path) -> str:
    """Returns one hash over all of a folder."""
    return sha256_tree(directory, [path for path in directory.rglob("*") if path.is_file()])


def check_older_cuts_are_unchanged(before: dict[Path, str]) -> None:
    """I2: `before` has the hash of each older cut's folder."""
    for directory, sha256 in before.items():
        if not directory.is_dir() or tree(directory) != sha256:
            msg = f"I2: {directory.name[:12]} changed"
            raise BrokenError(msg)


def check_deliveries_are_kept(study: Study, delivered: Iterable[tuple[Path, str]]) -> None:
    """I3: every delivery is in the inbox or the store, and what a receipt speaks of is in the store."""
    for path, sha256 in delivered:
        kept = delivered_path(study.folder, sha256, path.name)
        in_store = kept is not None and sha256_file(kept) == sha256
        if kept is not None and not in_store:
            msg = f"I3: {path.name} is stored with other bytes"
            raise BrokenError(msg)
        if not in_store and not (path.exists() and sha256_file(path) == sha256):
            msg = f"I3: {path.name} is neither in the inbox nor in the store"
            raise BrokenError(msg)
        if not in_store and list((study.folder.deliveries / sha256).glob("[0-9a-f]*/receipt.json")):
            msg = f"I3: {path.name} has a receipt, and its bytes are not kept"
            raise BrokenError(msg)


def check_audit_trail_holds(study: Study) -> None:
    """I4: the chain of events verifies."""
    check_ledger(study.folder)


def check_rerun_gives_the_same(study: Study, expected: Undisturbed, *, told: bool = True) -> None:
    """I5: after a plain re-run, nothing cleaned by hand: the undisturbed cut id and bytes.

    Without `told` the audit trail may tell of more: something else was done, too, and rightly.
    """
    cut = published_cut(study.folder)
    if cut is None or cut.cut_id != expected.cut_id:
        msg = f"I5: the re-run published {cut and cut.short_id}, not {expected.cut_id[:12]}"
        raise BrokenError(msg)
    if manifest_sha256(cut) and _bytes_of(cut) != expected.cut:
        msg = "I5: the re-run gave other bytes in the cut"
        raise BrokenError(msg)
    if (store := _store(study)) != expected.store:
        names = sorted(
            name for name in store.keys() | expected.store.keys() if store.get(name) != expected.store.get(name)
        )
        msg = f"I5: the re-run gave another store: {', '.join(names)}"
        raise BrokenError(msg)
    if told and (said := _told(study)) != expected.told:
        differing = {event[:2] for event in (said - expected.told) + (expected.told - said)}
        msg = f"I5: the audit trail tells something else, or more than once: {sorted(differing)}"
        raise BrokenError(msg)


def check_is_one_of(study: Study, *expected: Undisturbed) -> None:
    """I5 where more than one outcome is right: the published cut is one of these, id and bytes."""
    cut = published_cut(study.folder)
    if cut is None or (cut.cut_id, _bytes_of(cut)) not in {(one.cut_id, one.cut) for one in expected}:
        msg = f"I5: the published cut {cut and cut.short_id} is none of those that an undisturbed run gives"
        raise BrokenError(msg)


def check_nothing_got_out(study: Study, *rooms: Path) -> None:
    """I6: no identifier, arm or key outside the vault and the inbox, nor in the rooms for temporary files and logs."""
    root = study.folder.root
    key = [study.folder.pseudonym_key.read_bytes()] if study.folder.pseudonym_key.exists() else []
    words = [canary.encode() for canary in CANARIES] + key
    places = [entry for entry in root.iterdir() if entry.name not in {"vault", "inbox"}]
    for place in (*places, *rooms):
        for path in (place, *place.rglob("*")) if place.is_dir() else (place,):
            if path.is_file() and any(word in path.read_bytes() for word in words):
                msg = f"I6: an identifier, arm or key is in {path.relative_to(root.parent)}"
                raise BrokenError(msg)
    if study.folder.vault.exists() and study.folder.vault.stat().st_mode & 0o077:
        msg = "I6: the vault is open to others"
        raise BrokenError(msg)


def check_nothing_is_left(study: Study, *rooms: Path, but: Path | None = None) -> None:
    """I6, after the re-run: no temporary name is left anywhere, nor in `but`, where something else may be."""
    written = [path for path in study.folder.root.rglob("*") if "inbox" not in path.parts]
    written += [] if but is None else but.iterdir()
    left = [path for path in written if path.name.startswith(".") and path.name not in {".lock", ".runs"}]
    left += [path for room in rooms for path in room.rglob("*")]
    if left:
        msg = f"I6: left behind: {', '.join(path.name for path in left[:5])}"
        raise BrokenError(msg)


def check_it_was_loud(ended: Ended, expected: int) -> None:
    """I7: the exit code says what happened, and where the process could still speak, so does a line."""
    if ended.code != expected:
        msg = f"I7: exit code {ended.code}, expected {expected}: {ended.said[-800:]}"
        raise BrokenError(msg)
    if expected > 0 and expected < 128 and not ended.said.strip():
        msg = "I7: nothing was said"
        raise BrokenError(msg)
    if "Traceback" in ended.said:
        msg = f"I7: a traceback: {ended.said[-800:]}"
        raise BrokenError(msg)


def _bytes_of(cut: Cut) -> str:
    files = [path for path in cut.directory.rglob("*") if path.is_file()]
    return sha256_tree(
        cut.directory,
        [
            path
            for path in files
            if (name := path.relative_to(cut.directory).as_posix()) not in _UNLIKE
            and not name.startswith("signatures/")
        ],
    )


def _told(study: Study) -> Counter[tuple[str, ...]]:
    """Returns what the audit trail tells, without when; that something failed is told as often as it did."""
    said = [recorded.event for recorded in events(study.folder)]
    # A seal holds the time of publishing, and so has another hash each time.
    done = [one for one in said if one and one.action != "failure"]
    return Counter((one.action, one.object, one.field, one.new.partition(" seal ")[0]) for one in done)


def _store(study: Study) -> dict[str, str]:
    store = study.folder.root / "store"
    found = {}
    for path in sorted(store.rglob("*")):
        if path.is_file():
            arrival = path.parent == study.folder.arrivals
            content = json.loads(path.read_bytes()) if arrival else {}
            known = {name: value for name, value in content.items() if name != "received_at"}
            found[path.relative_to(store).as_posix()] = str(known) if arrival else sha256_file(path)
    return found
