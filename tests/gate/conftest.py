"""A small cut on which every check passes, in memory and on disk."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.core import duck
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.gate.read_records import LANDED_RECORDS, Reading
from pipelines.gate.reconcile import reconcile
from pipelines.gate.rooms import Rooms
from pipelines.study import Study, StudyFolder, load_study
from pipelines.study.domains import DOMAINS, SQL_TYPES, Domain
from tests.gate.faults_lasting import LASTING

SMALL_CUT = (Path(__file__).parent / "small_cut.sql").read_text(encoding="utf-8")
MARTS = (
    *("adsl", "adqs", "response", "remission", "onset", "sustained", *LASTING),
    *("therapy", "exposure", "biomarkers", "adae", "advs"),
    *("therapy_summary", "session_peaks", "safety_alerts", "blinding_assessment"),
)
MONITORING = ("deliveries", "quarantine", "record_changes", "site_metrics")
TABLE_DOMAINS = tuple(domain for domain in DOMAINS.values() if not domain.analysed)
PUBLISHED = (*MARTS, *MONITORING, *(domain.name for domain in TABLE_DOMAINS))
_number = itertools.count(1)


def _sdtm_sql(domain: Domain) -> str:
    """Returns SQL for one record of a domain that no model reads: as it landed, and as the table it is in the cut."""
    landed, curated = [
        "".join(f", null::{SQL_TYPES[one.type]} as {one.name}" for one in domain.variables if one not in hidden)
        for hidden in (domain.hidden, ())
    ]
    return f"""
        create table landed.{domain.name} as
            select unnest(landed('S01-001', 70)){landed} where {not domain.in_vault};
        create table curated.{domain.name} as
            select 'TINY' as studyid, 'S01-001' as usubjid, 'S01' as siteid{curated},
            delivery() as delivery_id, 'all_2026-02-20.csv' as source_file, 70::bigint as srcseq;
    """


def small_rooms() -> Rooms:
    """Returns the small cut as tables that a test may change, with what would be published made of it."""
    database = f":memory:test-{next(_number)}"
    connection = duck.connect(Path(database))
    connection.execute(SMALL_CUT + "".join(map(_sdtm_sql, TABLE_DOMAINS)))
    for mart in PUBLISHED:
        connection.execute(f"create table published.{mart} as from curated.{mart}")
    reconcile_small(connection)
    return Rooms(connection=connection, database=database, domains=frozenset(DOMAINS))


def reconcile_small(connection: duckdb.DuckDBPyConnection) -> None:
    """Reconciles the small cut as it is now, each record read as it landed."""
    connection.execute("drop table if exists published.reconciliation")
    for table in ("landed_records", "counts", "tally", "uneven", "numbered", "explained"):
        connection.execute(f"drop table if exists main.{table}")
    connection.execute(f"create table main.landed_records ({LANDED_RECORDS})")
    names = [domain.name for domain in DOMAINS.values() if not domain.in_vault]
    for name in names:
        connection.execute(f"""
            insert into main.landed_records select deliveries.rank, '{name}', count(*) from landed.{name} as records
            join landed.deliveries as deliveries on records._delivery_id = deliveries.delivery_id group by all
        """)
    reconcile(connection, {name: small_reading(name) for name in names})


def small_reading(name: str, *, until: str = "true") -> Reading:
    """Returns how a domain of the small cut is read: the records of deliveries in use for which `until` is true."""
    query = (
        f"select records.*, deliveries.rank as delivery_rank from landed.{name} as records "
        "join landed.deliveries as deliveries on records._delivery_id = deliveries.delivery_id and deliveries.current"
    )
    return Reading(read=f"{query} where {until}", before_cutoff=query)


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    """The small cut in memory."""
    small = small_rooms()
    yield small
    small.connection.close()


@pytest.fixture(scope="module")
def pristine_rooms() -> Iterator[Rooms]:
    """The small cut in memory, with a copy of it in the database `pristine`, to restore tables from."""
    small = small_rooms()
    small.connection.execute("attach ':memory:' as pristine")
    small.connection.execute(f"copy from database {duck.identifier(_database(small))} to pristine")
    yield small
    small.connection.close()


def _database(rooms: Rooms) -> str:
    row = rooms.connection.execute("select current_database()").fetchone()
    assert row is not None
    return str(row[0])


STUDY = """
study: TINY
title: A tiny study
design: parallel
blinding: open
signoff: none
sites: {S01: {name: Basel, country: CHE, layout: sdtm}}
arms: {KET: {label: Ketamine, role: experimental}, PBO: {label: Saline, role: control}}
visits:
  - {visit: BL, visitnum: 1, label: Baseline, day: 1, window: [-1, 1], baseline: true}
  - {visit: W1, visitnum: 2, label: Week 1, day: 8, window: [5, 11]}
  - {visit: W2, visitnum: 3, label: Week 2, day: 15, window: [12, 18]}
instruments: [MADRS]
endpoints: {instrument: MADRS, response: {min_reduction_pct: 50}, remission: {max_score: 10}}
missing_rules: [observed, nri]
layouts:
  sdtm:
"""


@dataclass(frozen=True)
class SmallCut:
    """The small cut on disk, as landing and build leave it."""

    study: Study
    cut_id: str

    @property
    def directory(self) -> Path:
        """The cut's folder."""
        return self.study.folder.cuts / self.cut_id


@pytest.fixture
def small_cut(tmp_path: Path) -> Callable[..., SmallCut]:
    """A function that writes the small cut below `tmp_path`, after faults were put in."""

    def write(*faults: str, domains: tuple[str, ...] = tuple(DOMAINS), name: str = "tiny") -> SmallCut:
        folder = StudyFolder(tmp_path / name)
        folder.root.mkdir()
        layout = "".join(
            f'    - {{file: "{domain}.xpt", format: {{type: xpt}}, sdtm: {domain}}}\n' for domain in domains
        )
        folder.study_file.write_text(STUDY + layout, encoding="utf-8")
        rooms = small_rooms()
        for fault in faults:
            rooms.connection.execute(fault)
        cut_id = _written(rooms.connection, folder)
        rooms.connection.close()
        return SmallCut(load_study(folder.root), cut_id)

    return write


def _written(connection: duckdb.DuckDBPyConnection, folder: StudyFolder) -> str:
    landing = folder.deliveries / ("a" * 64) / "k1"
    (landing / "rows").mkdir(parents=True)
    for domain in DOMAINS:
        if connection.execute(f"select count(*) from landed.{domain}").fetchone() != (0,):
            _copy(connection, _whole(connection, domain), landing / "rows" / f"{domain}.parquet")
    _copy(connection, "landed.quarantine", landing / "quarantine.parquet")
    deliveries = connection.execute("select to_json(list(d))::varchar from landed.deliveries as d").fetchone()
    assert deliveries is not None
    content = canonical_json(
        {
            "study": "TINY",
            "study_file_sha256": sha256_file(folder.study_file),
            "metadata_sha256": {},
            "deliveries": json.loads(deliveries[0]),
        }
    )
    cut_id = sha256_bytes(content)
    cut = folder.cuts / cut_id
    (cut / "tables").mkdir(parents=True)
    (cut / "inputs.json").write_bytes(content)
    connection.execute(f"attach '{cut / 'cut.duckdb'}' as cut (storage_version 'v1.0.0')")
    for schema in ("marts", "monitoring", "sdtm", "study", "reference"):
        connection.execute(f"create schema cut.{schema}")
    for mart in MARTS:
        connection.execute(f"create table cut.marts.{mart} as from curated.{mart}")
    for table in MONITORING:
        connection.execute(f"create table cut.monitoring.{table} as from curated.{table}")
    for one in TABLE_DOMAINS:
        connection.execute(f"create table cut.sdtm.{one.name} as from curated.{one.name}")
    for mart in PUBLISHED:
        _copy(connection, f"published.{mart}", cut / "tables" / f"{mart}.parquet")
    for schema in ("study", "reference"):
        for (table,) in connection.execute(
            f"select table_name from duckdb_tables() where schema_name = '{schema}' and database_name <> 'cut'"
        ).fetchall():
            if table not in {"declared_tests", "limits"}:
                connection.execute(f"create table cut.{schema}.{table} as from {schema}.{table}")
    connection.execute("detach cut")
    return cut_id


def _whole(connection: duckdb.DuckDBPyConnection, domain: str) -> str:
    """Returns a query for the landed rows of a domain with all variables that landing writes outside of the vault."""
    there = {row[0] for row in connection.execute(f"describe landed.{domain}").fetchall()}
    hidden = DOMAINS[domain].hidden
    missing = [one for one in DOMAINS[domain].variables if one.name not in there and one not in hidden]
    listed = "".join(f", null::{SQL_TYPES[one.type]} as {one.name}" for one in missing)
    return f"(select *{listed} from landed.{domain})"


def _copy(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    connection.execute(f"copy (from {table}) to '{file}' (format parquet)")
