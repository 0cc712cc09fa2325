"""Run: all steps of a study, one after the other, without Airflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.gate import check_gate, gate
from pipelines.land import LandReceipt, land
from pipelines.publish import publish
from pipelines.report import report
from pipelines.sign import DEMO_ROLE, DEMO_SIGNER, sign
from pipelines.study import Study


@dataclass(frozen=True, kw_only=True)
class RunReceipt:
    """What a run did: the cut that is published now, its verdict and its report."""

    land: LandReceipt
    cut_id: str
    verdict: str
    report: Path
    reused: bool


def run(
    study: Study,
    *,
    as_of: dt.date | None = None,
    data_cutoff: dt.date | None = None,
    blinded: bool | None = None,
    progress: Callable[[str], object] | None = None,
) -> RunReceipt:
    """Lands, builds, gates, reports, signs (a demo study only) and publishes.

    `progress` gets one line as each step ends. A cut that exists is not built again.

    Raises:
        GateFailedError: the gates block the cut; its report is there and says why.
        NotAllowedError: a person has to sign first; the candidate waits for `afterglow sign` and `afterglow publish`.
    """
    say = progress or (lambda _: None)
    landed = land(study)
    say(f"land     {len(landed.deliveries)} deliveries, {len(landed.new)} new, {len(landed.refused)} refused")
    built = build(study, as_of=as_of, data_cutoff=data_cutoff, blinded=blinded)
    cut = Cut(study.folder, built.cut_id)
    say(f"build    cut {cut.short_id}{', was there' if built.reused else ''}")
    gated = gate(study, built.cut_id)
    say(f"gate     {gated.verdict}, {gated.checks} checks")
    reported = report(study, built.cut_id)
    say(f"report   {reported.path}")
    check_gate(study, cut)
    if study.signoff == "demo" and not cut.seal.exists():
        sign(study, built.cut_id, name=DEMO_SIGNER, role=DEMO_ROLE, method="demo")
        say("sign     by the demo signer: no person looked at this cut")
    published = publish(study, built.cut_id)
    say(f"publish  cut {cut.short_id}{', was current' if published.reused else ''}")
    return RunReceipt(
        land=landed, cut_id=built.cut_id, verdict=gated.verdict, report=published.report, reused=published.reused
    )
