"""Samples that are metadata: a REDCap data dictionary, or ODM metadata, in place of an export's list of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.profile.proposal import Proposal
from pipelines.study.layout import spread
from pipelines.study.metadata import columns_of

# What metadata does not say of a column: what it becomes, and whom it tells of.
_OWN = ("class", "to", "unit", "visit", "period", "timepoint", "required")
_NAMED = {"visit", "site"}


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A metadata file with the columns that it gives."""

    path: Path
    columns: dict[str, dict[str, Any]]

    @property
    def is_odm(self) -> bool:
        """Whether it is ODM's; else it is a REDCap dictionary."""
        return self.path.suffix == ".xml"


def metadata_of(path: Path) -> Metadata | None:
    """Returns the metadata that a sample is, or None where it is none.

    One that holds clinical data too is an export: beside the study file is no place for its subjects.
    """
    columns = columns_of(path)
    return Metadata(path=path, columns=columns) if columns and b"ClinicalData" not in path.read_bytes() else None


def metadata_proposal(metadata: Metadata) -> Proposal:
    """Returns the entry of an export that was not given, only its metadata."""
    kind = "odm" if metadata.is_odm else "delimited"
    entry = {"file": f"export_{{date}}{metadata.path.suffix}", "format": {"type": kind}, "metadata": metadata.path.name}
    remark = (
        f"{metadata.path.name} gives {len(metadata.columns)} columns: put it beside study.yml, and write what they "
        "become under `columns`. `afterglow new` with an export beside it proposes that."
    )
    return Proposal(entry=entry, look_at=(remark,))


def under_metadata(proposal: Proposal, known: Sequence[Metadata]) -> Proposal:
    """Returns the proposal with the metadata that has all its columns in their place; as it is where none has."""
    names = {name for pattern in proposal.columns for name in spread(pattern)}
    is_odm = proposal.entry["format"]["type"] == "odm"
    for metadata in known:
        if names and metadata.is_odm == is_odm and names <= metadata.columns.keys():
            columns = {}
            for pattern, column in proposal.columns.items():
                own = _own(column, metadata.columns[spread(pattern)[0]])
                if own:
                    columns[pattern] = own
            entry = proposal.entry | {"metadata": metadata.path.name, "columns": columns}
            comments = {name: text for name, text in proposal.comments.items() if name in columns}
            return replace(proposal, entry=entry, comments=comments)
    return proposal


def _own(column: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Returns what is proposed of a column and not said by its metadata."""
    target = str(column.get("to", ""))
    if (not target and column.get("class") not in {"drop", "treatment"}) or given.get("class") == "drop":
        return {}
    own = {key: column[key] for key in _OWN if key in column and column[key] != given.get(key)}
    if "codes" in column and (target in _NAMED or target.endswith(".arm")):
        own["codes"] = column["codes"]
    # A choice is scored by its codes; what no validation says the values do.
    kinds = {column.get("type", "text"), given.get("type", "text")}
    if target and "codes" not in given and len(kinds) > 1 and kinds != {"integer", "number"}:
        own["type"] = column.get("type", "text")
    return own
