"""Status: per site what came and what became of it; which cuts there are, and which one is published."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from pipelines.cut import Cut, cuts, data_lock, held_deliveries, late_deliveries, published_cut, short_id
from pipelines.land.cadence import Cadence, Delivered, expected_on, out_of_order
from pipelines.land.store import landed_deliveries
from pipelines.sign import signatures
from pipelines.signers import register
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class SiteStatus:
    """What one site delivered so far.

    Exports go by their name in the layout. `expected_next` is the earliest day on which one is due, `late` are those
    whose day has passed, `missing` those of which none was accepted; while files are to land again, none is called
    missing. `out_of_order` are files that arrived after a newer one of their export (W_OUT_OF_ORDER): accepted, and the
    newer one stays current. `drifted` are files that differ from their layout. `to_land` counts files to land
    again, as the study file or the code changed.
    """

    site: str
    name: str
    kind: str
    deliveries: int
    last_export: str
    rows_accepted: int
    rows_quarantined: int
    refused: int
    held: int
    expected_next: str
    late: tuple[str, ...]
    missing: tuple[str, ...]
    out_of_order: tuple[str, ...]
    drifted: tuple[str, ...]
    to_land: int


@dataclass(frozen=True, kw_only=True)
class CutStatus:
    """One cut and how far it came: built, gated, reported, rejected, published or current.

    `as_of` and `data_cutoff` are empty where it was made without. `lineage` is `unblinded` for a cut that shows the
    arms of a blinded study; it has a current cut of its own. `rejected`
    says by whom and why it was.
    """

    cut_id: str
    state: str
    verdict: str
    published_at: str
    blinded: bool
    lineage: str
    as_of: str
    data_cutoff: str
    rejected: str

    @property
    def short_id(self) -> str:
        """The first digits of the id, for people."""
        return short_id(self.cut_id)


@dataclass(frozen=True, kw_only=True)
class StatusReceipt:
    """A study at a glance; `locked_at` is empty where the data are not locked, `after_lock` what enters no cut.

    Without `signers` in its register, nobody's role is asked for on the command line.
    """

    study: str
    locked_at: str
    after_lock: tuple[str, ...]
    sites: tuple[SiteStatus, ...]
    cuts: tuple[CutStatus, ...]
    signers: int


def status(study: Study, *, today: dt.date) -> StatusReceipt:
    """Returns the state of the study's deliveries and cuts; reads small records only.

    `today` is the day against which a delivery counts as late.
    """
    current = (published_cut(study.folder), published_cut(study.folder, unblinded=True))
    found = [_cut_status(cut, current) for cut in cuts(study.folder)]
    found.sort(key=lambda cut: (cut.published_at or "9", cut.cut_id))
    lock = data_lock(study)
    return StatusReceipt(
        study=study.study,
        locked_at=lock.at if lock else "",
        after_lock=tuple(f"{late.site}/{late.file}" for late in late_deliveries(study)),
        sites=_sites(study, today),
        cuts=tuple(found),
        signers=len(register(study).entries()),
    )


def _sites(study: Study, today: dt.date) -> tuple[SiteStatus, ...]:
    landed, held = landed_deliveries(study), held_deliveries(study)
    sites = []
    for key, site in study.sites.items():
        mine = [(arrival, receipt) for arrival, receipt in landed if arrival.site == key]
        receipts = [receipt for _, receipt in mine if receipt is not None]
        accepted = [
            (arrival, receipt) for arrival, receipt in mine if receipt and receipt.outcome in {"accepted", "warned"}
        ]
        exports = [export.file for export in study.exports(key)]
        due = _due(accepted, site.cadence)
        sites.append(
            SiteStatus(
                held=sum(arrival.site == key for arrival in held),
                site=key,
                name=site.name,
                kind=site.kind,
                deliveries=len(mine),
                last_export=max((receipt.delivered_on for receipt in receipts), default=""),
                rows_accepted=sum(receipt.rows_accepted for receipt in receipts),
                rows_quarantined=sum(receipt.rows_quarantined for receipt in receipts),
                refused=sum(receipt.outcome == "refused" for receipt in receipts),
                expected_next=min((day.isoformat() for day in due.values()), default=""),
                late=tuple(export for export in exports if export in due and due[export] < today),
                missing=() if len(receipts) < len(mine) else _missing(exports, accepted),
                out_of_order=tuple(sorted(arrival.file for arrival, _ in out_of_order(accepted))),
                drifted=tuple(sorted(arrival.file for arrival, receipt in mine if receipt and receipt.drift)),
                to_land=len(mine) - len(receipts),
            )
        )
    return tuple(sites)


def _missing(exports: list[str], accepted: list[Delivered]) -> tuple[str, ...]:
    return tuple(sorted({*exports} - {receipt.layout_file for _, receipt in accepted}))


def _due(accepted: list[Delivered], cadence: Cadence) -> dict[str, dt.date]:
    # An export whose name holds no day was made at the latest on the day on which it was received.
    newest: dict[str, str] = {}
    for arrival, receipt in accepted:
        day = receipt.delivered_on or arrival.received_at[:10]
        newest[receipt.layout_file] = max(day, newest.get(receipt.layout_file, ""))
    due = {export: expected_on(day, cadence) for export, day in newest.items()}
    return {export: day for export, day in due.items() if day}


def _cut_status(cut: Cut, current: tuple[Cut | None, ...]) -> CutStatus:
    verdict = json.loads((cut.gate / "verdict.json").read_bytes())["verdict"] if cut.gate.is_dir() else ""
    sealed = json.loads(cut.seal.read_bytes())["published_at"] if cut.seal.exists() else ""
    state = "reported" if cut.report.is_dir() else "gated" if verdict else "built"
    rejected = _rejected(cut)
    if sealed:
        state = "current" if cut in current else "published"
    elif rejected:
        state = "rejected"
    return CutStatus(
        cut_id=cut.cut_id, state=state, verdict=verdict, published_at=sealed, blinded=cut.inputs["blinded"],
        lineage="unblinded" if cut.is_unblinded else "",
        as_of=cut.inputs.get("as_of") or "", data_cutoff=cut.inputs.get("data_cutoff") or "",
        rejected=rejected,
    )  # fmt: skip


def _rejected(cut: Cut) -> str:
    given = [signature for signature in signatures(cut) if signature.meaning == "reject"]
    return "; ".join(f"{one.name} ({one.role}), {one.signed_at[:10]}: {one.reason}" for one in given)
