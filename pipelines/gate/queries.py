"""Queries: what a cut asks of its sites, as the table `queries` of that cut.

A failing row of a check that a site can do something about is a query, and so is each value that landing set aside.
Verdicts come after the build, so the gate adds this table to those that dbt derived: it follows from the same inputs,
and is in the manifest like them. What became of a query in later cuts is `pipelines.queries`' to tell.

Rule    a query names site, subject, visit, item, file and row, and what is wrong in words; never a value
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.core import duck
from pipelines.core.duck import literal, parquet_scan
from pipelines.core.errors import BusyError
from pipelines.core.files import write_atomically
from pipelines.gate.rooms import Rooms
from pipelines.gate.row_ids import IDENTIFIED, STEPS, accepted, opened_since, row_id
from pipelines.gate.suite import Suite
from pipelines.gate.verdict import CheckResult
from pipelines.land.store import landing_directory

if TYPE_CHECKING:
    from pipelines.cut import Cut
    from pipelines.study import Study

_TABLE = "monitoring.queries"
_DESCRIPTION = "Queries: what this cut asks of its sites. Grain: one row per query."
_ROWS_IN_GROUP = 122_880
_LANDING_SEVERITY = "major"
COLUMNS = {
    "studyid": "Study.",
    "query_id": "The query's id; the same in every cut that asks the same.",
    "siteid": "Site (or vendor) that is asked; null where the data name none.",
    "usubjid": "Subject; null where the row names none that is known.",
    "avisit": "Planned visit, where the row has one.",
    "item": "Test, item or parameter of the row; of a value that was set aside, its column in the file.",
    "raised_by": "check: a check of the gate; landing: a value that was set aside.",
    "check_id": "Check, or reason code of landing.",
    "severity": "critical, major or minor.",
    "sentence": "What should hold, in words; of a value that was set aside, why it was.",
    "srcdom": "SDTM domain of the record; null of a value that was set aside.",
    "source_file": "Name of the delivered file.",
    "delivery_id": "SHA-256 of that file.",
    "srcseq": "Row in source_file (1 = first data row).",
    "opened_on": "Day of the first delivery that held this as it is now, without a break since; null where unknown.",
}


def write_queries(
    path: Path, rooms: Rooms, study: Study, cut: Cut, *, suites: Sequence[Suite], results: Sequence[CheckResult]
) -> None:
    """Writes the queries of a cut, and lets its database go; IDENTIFIED is there (`row_ids.identify`).

    Args:
        path: tables/queries.parquet of the cut.
        rooms: the gate's database.
        study: the study.
        cut: the cut.
        suites: all suites; their checks say which of them are queries.
        results: what they found; a check that could not run asks nothing.
    """
    studyid = study.study
    mended = ", ".join(map(literal, _mended(study, cut))) or "null"
    ran = {result.check_id for result in results if result.verdict != "ERROR"}
    asked = [check for suite in suites for check in suite.checks if suite.asks(check) and check.id in ran]
    values = ", ".join(
        f"({literal(check.id)}, {literal(check.severity)}, {literal(' '.join(check.sentence.split()))})"
        for check in asked
    )
    query = f"""
        with asked (check_id, severity, sentence) as ({f"values {values}" if values else _nothing(3)}),
        subjects as (select usubjid, min(siteid) as siteid from landed.dm where usubjid is not null group by usubjid),
        senders as (
            select delivery_id, min(siteid) as siteid, min(file) as file, max(delivered_on) as delivered_on
            from landed.deliveries group by delivery_id
        ),
        {_set_aside(studyid, cut)}
        select {literal(studyid)} as studyid, 'Q-' || rows.row_id as query_id,
            coalesce(rows.siteid, subjects.siteid, senders.siteid) as siteid, rows.usubjid, rows.avisit,
            rows.paramcd as item, 'check' as raised_by, rows.check_id, asked.severity, asked.sentence, rows.srcdom,
            coalesce(rows.source_file, senders.file) as source_file, rows.delivery_id, rows.srcseq,
            coalesce(rows.opened_on, senders.delivered_on) as opened_on
        from {IDENTIFIED} as rows
        inner join asked on rows.check_id = asked.check_id
        left join subjects on rows.usubjid = subjects.usubjid
        left join senders on rows.delivery_id = senders.delivery_id
        where rows.srcseq is not null or not coalesce(rows.delivery_id in ({mended}), false)
        union all
        select {literal(studyid)}, 'Q-' || row_id, siteid, usubjid, avisit, item, 'landing', code,
            {literal(_LANDING_SEVERITY)}, reason, null, source_file, delivery_id, srcseq, opened_on
        from set_aside_opened
        order by siteid nulls last, usubjid nulls last, query_id
    """
    reader = rooms.connection.sql(query).to_arrow_reader(_ROWS_IN_GROUP)
    fields = [field.with_metadata({"description": COLUMNS[field.name]}) for field in reader.schema]
    schema = pa.schema(fields, metadata={"description": _DESCRIPTION, "grain": "query_id"})
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, schema, compression="zstd", write_page_checksum=True) as writer:
        for batch in reader:
            writer.write_batch(batch.cast(schema), row_group_size=_ROWS_IN_GROUP)
    write_atomically(path, buffer.getvalue(), change="gate.queries")
    # Great Expectations keeps the gate's database open until the process ends, and with it that of the cut.
    rooms.connection.execute("detach cut")


def keep_in_database(path: Path, database: Path) -> None:
    """Puts the table into cut.duckdb too, as all tables of a cut are.

    Raises:
        BusyError: another process has the database open.
    """
    try:
        connection = duck.connect(database)
    except duckdb.IOException:
        msg = f"{database}: another process reads it, and the cut's queries are to be added. Run the command again."
        raise BusyError(msg) from None
    try:
        connection.execute("create schema if not exists monitoring")
        connection.execute(f"create or replace table {_TABLE} as from {parquet_scan([path])}")
        # Found by its name alone, as the other tables are.
        connection.execute(f"create or replace view main.queries as select * from {_TABLE}")
        for column, text in COLUMNS.items():
            connection.execute(f"comment on column {_TABLE}.{column} is {literal(text)}")
    finally:
        connection.close()


def _mended(study: Study, cut: Cut) -> list[str]:
    """Returns the deliveries whose export came again and was accepted: what was wrong with the file is put right.

    Not of increments: the next one does not hold what the one before should have brought.
    """
    increments = {
        (site, export.file) for site in study.sites for export in study.exports(site) if export.delivery == "increment"
    }
    found: list[str] = []
    accepted_later: set[tuple[str, str]] = set()
    for one in reversed(cut.inputs["deliveries"]):
        export = (one["siteid"], one.get("layout_file") or "")
        if export in accepted_later:
            found.append(one["delivery_id"])
        if export[1] and export not in increments and one["outcome"] in {"accepted", "warned"}:
            accepted_later.add(export)
    return sorted(set(found))


def _nothing(columns: int) -> str:
    return f"select {', '.join(['null::varchar'] * columns)} where false"


def _set_aside(studyid: str, cut: Cut) -> str:
    """Returns the CTEs up to `set_aside_opened`: what the current deliveries had set aside, and since when."""
    files = {
        landing_directory(cut.folder, one["delivery_id"], one["landing_key"]) / "quarantine.parquet"
        for one in accepted(cut)
    }
    present = sorted(file for file in files if file.is_file())
    # What landed under an older version of the code names no subject.
    scan = _no_quarantine() + (f" union all by name from {parquet_scan(present)}" if present else "")
    # Where no subject is known, the row's number is all that tells it from others.
    natural = ("code", "siteid", "usubjid", "layout_file", "column_name", "visit", "row_number", "occurrence")
    return f"""
        entries as (
            select rows.*, steps.siteid, steps.layout_file, steps.export, steps.step, steps.delivered_on,
                case when rows.usubjid is null then rows._source_row end as row_number
            from ({scan}) as rows inner join {STEPS} as steps on rows._delivery_id = steps.delivery_id
        ),
        entries_numbered as (
            select *, row_number() over (
                partition by export, step, code, usubjid, column_name, visit, row_number order by _source_row
            ) as occurrence
            from entries
        ),
        entries_identified as (select *, {row_id(studyid, natural)} as place from entries_numbered),
        current_entries as (
            select place, max(_delivery_id) as delivery_id from entries_identified
            where _delivery_id in (select delivery_id from landed.deliveries where current) group by place
        ),
        entry_sightings as (select distinct place, export, step, delivered_on from entries_identified),
        {opened_since("entry_sightings", "select * from current_entries")},
        set_aside_opened as (
            select entries.place as row_id, entries.siteid, entries.usubjid, entries.visit as avisit,
                entries.column_name as item, entries.code, entries.reason, entries._source_file as source_file,
                entries._delivery_id as delivery_id, entries._source_row as srcseq, opened.opened_on
            from entries_identified as entries
            inner join current_entries on entries.place = current_entries.place
                and entries._delivery_id = current_entries.delivery_id
            left join opened on entries.place = opened.place
            qualify row_number() over (partition by entries.place order by entries.step desc) = 1
        )"""


def _no_quarantine() -> str:
    return (
        "select null::varchar as _delivery_id, null::varchar as _source_file, null::bigint as _source_row, "
        "null::varchar as column_name, null::varchar as code, null::varchar as reason, null::varchar as usubjid, "
        "null::varchar as visit where false"
    )
