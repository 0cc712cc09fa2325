"""Status: per site what came and what became of it; which cuts there are, and which one is published."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipelines.cut import Cut, held_deliveries, published_cut
from pipelines.land.store import landed_deliveries
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class SiteStatus:
    """What one site delivered so far; `to_land` counts files to land again, as the study file or the code changed."""

    site: str
    name: str
    kind: str
    deliveries: int
    last_export: str
    rows_accepted: int
    rows_quarantined: int
    refused: int
    held: int
    to_land: int


@dataclass(frozen=True, kw_only=True)
class CutStatus:
    """One cut and how far it came: built, gated, reported, published or current."""

    cut_id: str
    state: str
    verdict: str
    published_at: str
    blinded: bool


@dataclass(frozen=True, kw_only=True)
class StatusReceipt:
    """A study at a glance."""

    study: str
    sites: tuple[SiteStatus, ...]
    cuts: tuple[CutStatus, ...]


def status(study: Study) -> StatusReceipt:
    """Returns the state of the study's deliveries and cuts; reads small records only."""
    current = published_cut(study.folder)
    folders = sorted(path for path in study.folder.cuts.glob("[0-9a-f]*") if path.is_dir())
    cuts = [_cut_status(Cut(study.folder, path.name), current) for path in folders]
    cuts.sort(key=lambda cut: (cut.published_at or "9", cut.cut_id))
    return StatusReceipt(study=study.study, sites=_sites(study), cuts=tuple(cuts))


def _sites(study: Study) -> tuple[SiteStatus, ...]:
    landed, held = landed_deliveries(study), held_deliveries(study)
    sites = []
    for key, site in study.sites.items():
        mine = [(arrival, receipt) for arrival, receipt in landed if arrival.site == key]
        receipts = [receipt for _, receipt in mine if receipt is not None]
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
                to_land=len(mine) - len(receipts),
            )
        )
    return tuple(sites)


def _cut_status(cut: Cut, current: Cut | None) -> CutStatus:
    verdict = json.loads((cut.gate / "verdict.json").read_bytes())["verdict"] if cut.gate.is_dir() else ""
    sealed = json.loads(cut.seal.read_bytes())["published_at"] if cut.seal.exists() else ""
    state = "reported" if cut.report.is_dir() else "gated" if verdict else "built"
    if sealed:
        state = "current" if cut == current else "published"
    return CutStatus(
        cut_id=cut.cut_id, state=state, verdict=verdict, published_at=sealed, blinded=cut.inputs["blinded"]
    )
