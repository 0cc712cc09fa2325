"""What landed, and what of it the models read: where reconciliation starts.

main.landed_records     how many records each delivered file gave, by domain, whether or not the file is in use
Reading                 a domain's records as the models read them: after transactions and the data cutoff
Rule    the treatment vault is never opened: a domain that lies in it has no line
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.build.landed import create_enrolled_later, domain_query
from pipelines.core.duck import literal
from pipelines.land.store import landing_directory
from pipelines.study.domains import DOMAINS

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import Cut
    from pipelines.study import Study

LANDED_RECORDS = "delivery_rank integer, domain varchar, records bigint"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Queries for a domain's records, each with its `delivery_rank`: as the models read them, and before the cutoff."""

    read: str
    before_cutoff: str


def create_landed_records(connection: duckdb.DuckDBPyConnection, study: Study, cut: Cut) -> None:
    """Creates main.landed_records: counted by the files themselves, without reading a row."""
    connection.execute(f"create table main.landed_records ({LANDED_RECORDS})")
    files = [
        (str(path), delivery.get("rank", 1), path.stem)
        for delivery in cut.inputs["deliveries"]
        for path in sorted((_landing(study, delivery) / "rows").glob("*.parquet"))
        if not DOMAINS[path.stem].in_vault
    ]
    if not files:
        return
    paths = ", ".join(sorted({literal(path) for path, _, _ in files}))
    counted = connection.execute(f"select file_name, num_rows from parquet_file_metadata([{paths}])").fetchall()
    records = {str(path): int(number) for path, number in counted}
    connection.executemany(
        "insert into main.landed_records values (?, ?, ?)", [[rank, name, records[path]] for path, rank, name in files]
    )


def readings(connection: duckdb.DuckDBPyConnection, study: Study, cut: Cut) -> Mapping[str, Reading]:
    """Returns how each domain is read; a cutoff needs view `landed.enrolled_later`, created here, dropped after use."""
    cutoff = cut.inputs.get("data_cutoff")
    current = [delivery for delivery in cut.inputs["deliveries"] if delivery["current"]]
    folders = {_landing(study, delivery): int(delivery.get("rank", 1)) for delivery in current}
    landed = {folder: {path.stem for path in (folder / "rows").glob("*.parquet")} for folder in folders}
    transactions = _present(folders, "transactions.parquet")
    if cutoff:
        create_enrolled_later(connection, _present(folders, "rows/dm.parquet"), cutoff)
    found = {}
    for name, domain in DOMAINS.items():
        files = {
            folder / "rows" / f"{name}.parquet": rank for folder, rank in folders.items() if name in landed[folder]
        }
        if domain.in_vault or not files:
            continue
        read, before = (domain_query(domain, files, {}, day, transactions=transactions) for day in (cutoff, None))
        found[name] = Reading(read=read, before_cutoff=before)
    return found


def _landing(study: Study, delivery: dict[str, Any]) -> Path:
    return landing_directory(study.folder, delivery["delivery_id"], delivery["landing_key"])


def _present(folders: Mapping[Path, int], name: str) -> dict[Path, int]:
    return {folder / name: rank for folder, rank in folders.items() if (folder / name).is_file()}
