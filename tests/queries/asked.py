"""Cuts whose queries a test writes down: as the gate leaves them, without the gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core.hashing import canonical_json, sha256_bytes
from pipelines.cut import Cut
from pipelines.gate.queries import COLUMNS
from pipelines.ledger import Event, record
from pipelines.study import Study

_TYPES = {"srcseq": pa.int64(), "opened_on": pa.date32()}
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One query as a cut asks it."""

    query_id: str
    siteid: str = "S01"
    check_id: str = "CUR-ADQS-006"
    item: str = "MADRS"
    opened_on: str = "2026-01-10"


def gated_cut(study: Study, day: str, *asked: Asked, errors: tuple[str, ...] = (), as_of: str | None = None) -> Cut:
    """Returns a cut whose newest delivery is of `day`, and which the audit trail knows as the last that was gated."""
    inputs = canonical_json(
        {"blinded": False, "as_of": as_of, "data_cutoff": None, "deliveries": [{"delivered_on": day}]}
    )
    cut = Cut(study.folder, sha256_bytes(inputs))
    for part in (cut.tables, cut.gate):
        part.mkdir(parents=True)
    cut.inputs_file.write_bytes(inputs)
    rows = [
        {
            "studyid": study.study,
            "query_id": one.query_id,
            "siteid": one.siteid,
            "usubjid": f"SMALL-{one.siteid}-001",
            "avisit": "W1",
            "item": one.item,
            "raised_by": "check",
            "check_id": one.check_id,
            "severity": "major",
            "sentence": "The total that the site wrote is what the items that it wrote add up to.",
            "srcdom": "QS",
            "source_file": f"scores_{day}.csv",
            "delivery_id": "a" * 64,
            "srcseq": 7,
            "opened_on": dt.date.fromisoformat(one.opened_on),
        }
        for one in asked
    ]
    _write(pa.Table.from_pylist(rows, schema=SCHEMA), cut.tables / "queries.parquet")
    checks = [{"check_id": name, "verdict": "ERROR"} for name in errors]
    _write(
        pa.Table.from_pylist(checks, schema=pa.schema([("check_id", pa.string()), ("verdict", pa.string())])),
        cut.gate / "checks.parquet",
    )
    record(study.folder, Event(action="gate", object=f"cut {cut.cut_id}", new="PASS_WITH_ROWS"))
    return cut


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, write_page_checksum=True)
