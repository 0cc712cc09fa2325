"""Samples that are SDTM already: known by their variables, and proposed as a domain instead of a list of columns."""

from __future__ import annotations

import re

from pipelines.core.errors import InputRefusedError
from pipelines.profile.proposal import PlannedVisit, Proposal, exported_name, flow
from pipelines.profile.sample import Sample
from pipelines.profile.values import counted
from pipelines.profile.visits import identifier
from pipelines.study.catalogue import catalogue
from pipelines.study.domains import domain_of_dataset

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_UNPLANNED = re.compile("unsched", re.IGNORECASE)
_DATASET = re.compile(r"[A-Za-z]{2,8}(?=[._-])")
_MOST_SITES = 60


def sdtm_proposal(sample: Sample) -> Proposal | None:
    """Returns the entry of a sample that is an SDTM data set; None for anything else.

    Raises:
        InputRefusedError: it is a data set of SDTM that landing does not take.
    """
    dataset = dataset_of(sample)
    if dataset is None:
        return None
    if domain_of_dataset(dataset) is None:
        msg = f"{sample.file}: SDTM's {dataset.upper()} is no data set that can be landed. Leave it out of the inbox."
        raise InputRefusedError(msg)
    # `qsda.xpt` is the data set qsda of the domain qs; where the file's name says nothing, its rows do.
    named = _DATASET.match(sample.file)
    own = named is not None and domain_of_dataset(named.group()) == domain_of_dataset(dataset)
    return Proposal(
        entry={
            "file": exported_name(sample.file),
            "format": sample.form,
            "sdtm": named.group() if named and own else dataset,
        },
        comment=sample.label or sample.dataset,
        look_at=sample.remarks,
        visits=_visits(sample),
        arms=tuple(arm for arm in _values(sample, "ARM") if arm),
        scales=_scales(sample),
        sites=_sites(sample),
    )


def grouped(proposals: list[Proposal]) -> list[Proposal]:
    """Writes files of one form that differ in nothing but their data set as one entry: `{domain}.xpt`."""
    groups: dict[str, list[Proposal]] = {}
    for proposal in proposals:
        entry = proposal.entry
        file = str(entry["file"])
        pattern = file.replace(entry["sdtm"], "{domain}", 1) if file.startswith(entry.get("sdtm", "/")) else file
        groups.setdefault(f"{pattern} {flow(entry['format'])}", []).append(proposal)
    return [group[0] if len(group) == 1 else _together(group) for group in groups.values()]


def _together(group: list[Proposal]) -> Proposal:
    first = group[0]
    datasets = [proposal.entry["sdtm"] for proposal in group]
    file = first.entry["file"].replace(datasets[0], "{domain}", 1)
    return Proposal(
        entry=first.entry | {"file": file, "sdtm": datasets},
        look_at=tuple(f"{proposal.entry['sdtm']}: {remark}" for proposal in group for remark in proposal.look_at),
        visits=tuple(visit for proposal in group for visit in proposal.visits),
        arms=tuple(arm for proposal in group for arm in proposal.arms),
        scales=tuple(scale for proposal in group for scale in proposal.scales),
        sites=tuple(site for proposal in group for site in proposal.sites),
    )


def dataset_of(sample: Sample) -> str | None:
    """Returns the SDTM domain (for qualifiers `supp` and their parent's) that a sample's rows name, in lower case."""
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


def _sites(sample: Sample) -> tuple[str, ...]:
    """Returns the sites of a data set that holds several, where each can be one of the study file."""
    sites = [site for site in _values(sample, "SITEID") if site]
    named = all(identifier(site) == site for site in sites)
    return tuple(sites) if named and 1 < len(sites) <= _MOST_SITES else ()


def _whole(number: str) -> float:
    return int(float(number)) if float(number).is_integer() else float(number)


def _scales(sample: Sample) -> tuple[str, ...]:
    """Returns the instruments of the catalogue whose test codes the rows have."""
    tests = set(_values(sample, "QSTESTCD"))
    return tuple(code for code, scale in sorted(catalogue().items()) if tests & set(scale.ranges))
