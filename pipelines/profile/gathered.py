"""What the proposals of a study's samples say together: its sites, arms, visits and instruments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.profile.proposal import PlannedVisit, Proposal
from pipelines.profile.visits import identifier, label_of, visit_of_code, visit_order
from pipelines.study.catalogue import catalogue

_NO_ARM = re.compile(r"screen ?fail(ure)?|not assigned|not treated|none|n/?a", re.IGNORECASE)
_CONTROL = re.compile(r"placebo|saline|control|tau|sham|treatment as usual|midazolam|pbo?|p", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What a study file needs to know beside its layouts."""

    sites: tuple[str, ...]
    arms: tuple[str, ...]
    visits: tuple[PlannedVisit, ...]
    scales: tuple[str, ...]
    crossover: bool


def gathered(proposals: Sequence[Proposal]) -> Gathered:
    """Returns what the proposals say together, each name as it stands in the data."""
    columns = [column for proposal in proposals for column in proposal.columns.values()]
    arms = {arm for column in columns if _is_arm(column) for arm in meanings(column)}
    arms |= {arm for proposal in proposals for arm in proposal.arms}
    scales = {str(column["to"]).split(".")[1] for column in columns if str(column.get("to", "")).startswith("qs.")}
    scales |= {scale for proposal in proposals for scale in proposal.scales}
    sites = {site for column in columns if column.get("to") == "site" for site in meanings(column)}
    return Gathered(
        sites=tuple(sorted(sites.union(*(proposal.sites for proposal in proposals)))),
        arms=tuple(sorted({arm for arm in arms if not _NO_ARM.fullmatch(arm)}, key=lambda arm: (is_control(arm), arm))),
        visits=_visits(proposals, columns),
        scales=tuple(sorted(scales & set(catalogue()))),
        crossover=any("period" in column for column in columns),
    )


def is_control(arm: str) -> bool:
    """Whether an arm is named like a control."""
    return bool(_CONTROL.fullmatch(arm.strip()))


def mapped(proposal: Proposal) -> Proposal:
    """Returns the proposal with the codes of visits, arms and sites mapped to their names in the study file."""
    columns = {}
    for name, column in proposal.columns.items():
        naming = visit_of_code if column.get("to") == "visit" else identifier
        if (column.get("to") in {"visit", "site"} or _is_arm(column)) and "codes" in column:
            given = column["codes"]
            codes = {code: naming(given[code] if isinstance(given, dict) else code) for code in given}
            # A list is enough where every code is its own name.
            listed = all(code == meaning for code, meaning in codes.items())
            columns[name] = column | {"codes": list(codes) if listed else codes}
        else:
            columns[name] = column
    return proposal if not columns else proposal.with_columns(columns)


def meanings(column: dict[str, Any]) -> list[str]:
    """Returns what a column's codes stand for; a code that has no other meaning for itself."""
    codes = column.get("codes", [])
    return [str(code) for code in (codes.values() if isinstance(codes, dict) else codes)]


def _is_arm(column: dict[str, Any]) -> bool:
    return str(column.get("to", "")).endswith(".arm")


def _visits(proposals: Sequence[Proposal], columns: Iterable[dict[str, Any]]) -> tuple[PlannedVisit, ...]:
    """Returns the visits in their order: those that SDTM numbers by their numbers, others by what they are called."""
    numbered = {visit.visit: visit for proposal in proposals for visit in proposal.visits}
    if numbered:
        return tuple(sorted(numbered.values(), key=lambda visit: visit.visitnum))
    labels: dict[str, str] = {}
    for column in columns:
        for code in column.get("codes", []) if column.get("to") == "visit" else []:
            visit = visit_of_code(code)
            # The words of the site's own code say more than its name.
            labels.setdefault(visit, code if visit == code or not re.fullmatch(r"[0-9.]+", code) else label_of(visit))
        if "visit" in column:
            labels.setdefault(column["visit"], label_of(column["visit"]))
    ordered = sorted(labels, key=visit_order)
    if not ordered:
        ordered, labels = ["BL"], {"BL": "Baseline"}
    return tuple(
        PlannedVisit(visit=visit, label=labels[visit], visitnum=number) for number, visit in enumerate(ordered)
    )
