"""Samples that are SDTM already: known by their variables, and proposed as a domain instead of a list of columns."""

from __future__ import annotations

import re

from pipelines.core.errors import InputRefusedError
from pipelines.profile.proposal import PlannedVisit, Proposal, exported_name
from pipelines.profile.sample import Sample
from pipelines.profile.values import counted
from pipelines.profile.visits import identifier
from pipelines.study.catalogue import catalogue
from pipelines.study.domains import domain_of_dataset

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_UNPLANNED = re.compile("unsched", re.IGNORECASE)


def sdtm_proposal(sample: Sample) -> Proposal | None:
    """Returns the entry of a sample that is an SDTM domain which landing takes; None for anything else.

    Raises:
        InputRefusedError: it is a data set of SDTM that becomes no table.
    """
    domain = domain_of(sample)
    if domain is None:
        return None
    if domain_of_dataset(domain) is None:
        msg = f"{sample.file}: SDTM's {domain.upper()} becomes no table. Leave it out of the inbox."
        raise InputRefusedError(msg)
    return Proposal(
        entry={"file": exported_name(sample.file), "format": sample.form, "sdtm": domain},
        comment=sample.label or sample.dataset,
        look_at=sample.remarks,
        visits=_visits(sample),
        arms=tuple(arm for arm in _values(sample, "ARM") if arm),
        scales=_scales(sample),
    )


def domain_of(sample: Sample) -> str | None:
    """Returns the SDTM domain (`supp--` with its parent's) that a sample's variables say it is, in lower case."""
    names = sample.table.column_names
    if "STUDYID" not in names:
        return None
    for name, prefix in (("DOMAIN", ""), ("RDOMAIN", "supp")):
        if name in names:
            values = [value for value in _values(sample, name) if value]
            return prefix + values[0].lower() if len(values) == 1 else None
    return None


def _values(sample: Sample, name: str) -> list[str]:
    return sorted(counted(sample.table[name])) if name in sample.table.column_names else []


def _visits(sample: Sample) -> tuple[PlannedVisit, ...]:
    """Returns the planned visits that the rows name; what SDTM calls unscheduled is none."""
    names = sample.table.column_names
    if "VISITNUM" not in names or "VISIT" not in names:
        return ()
    pairs = sample.table.select(["VISITNUM", "VISIT"]).group_by(["VISITNUM", "VISIT"]).aggregate([]).to_pylist()
    found = {
        pair["VISITNUM"]: PlannedVisit(
            visit=identifier(pair["VISIT"]), label=pair["VISIT"], visitnum=_whole(pair["VISITNUM"])
        )
        for pair in sorted(pairs, key=lambda pair: (pair["VISITNUM"], pair["VISIT"]))
        if _NUMBER.fullmatch(pair["VISITNUM"]) and pair["VISIT"] and not _UNPLANNED.match(pair["VISIT"])
    }
    return tuple(found.values())


def _whole(number: str) -> float:
    return int(float(number)) if float(number).is_integer() else float(number)


def _scales(sample: Sample) -> tuple[str, ...]:
    """Returns the instruments of the catalogue whose test codes the rows have."""
    tests = set(_values(sample, "QSTESTCD"))
    return tuple(code for code, scale in sorted(catalogue().items()) if tests & set(scale.ranges))
