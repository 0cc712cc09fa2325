"""Export: a folder that may leave the house, made of a published cut.

Writes  counts/<name>.parquet and .csv: subjects by arm, small ones not shown; tables/<name>.parquet and .csv: rows
        without dates, clear keys and free text (profile `none` only); export.json: what was done, and each file's hash
Rule    rows are not shared under a profile that hides small counts: whoever has the rows can count them
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipelines.core.errors import IntegrityError, NotAllowedError, UsageError
from pipelines.core.files import directory_written_whole
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.core.parquet import write_parquet
from pipelines.cut import Cut, check_unblinded, published_cut, readers_of
from pipelines.export.counted import counted
from pipelines.export.earlier import check_earlier, keep_export
from pipelines.export.shared import OLDEST, export_key, shared_rows
from pipelines.export.suppression import PROFILES
from pipelines.ledger import Event, audited, record
from pipelines.manifest import differences
from pipelines.study import Study

# What sites sent and how it changed: values as text and names of files, which hold dates.
_OF_SITES = frozenset({"deliveries", "quarantine", "record_changes", "site_metrics", "queries"})


@dataclass(frozen=True, kw_only=True)
class ExportReceipt:
    """What was exported: the folder, its files, and by table the columns that were withheld."""

    cut_id: str
    profile: str
    to: Path
    files: tuple[str, ...]
    withheld: dict[str, tuple[str, ...]]


@audited
def export(study: Study, *, profile: str, to: Path, cut_id: str | None = None) -> ExportReceipt:
    """Writes what may be shared of a published cut into the new folder `to`.

    Args:
        study: the study.
        profile: `none`, `cms` or `opensafely`; see `pipelines.export.suppression`.
        to: the folder; it must not exist.
        cut_id: a published cut; by default the current one of the blinded (or open) lineage.

    Raises:
        UsageError: there is no such profile, or the folder exists.
        NotAllowedError: the cut is not published, or shows arms that two signers have not opened; or a count that is
            hidden could be worked out, from this export or together with an earlier one.
        IntegrityError: the cut's files are not those that were published.
    """
    if profile not in PROFILES:
        msg = f"'{ascii(profile)[1:-1]}' is no profile. Profiles: {', '.join(PROFILES)}."
        raise UsageError(msg)
    if to.exists():
        msg = f"{to}: is there already. Name a new folder."
        raise UsageError(msg)
    cut = Cut(study.folder, cut_id) if cut_id else published_cut(study.folder)
    if cut is None or not cut.seal.exists():
        msg = f"{study.name}: only a published cut is exported, and this is none. Run `afterglow publish {study.name}`."
        raise NotAllowedError(msg)
    check_unblinded(study, cut)
    if wrong := differences(cut):
        raise IntegrityError("\n".join([f"{study.name}: cut {cut.short_id} is not exported.", *wrong]))
    check_earlier(study, cut, PROFILES[profile])
    withheld: dict[str, tuple[str, ...]] = {}
    with directory_written_whole(to, readers=readers_of(study.folder, cut.inputs)) as directory:
        for name, table in counted(cut.tables, PROFILES[profile]).items():
            _write(table, directory / "counts" / name)
        if profile == "none":
            withheld = _write_rows(study, cut, directory / "tables")
        files = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
        document = {
            "study": study.study,
            "cut_id": cut.cut_id,
            "blinded": bool(cut.inputs["blinded"]),
            "profile": profile,
            "small_counts": PROFILES[profile].in_words,
            "dates": "study days",
            "oldest_age": OLDEST,
            "withheld_columns": {name: list(columns) for name, columns in withheld.items()},
            "files": {name: sha256_file(directory / name) for name in files},
        }
        content = canonical_json(document)
        (directory / "export.json").write_bytes(content)
        keep_export(study, cut, PROFILES[profile])
        # Said before the folder is there: nothing leaves that the audit trail does not tell of.
        happened = Event(
            action="export", object=f"cut {cut.cut_id}", field=f"profile {profile}",
            new=f"{len(files)} files, export.json {sha256_bytes(content)}",
        )  # fmt: skip
        record(study.folder, happened)
    return ExportReceipt(cut_id=cut.cut_id, profile=profile, to=to, files=tuple(files), withheld=withheld)


def _write_rows(study: Study, cut: Cut, directory: Path) -> dict[str, tuple[str, ...]]:
    key = export_key(study)
    subjects = pq.read_table(cut.tables / "adsl.parquet", columns=["usubjid", "rfstdt"]).to_pylist()
    first = {each["usubjid"]: _days(each["rfstdt"]) for each in subjects if each["rfstdt"] is not None}
    withheld: dict[str, tuple[str, ...]] = {}
    for path in sorted(cut.tables.glob("*.parquet")):
        schema = pq.read_schema(path)
        # A study's own domains have columns that nobody has looked at; tables without subjects tell of sites.
        if path.stem in _OF_SITES or "usubjid" not in schema.names or "srcdom" not in schema.names:
            continue
        rows, withheld[path.stem] = shared_rows(pq.read_table(path), first, key)
        _write(rows, directory / path.stem)
    return withheld


def _days(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days


def _write(table: pa.Table, stem: Path) -> None:
    stem.parent.mkdir(exist_ok=True)
    write_parquet(table, stem.with_suffix(".parquet"))
    pacsv.write_csv(table, stem.with_suffix(".csv"))
