"""A cut on disk: where its parts lie, and how to find one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any

from pipelines.core.errors import IntegrityError, UsageError
from pipelines.ledger import events
from pipelines.study import Study, StudyFolder

_SHORT = 12


@dataclass(frozen=True)
class Cut:
    """A candidate or published cut on disk; each part is there only when it is complete."""

    folder: StudyFolder
    cut_id: str

    @property
    def directory(self) -> Path:
        """The cut's folder."""
        return self.folder.cuts / self.cut_id

    @property
    def short_id(self) -> str:
        """The first digits of the id, for people."""
        return short_id(self.cut_id)

    @property
    def duckdb(self) -> Path:
        """The database: marts, parameters and reference tables."""
        return self.directory / "cut.duckdb"

    @property
    def tables(self) -> Path:
        """The marts as Parquet, one file each."""
        return self.directory / "tables"

    @property
    def queries(self) -> Path:
        """The one of these tables that the gate adds: what is asked of sites."""
        return self.tables / "queries.parquet"

    @property
    def gate(self) -> Path:
        """The verdicts of the gates."""
        return self.directory / "gate"

    @property
    def report(self) -> Path:
        """The static pages."""
        return self.directory / "report"

    @property
    def is_unblinded(self) -> bool:
        """Whether it shows the arms of a blinded study: then it is of a lineage of its own."""
        return bool(self.inputs.get("unblinding"))

    @property
    def pointer(self) -> Path:
        """The pointer that names the published cut of this one's lineage."""
        return self.folder.unblinded_pointer if self.is_unblinded else self.folder.pointer

    @property
    def unblinding(self) -> Path:
        """A copy of the signed unblinding that let an unblinded cut be published."""
        return self.directory / "unblinding.json"

    @property
    def signatures(self) -> Path:
        """One record for each signature."""
        return self.directory / "signatures"

    @property
    def manifest(self) -> Path:
        """The hashes of every file whose bytes follow from the inputs."""
        return self.directory / "manifest.json"

    @property
    def seal(self) -> Path:
        """The hashes of what does not: the database file, signatures and their page; and when it was published."""
        return self.directory / "seal.json"

    @property
    def inputs_file(self) -> Path:
        """What the cut was made of; its SHA-256 is the cut's id."""
        return self.directory / "inputs.json"

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """The parsed inputs."""
        document: dict[str, Any] = json.loads(self.inputs_file.read_bytes())
        return document


def is_same_study(study: Study, cut: Cut) -> bool:
    """Whether the study file and its metadata are still those that the cut was made by."""
    known = (cut.inputs["study_file_sha256"], cut.inputs.get("metadata_sha256", {}))
    return known == (study.file_sha256, study.metadata)


def short_id(cut_id: str) -> str:
    """Returns the first digits of a cut's id, for people."""
    return cut_id[:_SHORT]


def cuts(folder: StudyFolder) -> list[Cut]:
    """Returns the study's cuts, by id; a folder without inputs is none."""
    found = (Cut(folder, path.parent.name) for path in sorted(folder.cuts.glob("[0-9a-f]*/inputs.json")))
    return list(found)


def find_cut(study: Study, prefix: str) -> Cut:
    """Returns the one cut whose id starts with `prefix`.

    Raises:
        UsageError: there is none, or more than one.
    """
    if not prefix or not all(character in "0123456789abcdef" for character in prefix):
        msg = f"{study.name}: a cut's id has digits and the letters a to f."
        raise UsageError(msg)
    found = sorted(cut.cut_id for cut in cuts(study.folder) if cut.cut_id.startswith(prefix))
    if len(found) != 1:
        msg = (
            f"{study.name}: {len(found) or 'no'} cuts start with {prefix}. `afterglow status {study.name}` lists them."
        )
        raise UsageError(msg)
    return Cut(study.folder, found[0])


def published_cut(folder: StudyFolder, *, unblinded: bool = False) -> Cut | None:
    """Returns the cut that the pointer names (if `unblinded`, that lineage's), or None where nothing was published.

    Raises:
        IntegrityError: the pointer cannot be read.
    """
    pointer = folder.unblinded_pointer if unblinded else folder.pointer
    try:
        return Cut(folder, str(json.loads(pointer.read_bytes())["cut_id"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        msg = f"{pointer}: cannot be read."
        raise IntegrityError(msg) from None


def latest_cut(study: Study) -> Cut:
    """Returns the cut that was made last, as the audit trail has it: a clock that was put back dates files wrongly.

    Raises:
        UsageError: there is none.
    """
    found = cuts(study.folder)
    if not found:
        msg = f"{study.name}: there is no cut yet. Run `afterglow build {study.name}`."
        raise UsageError(msg)
    told = {event.object: each.seq for each in events(study.folder) if each.action == "build" and (event := each.event)}
    # One that the trail does not name yet was made at this moment. inputs.json is written first, and never again.
    return max(
        found,
        key=lambda cut: (told.get(f"cut {cut.cut_id}", inf), cut.inputs_file.stat().st_mtime_ns, cut.cut_id),
    )
