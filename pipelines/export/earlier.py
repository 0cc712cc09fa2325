"""Earlier exports of a study: what two exports would tell together, though neither tells it alone (differencing).

Reads   vault/exports/<number>.json: which cut was shared under which profile
Rule    two exports hide the same counts or none that the other shows: one profile for all that hide small counts, and
        no cut that differs from one that was shared by so few subjects that their number is a small count
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines.core.duck import connect, literal, parquet_scan
from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.cut import Cut
from pipelines.export.counted import COUNTED
from pipelines.export.suppression import PROFILES, Profile

if TYPE_CHECKING:
    from pipelines.study import Study


def check_earlier(study: Study, cut: Cut, profile: Profile) -> None:
    """Checks that the export tells nothing together with one of before; `none` shows every count, and so never does.

    Raises:
        NotAllowedError: it would, or that it does not cannot be shown.
        IntegrityError: the list of earlier exports cannot be read.
    """
    if profile.name == "none":
        return
    for shared, before in _earlier(study):
        if before != profile.name:
            msg = (
                f"{study.name}: cut {shared.short_id} was shared under the profile {before}. Under {profile.name} "
                "other counts are hidden, and both together could tell them. Nothing was written; share under "
                f"{before}."
            )
            raise NotAllowedError(msg)
        if shared.cut_id != cut.cut_id:
            _check_difference(study, cut, shared, profile)


def keep_export(study: Study, cut: Cut, profile: Profile) -> None:
    """Writes down that a cut is shared under a profile that hides small counts."""
    known = _earlier(study)
    if profile.name == "none" or (cut, profile.name) in known:
        return
    study.folder.vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {"cut_id": cut.cut_id, "profile": profile.name}
    write_atomically(study.folder.shared_exports / f"{len(known) + 1:04d}.json", canonical_json(document))


def _earlier(study: Study) -> list[tuple[Cut, str]]:
    found = []
    for path in sorted(study.folder.shared_exports.glob("*.json")):
        try:
            document = json.loads(path.read_bytes())
            found.append((Cut(study.folder, str(document["cut_id"])), PROFILES[document["profile"]].name))
        except (ValueError, KeyError, TypeError):
            msg = f"{path}: cannot be read. Bring it back from the backup."
            raise IntegrityError(msg) from None
    return found


def _check_difference(study: Study, cut: Cut, shared: Cut, profile: Profile) -> None:
    if not shared.tables.is_dir():
        msg = (
            f"{study.name}: cut {shared.short_id} was shared before and is gone, so that nobody can tell by how few "
            "subjects this one differs from it. Nothing was written. Bring its folder back."
        )
        raise NotAllowedError(msg)
    # Arms are compared where both show them: a blinded cut has one for all.
    known = bool(cut.inputs["blinded"]) == bool(shared.inputs["blinded"])
    mine, theirs = (_contributions(one, "trta" if known else "'all' as trta") for one in (cut, shared))
    changed = f"({mine} except {theirs}) union all ({theirs} except {mine})"
    with connect() as connection:
        rows = connection.execute(
            f"select arm, count(*) from (select usubjid, max(trta) as arm from ({changed}) group by usubjid) "
            "group by rollup (arm)"
        ).fetchall()
    if any(0 < number <= profile.largest for _, number in rows):
        # How many is a small count itself.
        msg = (
            f"{study.name}: cut {shared.short_id} was shared before, and this one differs from it by few subjects, in "
            f"all or in an arm: what became of them would be told by subtraction ({profile.in_words}). Nothing was "
            "written. Share a later cut, in which more has changed."
        )
        raise NotAllowedError(msg)


def _contributions(cut: Cut, arm: str) -> str:
    """Returns the query for what each subject adds to each table of counts, in the column `arm`."""
    scans = {path.stem: parquet_scan([path]) for path in sorted(cut.tables.glob("*.parquet"))}
    parts = []
    for name, (strata, query) in COUNTED.items():
        stratum = ", ' | ', ".join(f"coalesce(cast({each} as varchar), '')" for each in strata)
        parts.append(
            f"select {literal(name)} as name, concat({stratum}) as stratum, row_name, {arm}, usubjid "
            f"from ({query.format_map(scans)}) where trta is not null"
        )
    return f"({' union all '.join(parts)})"
