"""Step 7, verify: hash everything again that was ever published, and the deliveries that it was made from.

The audit trail, the register of signers and every signature are proved, too: with the study's folder alone.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.hashing import canonical_json, sha256_file
from pipelines.cut import Cut, check_unblinded, published_cut
from pipelines.cut import cuts as all_cuts
from pipelines.gate import read_verdict
from pipelines.gate.waivers import waived_checks
from pipelines.land.store import damaged_files, delivered_path, landing_directory
from pipelines.land.veiled import holds_bytes
from pipelines.ledger import Head, Recorded, broken_links, events, times_back
from pipelines.manifest import SIGNATURES_PAGE, differences, inputs_match
from pipelines.publish import BEGUN
from pipelines.restored import left_out
from pipelines.sign import signatures
from pipelines.signed import wrong_signatures
from pipelines.study import Study, StudyFolder


@dataclass(frozen=True, kw_only=True)
class VerifyReceipt:
    """What was hashed again and found as recorded."""

    cuts: tuple[str, ...]
    files: int
    deliveries: int
    events: int
    signatures: int
    # Deliveries whose bytes are in the vault, in a study that was restored without it.
    left_out: int = 0
    # What breaks nothing and is worth a look: where the times of the audit trail go back.
    notices: tuple[str, ...] = ()


def verify(study: Study, cut_id: str | None = None, *, heads: Sequence[tuple[str, Head]] = ()) -> VerifyReceipt:
    """Verifies one cut, or the pointer and every cut that was published.

    Args:
        study: the study.
        cut_id: the cut; by default the pointer and all that were published.
        heads: heads of the audit trail that were written down elsewhere, each with where.

    Raises:
        IntegrityError: the message names each file that is changed, gone or too many.
    """
    folder = study.folder
    named = {folder.pointer: published_cut(folder), folder.unblinded_pointer: published_cut(folder, unblinded=True)}
    current = {cut: pointer for pointer, cut in named.items() if cut}
    if cut_id is not None:
        cuts = [Cut(folder, cut_id)]
    else:
        published = {path.parent.name for path in folder.cuts.glob("*/seal.json")}
        published |= {cut.cut_id for cut in all_cuts(folder) if _was_published(cut)}
        cuts = [Cut(folder, name) for name in sorted(published | {cut.cut_id for cut in current})]
    if not cuts:
        msg = f"{study.name}: nothing was published, so there is nothing to verify. Run `afterglow run {study.name}`."
        raise IntegrityError(msg)
    if unpublished := [cut for cut in cuts if not cut.seal.exists() and cut not in current and not _was_published(cut)]:
        msg = (
            f"{study.name}: cut {unpublished[0].short_id} was not published, so there is nothing to verify it against."
        )
        raise IntegrityError(msg)
    wrong = [line for cut in cuts for line in _wrong(study, cut, pointer=current.get(cut))]
    wrong += [line for cut in cuts if not wrong for line in _wrong_unblinding(study, cut)]
    deliveries = {entry["delivery_id"]: entry for cut in cuts if not wrong for entry in cut.inputs["deliveries"]}
    absent = left_out(folder)
    wrong += [line for entry in deliveries.values() for line in _wrong_delivery(folder, entry, absent)]
    trail = events(folder)
    sealed = _sealed_heads(cuts)
    wrong += [f"{folder.ledger}: {line}" for line in broken_links(trail, [*sealed, *heads])]
    # Whoever puts every hash right again is told by the seal that the trail knows, and by what was signed.
    unproved = [] if wrong else wrong_signatures(study, cuts, trail)
    wrong += _wrong_seals(folder, cuts, trail)
    # A cut of before there was a trail has no head in its seal.
    if sealed and not wrong:
        wrong += [line for cut in cuts if cut in current for line in _untold(folder, trail, current[cut])]
    wrong += unproved
    if wrong:
        raise IntegrityError("\n".join([f"{study.name}: {len(wrong)} difference(s) found.", *wrong]))
    files = sum(1 for cut in cuts for path in cut.directory.rglob("*") if path.is_file())
    return VerifyReceipt(
        cuts=tuple(cut.cut_id for cut in cuts),
        files=files,
        deliveries=len(deliveries),
        events=len(trail),
        signatures=sum(len(signatures(cut)) for cut in cuts),
        left_out=len(deliveries.keys() & absent),
        notices=tuple(times_back(trail)),
    )


def _sealed_heads(cuts: list[Cut]) -> list[tuple[str, Head]]:
    """Returns the audit trail's head as each seal has it; a seal that cannot be read is told of as a file."""
    heads = []
    for cut in cuts:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(cut.seal.read_bytes())["ledger"]
            heads.append((str(cut.seal), Head(seq=int(known["seq"]), sha256=str(known["sha256"]))))
    return heads


def _wrong_seals(folder: StudyFolder, cuts: list[Cut], trail: list[Recorded]) -> list[str]:
    """Names a seal whose bytes are not those that were published, and a pointer that is gone: the trail knows both."""
    told = [event for each in trail if each.action == "publish" and (event := each.event)]
    ended = {event.object for event in told if event.field != BEGUN}
    gone = [folder.root / name for name in sorted(ended) if not (folder.root / name).exists()]
    sealed = {event.new.split()[1]: event.new.split()[-1] for event in told if " seal " in event.new}
    there = [cut for cut in cuts if cut.cut_id in sealed and cut.seal.exists()]
    changed = [cut.seal for cut in there if sealed[cut.cut_id] != sha256_file(cut.seal)]
    return [f"{path}: is gone" for path in gone] + [
        f"{path}: its bytes are not those that were published" for path in changed
    ]


def _untold(folder: StudyFolder, trail: list[Recorded], named_in: Path) -> list[str]:
    """Says where the pointer names another cut than was published last: no seal knows of the last publication.

    Of one that was begun and did not end, the pointer may name its cut or the one before.
    """
    pointer = json.loads(named_in.read_bytes())
    if not any(each.action == "publish" for each in trail):
        return [f"{folder.ledger}: tells of no publication"]
    # Of an event whose content was erased nobody knows any more which pointer it moved.
    told = [event for each in trail if each.action == "publish" and (event := each.event)]
    moved = [event for event in told if event.object == f"published/{named_in.name}"]
    ended = [event.new for event in moved if event.field != BEGUN][-1:]
    last = [moved[-1].new.partition(" seal ")[0], *ended] if moved and moved[-1].field == BEGUN else ended
    if last and f"cut {pointer['cut_id']} {pointer['manifest_sha256']}" not in last:
        return [f"{named_in} or {folder.ledger}: names another cut than was published last"]
    return []


def _was_published(cut: Cut) -> bool:
    """Whether the cut's files were closed as publishing does, so that a seal that is gone is noticed."""
    page = cut.directory / SIGNATURES_PAGE
    return page.is_file() and not page.stat().st_mode & 0o222


def _wrong(study: Study, cut: Cut, pointer: Path | None) -> list[str]:
    if gone := [path for path in (cut.directory, cut.manifest, cut.seal) if not path.exists()]:
        # A pointer to a cut that never was is more likely changed than the whole cut is lost: both are named.
        named = [f"{pointer}: names a cut that is not whole"] if pointer else []
        return named + [f"{path}: is gone" for path in gone]
    # From the outside in: what names a file's hash is checked before the file is.
    if pointer and (wrong := _wrong_pointer(cut, pointer)):
        return wrong
    bound = sha256_file(cut.manifest)
    if _sealed_manifest(cut) != bound:
        return [f"{cut.manifest} or {cut.seal}: its bytes are not those that were sealed"]
    wrong = differences(cut)
    if not inputs_match(cut):
        wrong.append(f"{cut.inputs_file}: does not have the hash that names the cut")
    if not wrong and (unwaived := _published_though_blocked(study, cut)):
        return unwaived
    return wrong


def _published_though_blocked(study: Study, cut: Cut) -> list[str]:
    verdict = read_verdict(cut)
    if not verdict.blocked_by:
        return []
    published_on = str(json.loads(cut.seal.read_bytes())["published_at"])[:10]
    try:
        waived = waived_checks(study, cut, verdict.blocked_by, on=published_on)
    except (NotAllowedError, IntegrityError) as error:
        return [str(error)]
    return [
        f"{cut.directory}: was published though {check} blocks it, and no waiver covers that"
        for check in verdict.blocked_by
        if check not in waived
    ]


def _wrong_unblinding(study: Study, cut: Cut) -> list[str]:
    """Says what is wrong with the signatures that opened the arms of an unblinded cut."""
    try:
        check_unblinded(study, cut)
    except (NotAllowedError, IntegrityError) as error:
        return [str(error)]
    return []


def _wrong_pointer(cut: Cut, pointer: Path) -> list[str]:
    """Says which of pointer, seal and manifest was changed, as far as the other two can tell."""
    recorded = json.loads(pointer.read_bytes())
    bound = sha256_file(cut.manifest)
    if recorded.get("seal_sha256") != sha256_file(cut.seal):
        return [f"{cut.seal} or {pointer}: its bytes are not those that were published"]
    if _sealed_manifest(cut) != bound:
        return [f"{cut.manifest}: its bytes are not those that were published"]
    if recorded.get("manifest_sha256") != bound or pointer.read_bytes() != canonical_json(recorded):
        return [f"{pointer}: its bytes are not those that were written"]
    return []


def _sealed_manifest(cut: Cut) -> str | None:
    try:
        return str(json.loads(cut.seal.read_bytes())["manifest_sha256"])
    except (ValueError, KeyError, TypeError):
        return None


def _wrong_delivery(folder: StudyFolder, entry: dict[str, str], absent: set[str]) -> list[str]:
    path = delivered_path(folder, entry["delivery_id"], entry["file"])
    if path is None and entry["delivery_id"] not in absent:
        gone = folder.deliveries / entry["delivery_id"] / "delivered" / entry["file"]
        return [f"{gone}: the delivered bytes are gone"]
    # The same bytes may have come under several names.
    kept = sorted(path.parent.iterdir()) if path is not None else []
    other = [each for each in kept if not holds_bytes(folder, entry["delivery_id"], each)]
    wrong = [f"{each}: its bytes are not those that were delivered" for each in other]
    landing = landing_directory(folder, entry["delivery_id"], entry["landing_key"])
    hashes = landing / "hashes.json"
    return wrong + [
        f"{damaged} (by {hashes}): its bytes are not those that were landed" for damaged in damaged_files(landing)
    ]
