"""Scaffolding a study folder from sample exports: a study file that loads, for a person to correct."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.errors import NotAllowedError
from pipelines.core.files import write_atomically
from pipelines.profile.profile import Proposal, flow, profile
from pipelines.study.load import load_study

_BASELINE = re.compile(r"(^|[^a-z])(base(line)?|bl|b0|screen(ing)?|pre|v?0|day ?0)([^a-z]|$)", re.IGNORECASE)
# The usual cutoffs, for the person to hold against the protocol.
_REMISSION = {"MADRS": 10, "HAMD17": 7, "HAMD6": 4, "PHQ9": 4, "BDI2": 13, "CADSS": 4, "CGIS": 2}


@dataclass(frozen=True, kw_only=True)
class NewReceipt:
    """The study file that was written, and what a person should look at in it."""

    study_file: Path
    look_at: tuple[str, ...]


def new(root: Path, samples: Sequence[Path]) -> NewReceipt:
    """Writes `study.yml` into the folder `root` from sample files, and makes the inbox of its one site.

    Raises:
        NotAllowedError: there is a study file already.
        InputRefusedError: a sample is no delimited text with a header.
        StudyFileError: what was written does not load; the message says why.
    """
    target = root / "study.yml"
    if target.exists():
        msg = f"{target}: there is a study file already; it is not overwritten."
        raise NotAllowedError(msg)
    proposals = [profile(path) for path in samples]
    visits = _visits(proposals)
    write_atomically(target, _text(root.name, proposals, visits).encode())
    (root / "inbox" / "S01").mkdir(parents=True, exist_ok=True)
    load_study(root)
    look_at = [remark for proposal in proposals for remark in proposal.look_at]
    look_at.append(
        "The protocol's numbers (visits, response, remission) are the usual ones: write your own, with sections."
    )
    return NewReceipt(study_file=target, look_at=tuple(look_at))


def _text(name: str, proposals: list[Proposal], visits: list[tuple[str, str]]) -> str:
    scales = sorted({scale for proposal in proposals for scale in _scales(proposal)}) or ["MADRS"]
    arms = _codes(proposals, "dm.arm") or ["ACTIVE", "CONTROL"]
    study = re.sub(r"[^A-Za-z0-9_-]", "-", name).strip("-_")[:32].upper() or "STUDY"
    lines = [
        "# Scaffolded from sample exports by `afterglow new`: read every line and correct it (docs/study-file.md).",
        f"study: {flow(study)}",
        f"title: {flow(name)}",
        f"design: {'parallel' if len(arms) > 1 else 'single_arm'}",
        "blinding: open",
        "signoff: none",
        "sites:",
        "  S01: {name: First site, layout: export, cadence: monthly}",
        "arms:",
        *(
            f"  {flow(_identifier(arm))}: {flow({'label': arm, 'role': 'control' if number else 'experimental'})}"
            for number, arm in enumerate(arms)
        ),
        "visits:",
        *(f"  - {flow(_visit(number, visit, label))}" for number, (visit, label) in enumerate(visits)),
        f"instruments: {flow({scale: _use(proposals, scale) for scale in scales})}",
        "endpoints:",
        *(f"  - {flow(_endpoint(number, scale))}" for number, scale in enumerate(scales)),
        "missing_rules: [observed, locf]",
        "layouts:",
        "  export:",
        *(_mapped(proposal).yaml(indent=4) for proposal in proposals),
    ]
    return "\n".join([*lines, ""])


def _visit(number: int, visit: str, label: str) -> dict[str, Any]:
    return {"visit": visit, "visitnum": number, "label": label} | ({"baseline": True} if number == 0 else {})


def _endpoint(number: int, scale: str) -> dict[str, Any]:
    return {
        "name": "primary" if number == 0 else f"secondary_{number}",
        "instrument": scale,
        "response": {"min_reduction_pct": 50},
        "remission": {"max_score": _REMISSION[scale]},
    }


def _visits(proposals: list[Proposal]) -> list[tuple[str, str]]:
    """Returns visits with their labels, the baseline first, the others in the order of the numbers in their names."""

    def order(code: str) -> tuple[object, ...]:
        parts = re.split(r"([0-9]+)", code.lower())
        return (not _BASELINE.search(code), [(int(part), "") if part.isdigit() else (-1, part) for part in parts])

    codes = sorted(_codes(proposals, "visit"), key=order)
    return [(_identifier(code), code) for code in codes] or [("BL", "Baseline")]


def _codes(proposals: list[Proposal], target: str) -> list[str]:
    columns = [column for proposal in proposals for column in proposal.entry["columns"].values()]
    return sorted({code for column in columns if column.get("to") == target for code in column.get("codes", [])})


def _mapped(proposal: Proposal) -> Proposal:
    """Returns the proposal with each visit's and arm's code mapped to its name, where the two differ."""
    columns = {
        name: column | {"codes": {code: _identifier(code) for code in column["codes"]}}
        if column.get("to") in {"visit", "dm.arm"}
        else column
        for name, column in proposal.entry["columns"].items()
    }
    return Proposal(entry=proposal.entry | {"columns": columns}, look_at=proposal.look_at)


def _scales(proposal: Proposal) -> list[str]:
    targets = [str(column.get("to", "")) for column in proposal.entry["columns"].values()]
    return [target.split(".")[1] for target in targets if target.startswith("qs.")]


def _use(proposals: list[Proposal], scale: str) -> dict[str, Any]:
    targets = {column.get("to") for proposal in proposals for column in proposal.entry["columns"].values()}
    has_items = any(str(target).startswith(f"qs.{scale}.{{") for target in targets)
    return {} if has_items else {"analysed_total": "collected"}


def _identifier(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", code).strip("-_")[:32] or "X"
