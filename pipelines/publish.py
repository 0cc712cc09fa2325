"""Step 6, publish: move the pointer to a cut that passed its gates and carries its signatures.

Order   verdict → manifest against the files → signatures → seal → everything durable → pointer, atomically
Rule    a reader sees the old cut or the new one; a cut that was published is never written again
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.core.clock import utc_now
from pipelines.core.errors import IntegrityError
from pipelines.core.fail_points import reached
from pipelines.core.fence import overtake
from pipelines.core.files import fsync_directory, fsync_file, held_still, write_atomically
from pipelines.core.hashing import canonical_json, sha256_file, sha256_json
from pipelines.cut import (
    Cut,
    check_config,
    check_held,
    check_unblinded,
    cuts,
    published_cut,
    unblinding_directory,
)
from pipelines.gate import check_gate
from pipelines.gate.waivers import waivers
from pipelines.history import history
from pipelines.ledger import Event, audited, head, record
from pipelines.manifest import SIGNATURES_PAGE, differences, inputs_match, manifest_sha256, sealed_document
from pipelines.sign import check_signed, signatures
from pipelines.study import Study

# What the audit trail calls a publication that may not have come to its end.
BEGUN = "begun"


@dataclass(frozen=True, kw_only=True)
class PublishReceipt:
    """What publishing did; `reused` when the pointer stood there already."""

    cut_id: str
    manifest_sha256: str
    report: Path
    reused: bool


@audited
def publish(study: Study, cut_id: str, *, run: int | None = None) -> PublishReceipt:
    """Publishes a cut.

    `run` is the number of the run that made it (`pipelines.core.fence`); where a person names the cut, there is none.

    Raises:
        GateFailedError: a critical check failed or could not run; the published cut stays as it is.
        NotAllowedError: a signature that the study file asks for is missing, a delivery would unblind the study, a
            newer run has published, or the cut shows arms and two signers have not opened them.
        IntegrityError: the candidate's files are not those that were made.
        BusyError: another process works on the study.
    """
    cut = Cut(study.folder, cut_id)
    check_config(study)
    check_held(study)
    with study.folder.lock():
        check_unblinded(study, cut)
        check_gate(study, cut)
        with held_still(cut.directory):
            bound = manifest_sha256(cut)
            check_signed(study, cut)
            reached("publish.allowed")
            if not cut.seal.exists():
                _seal(study, cut)
            _check_whole(study, cut)
            reused = _move_pointer(study, cut, bound, run)
    return PublishReceipt(cut_id=cut_id, manifest_sha256=bound, report=cut.report / "index.html", reused=reused)


def _check_whole(study: Study, cut: Cut) -> None:
    wrong = differences(cut)
    if not inputs_match(cut):
        wrong = [*wrong, f"{cut.inputs_file}: does not have the hash that names the cut", str(cut.inputs_file)]
    if wrong:
        raise IntegrityError("\n".join([f"{study.name}: cut {cut.short_id} is not published.", *wrong]))


def _move_pointer(study: Study, cut: Cut, bound: str, run: int | None) -> bool:
    """Points at the cut, unless the pointer does so already; returns whether it did."""
    pointer = {"cut_id": cut.cut_id, "manifest_sha256": bound, "seal_sha256": sha256_file(cut.seal)}
    content = canonical_json(pointer)
    reused = cut.pointer.exists() and cut.pointer.read_bytes() == content
    named, told = f"published/{cut.pointer.name}", f"cut {cut.cut_id} {bound}"
    if not reused:
        _make_durable(cut)
        reached("publish.durable")
        # Before the pointer: a crash between the two keeps older runs out, and lets this one in again.
        overtake(study.folder.runs, run)
        reached("publish.fenced")
        # Said before it is done, and again when it is: a crash between the two is told from a pointer moved back.
        sealed = f"{told} seal {pointer['seal_sha256']}"
        begun = Event(action="publish", object=named, field=BEGUN, new=sealed)
        record(study.folder, begun, *_queries_changed(study, cut))
        write_atomically(cut.pointer, content, change="publish.pointer")
    record(study.folder, Event(action="publish", object=named, new=told))
    return reused


def _queries_changed(study: Study, cut: Cut) -> list[Event]:
    """Returns what becomes of queries with this publication: how many, and a hash of their ids, which the cut holds."""
    before = published_cut(study.folder, unblinded=cut.is_unblinded)
    asked, known = _query_ids(cut), _query_ids(before) if before else set()
    # Closed by a published cut, and asked again by this one.
    others = [one for one in cuts(study.folder) if one.seal.exists() and one.cut_id != cut.cut_id]
    once = set().union(*map(_query_ids, others)) if asked - known else set()
    changed = {"opened": asked - known - once, "closed": known - asked, "reopened": (asked - known) & once}
    return [
        Event(action="query", object=f"cut {cut.cut_id}", field=what, new=f"{len(ids)}, ids {sha256_json(sorted(ids))}")
        for what, ids in changed.items()
        if ids
    ]


def _query_ids(cut: Cut) -> set[str]:
    from pipelines.core.parquet import read_rows

    try:
        return {str(row["query_id"]) for row in read_rows(cut.queries, ["query_id"])}
    except IntegrityError:
        # An older cut that is gone or damaged keeps no newer one back: `verify` names it.
        return set()


def _seal(study: Study, cut: Cut) -> None:
    from pipelines.report import signatures_page

    given = [asdict(signature) for signature in signatures(cut)]
    waived = [asdict(waiver) | {"scope": waiver.scope} for waiver in waivers(cut)]
    past = history(study, until=cut)
    changes = [asdict(check) for check in past.checks] if past.cuts[1:] else []
    stands = head(study.folder)
    named = cut.inputs.get("unblinding")
    opened = _opened_by(study, str(named["id"])) if named else None
    ledger = f"{stands.seq}:{stands.sha256}"
    page = signatures_page(study, cut, given, waived, changes, ledger=ledger, opened=opened)
    write_atomically(cut.directory / SIGNATURES_PAGE, page.encode(), change="publish.page")
    if opened:
        write_atomically(cut.unblinding, canonical_json(opened), change="publish.unblinding")
    cut.duckdb.chmod(0o444)
    published_at = utc_now()
    document = sealed_document(cut, published_at, stands)
    write_atomically(cut.seal, canonical_json(document), change="publish.seal")


def _opened_by(study: Study, identity: str) -> dict[str, Any]:
    directory = unblinding_directory(study, identity)
    given = sorted((directory / "signatures").glob("*.json"))
    return {
        "request": json.loads((directory / "request.json").read_bytes()),
        "signatures": [json.loads(path.read_bytes()) for path in given],
    }


def _make_durable(cut: Cut) -> None:
    for path in sorted(cut.directory.rglob("*")):
        if path.is_dir():
            fsync_directory(path)
        else:
            fsync_file(path)
            path.chmod(0o444)
    fsync_directory(cut.directory)
