"""Scaffolding a study folder from sample exports: a study file that loads, for a person to correct."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.errors import InputRefusedError, NotAllowedError
from pipelines.core.files import write_atomically
from pipelines.profile.gathered import Gathered, gathered, is_control, mapped
from pipelines.profile.metadata import metadata_of, under_metadata
from pipelines.profile.profile import profile
from pipelines.profile.proposal import Proposal, flow
from pipelines.profile.sdtm import grouped
from pipelines.profile.visits import identifier, is_baseline
from pipelines.study.load import load_study

# The usual cutoffs, for the person to hold against the protocol.
_REMISSION = {
    "MADRS": 10,
    "HAMD17": 7,
    "HAMD6": 4,
    "PHQ9": 4,
    "BDI2": 13,
    "CADSS": 4,
    "CGIS": 2,
    "QIDS16": 5,
    "CSSRS": 0,
    "ADAS11": 10,
}
# Who delivers a file that holds several sites.
_CENTRE = "CENTRE"


@dataclass(frozen=True, kw_only=True)
class NewReceipt:
    """The study file that was written, where its samples would be delivered, and what a person should look at."""

    study_file: Path
    inbox: Path
    look_at: tuple[str, ...]


def new(root: Path, samples: Sequence[Path]) -> NewReceipt:
    """Writes `study.yml` into the folder `root` from sample files, and makes the inbox of whoever delivers them.

    A sample of which nothing can land is left out, and said in the file.

    Raises:
        NotAllowedError: there is a study file already.
        InputRefusedError: no sample can be used; the message says why for each.
        StudyFileError: what was written does not load; the message says why.
    """
    target = root / "study.yml"
    if target.exists():
        msg = f"{target}: there is a study file already; it is not overwritten."
        raise NotAllowedError(msg)
    found = [metadata for path in samples if (metadata := metadata_of(path))]
    proposals, left_out = _proposals([path for path in samples if path not in {one.path for one in found}])
    proposals = [under_metadata(proposal, found) for proposal in proposals]
    used = {proposal.entry.get("metadata") for proposal in proposals}
    unused = [metadata.path.name for metadata in found if metadata.path.name not in used]
    left_out += [f"{name}: it is metadata of none of the samples." for name in unused]
    if samples and not proposals:
        raise InputRefusedError("\n".join(left_out))
    study = gathered(proposals)
    for metadata in found:
        if metadata.path.name in used:
            write_atomically(root / metadata.path.name, metadata.path.read_bytes())
    write_atomically(target, _text(root.name, [mapped(proposal) for proposal in proposals], left_out, study).encode())
    inbox = root / "inbox" / (_CENTRE if study.sites else "S01")
    inbox.mkdir(parents=True, exist_ok=True)
    load_study(root)
    look_at = [f"{proposal.entry['file']}: {remark}" for proposal in proposals for remark in proposal.look_at]
    look_at += [f"Left out: {reason}" for reason in left_out]
    look_at.append(
        "The protocol's numbers (visits, response, remission) are the usual ones: write your own, with sections."
    )
    return NewReceipt(study_file=target, inbox=inbox, look_at=tuple(look_at))


def _proposals(samples: Sequence[Path]) -> tuple[list[Proposal], list[str]]:
    """Returns one proposal for each kind of file, and why samples are left out."""
    kept: dict[str, Proposal] = {}
    left_out: list[str] = []
    for path in samples:
        try:
            proposals = profile(path)
        except InputRefusedError as error:
            left_out.append(str(error))
            continue
        # Landing takes one sheet of a workbook: the one with a subject's key and most columns.
        best = max(proposals, key=lambda proposal: (proposal.has_subject, len(proposal.columns)))
        file = best.entry["file"]
        if file in kept:
            left_out.append(f"{path.name}: another sample is {file} already, and stands for both.")
        else:
            kept[file] = best
            sheets = [proposal.entry["format"]["sheet"] for proposal in proposals if proposal is not best]
            left_out += [f"{path.name}: sheet {sheet!a}; landing takes one sheet of a workbook." for sheet in sheets]
    return grouped(list(kept.values())), left_out


def _text(name: str, proposals: list[Proposal], left_out: list[str], known: Gathered) -> str:
    scales = known.scales or ("MADRS",)
    study = re.sub(r"[^A-Za-z0-9_-]", "-", name).strip("-_")[:32].upper() or "STUDY"
    lines = [
        "# Scaffolded from sample exports by `afterglow new`: read every line and correct it (docs/study-file.md).",
        f"study: {flow(study)}",
        f"title: {flow(name)}",
        f"design: {_design(known)}",
        "blinding: open",
        "signoff: none",
        *_sites(known),
        *_arms(known),
        f"visits:{'' if known.visits[1:] else '  # TODO no sample names visits'}",
        *_visits(known),
        f"instruments: {flow({scale: _use(proposals, scale) for scale in scales})}"
        + ("" if known.scales else "  # TODO no sample has a scale of the catalogue"),
        "endpoints:",
        *(f"  - {flow(_endpoint(number, scale))}" for number, scale in enumerate(scales)),
        "missing_rules: [observed, locf]",
        "layouts:",
        "  export:",
        *(proposal.yaml(indent=4) for proposal in proposals),
        *(f"    # left out: {reason}" for reason in (" ".join(reason.split()) for reason in left_out)),
    ]
    return "\n".join([*lines, ""])


def _design(known: Gathered) -> str:
    if known.crossover:
        return "crossover  # TODO a visit code may stand for a visit and an arm: {visit: D2, arm: KET}"
    return "parallel" if len(known.arms) != 1 else "single_arm"


def _sites(known: Gathered) -> list[str]:
    if not known.sites:
        return ["sites:", "  S01: {name: First site, layout: export, cadence: monthly}"]
    names = {identifier(site): site for site in known.sites}
    return [
        "sites:",
        f"  {_CENTRE}: {{name: Coordinating centre, kind: vendor, layout: export, cadence: monthly}}",
        *(f"  {flow(key)}: {flow({'name': f'Site {site}', 'layout': 'export'})}" for key, site in names.items()),
    ]


def _arms(known: Gathered) -> list[str]:
    arms = known.arms or ("ACTIVE", "CONTROL")
    named = {arm for arm in arms if is_control(arm)}
    controls = named or set(arms[1:])
    todo = "" if named else "  # TODO which is the control?" if known.arms else "  # TODO no sample names arms"
    roles = {arm: "control" if arm in controls else "experimental" for arm in arms}
    named_arms = [flow(identifier(arm)) + ": " + flow({"label": arm, "role": role}) for arm, role in roles.items()]
    return [f"arms:{todo}", *(f"  {arm}" for arm in named_arms)]


def _visits(known: Gathered) -> list[str]:
    first = next((visit for visit in known.visits if is_baseline(visit.visit)), known.visits[0])
    return [f"  - {flow(vars(visit) | ({'baseline': True} if visit is first else {}))}" for visit in known.visits]


def _endpoint(number: int, scale: str) -> dict[str, Any]:
    return {
        "name": "primary" if number == 0 else f"secondary_{number}",
        "instrument": scale,
        "response": {"min_reduction_pct": 50},
        "remission": {"max_score": _REMISSION[scale]},
    }


def _use(proposals: list[Proposal], scale: str) -> dict[str, Any]:
    targets = {column.get("to") for proposal in proposals for column in proposal.columns.values()}
    has_items = any(str(target).startswith(f"qs.{scale}.{{") for target in targets)
    collected = any(target == f"qs.{scale}.total" for target in targets)
    return {"analysed_total": "collected"} if collected and not has_items else {}
