"""Run: all steps of a study, one after the other, without Airflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.build import build
from pipelines.core.fence import next_run
from pipelines.cut import Cut, late_deliveries
from pipelines.gate import check_gate, gate
from pipelines.land import LandReceipt, land
from pipelines.publish import publish
from pipelines.report import report
from pipelines.sign import DEMO_ROLE, sign
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class RunReceipt:
    """What a run did: its cut, the verdict and the report; `published` unless it is as known on an earlier day."""

    land: LandReceipt
    cut_id: str
    verdict: str
    report: Path
    published: bool
    reused: bool


def run(
    study: Study,
    *,
    as_of: dt.date | None = None,
    data_cutoff: dt.date | None = None,
    blinded: bool | None = None,
    publish_as_of: bool = False,
    progress: Callable[[str], object] | None = None,
) -> RunReceipt:
    """Lands, builds, gates, reports, signs (a demo study only) and publishes.

    `progress` gets one line as each step ends. A cut that exists is not built again. A cut `as_of` a day stays a
    candidate unless `publish_as_of`: to look at an earlier state must not make it the one that everybody reads.

    Raises:
        GateFailedError: the gates block the cut; its report is there and says why.
        NotAllowedError: a person has to sign first; the candidate waits for `afterglow sign` and `afterglow publish`.
    """
    say = progress or (lambda _: None)
    number = next_run(study.folder.runs)
    landed = land(study)
    of_these = f"{len(landed.new)} new, {len(landed.refused)} refused, {len(landed.held)} held"
    say(f"land     {len(landed.deliveries)} deliveries, {of_these}")
    for delivery in (*landed.held, *landed.refused):
        say(f"{delivery.outcome:<9}{delivery.site}/{delivery.file}: {delivery.detail}")
    for late in late_deliveries(study):
        say(f"locked   {late.site}/{late.file}: came after the data lock, and enters no cut")
    built = build(study, as_of=as_of, data_cutoff=data_cutoff, blinded=blinded)
    cut = Cut(study.folder, built.cut_id)
    say(f"build    cut {cut.short_id}{', was there' if built.reused else ''}")
    gated = gate(study, built.cut_id)
    say(f"gate     {gated.verdict}, {gated.checks} checks")
    reported = report(study, built.cut_id)
    say(f"report   {reported.path}")
    check_gate(study, cut)
    if as_of and not publish_as_of:
        say(f"publish  not asked for: cut {cut.short_id} is as known on {as_of}; the published cut is unchanged")
        return RunReceipt(
            land=landed, cut_id=cut.cut_id, verdict=gated.verdict, report=reported.path, published=False,
            reused=built.reused,
        )  # fmt: skip
    if study.signoff == "demo" and not cut.seal.exists():
        sign(study, built.cut_id, role=DEMO_ROLE, method="demo")
        say("sign     by the demo signer: no person looked at this cut")
    published = publish(study, built.cut_id, run=number)
    say(f"publish  cut {cut.short_id}{', was current' if published.reused else ''}")
    return RunReceipt(
        land=landed, cut_id=built.cut_id, verdict=gated.verdict, report=published.report, published=True,
        reused=published.reused,
    )  # fmt: skip
