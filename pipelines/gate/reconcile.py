"""Reconciliation: every delivered row, and every record made of it, followed to where it is published or left out.

published.reconciliation    one line a delivered file (unit ROWS), and one a file and domain (unit RECORDS)
    ROWS      delivered = landed + set_aside + refused; of a refused file that cannot be read, both ends are null
    RECORDS   landed = superseded + absent_since + undone + after_cutoff + restated + not_asked + derived + published
`unexplained` is what a line lacks to that, and a critical check lets no line lack any. Each part is counted by itself:
none is what the others leave over, but for a file that is not in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipelines.core.duck import identifier, literal
from pipelines.study.domains import DOMAINS, Domain

if TYPE_CHECKING:
    import duckdb

    from pipelines.gate.read_records import Reading

# Where a domain's records stand as rows of their own; other domains that models do not read are tables by their name.
TABLES = {
    "dm": "adsl", "ex": "exposure", "qs": "adqs", "vs": "advs", "lb": "biomarkers", "ae": "adae", "pr": "therapy",
}  # fmt: skip
# Read for what they say of a subject; none of their records is a row of a table.
_DERIVED = {"ds": "adsl", "ce": "durability"}
_PARTS = ("superseded", "absent_since", "undone", "after_cutoff", "restated", "not_asked", "derived", "published")


def reconcile(connection: duckdb.DuckDBPyConnection, readings: Mapping[str, Reading]) -> None:
    """Creates table published.reconciliation from main.landed_records, `readings` and the published tables."""
    shape = "domain varchar, delivery_rank integer, part varchar, records bigint"
    connection.execute(f"create table main.counts ({shape})")
    connection.execute(
        "create table main.tally (domain varchar, delivery_rank integer, delivery_id varchar, source_file varchar, "
        "usubjid varchar, testcd varchar, records bigint)"
    )
    for name, reading in readings.items():
        domain = DOMAINS[name]
        tested = identifier(domain.test) if name in {"qs", "lb"} and domain.test else "null"
        # A rank is one delivery, whose rows all name the same file: two columns less to group ten million rows by.
        connection.execute(
            f"insert into main.tally select {literal(name)}, delivery_rank, any_value(_delivery_id), "
            f"any_value(_source_file), usubjid, {tested}, count(*) from ({reading.read}) group by delivery_rank, "
            f"usubjid{', ' + tested if tested != 'null' else ''}"
        )
        if reading.before_cutoff != reading.read:
            query = f"select delivery_rank, 1 as records from ({reading.before_cutoff})"
            _count(connection, name, "before_cutoff", query)
        _count_left_out(connection, domain, reading)
        _count_published(connection, name)
    connection.execute(f"create table published.reconciliation as {_lines()}")


def _count(connection: duckdb.DuckDBPyConnection, domain: str, part: str, query: str) -> None:
    """Adds what `query` gives (delivery_rank, records); in it, `tally` is the domain's own."""
    connection.execute(
        f"insert into main.counts with tally as (from main.tally where domain = {literal(domain)}) "
        f"select {literal(domain)}, delivery_rank, {literal(part)}, sum(records) from ({query}) group by all"
    )


def _count_left_out(connection: duckdb.DuckDBPyConnection, domain: Domain, reading: Reading) -> None:
    name = domain.name
    if name == "qs":
        _count_scores(connection, reading)
        return
    if name in _DERIVED:
        _count(connection, name, "derived", "select delivery_rank, records from tally")
        return
    asked = "true"
    if name == "lb":
        asked = "lbtestcd in (select lbtestcd from study.biomarkers)"
        outside = "testcd is null or testcd not in (select lbtestcd from study.biomarkers)"
        _count(connection, name, "not_asked", f"select delivery_rank, records from tally where {outside}")
    # A later delivery restates a record of its key; within one delivery landing has told records of one key apart.
    order, repeated = "rank() over ({} order by delivery_rank desc)", "min(delivery_rank) <> max(delivery_rank)"
    keys: tuple[str, ...] = domain.key
    if name == "dm":
        order = "row_number() over ({} order by delivery_rank desc, _source_row desc, _record desc)"
        keys, repeated = (), "sum(records) > 1"
    of_domain = f"from main.tally where domain = {literal(name)}"
    subjects = f"select coalesce(usubjid, '') {of_domain} group by 1 having {repeated}"
    if not connection.execute(f"select 1 from ({subjects}) limit 1").fetchall():
        return
    known = {row[0] for row in connection.execute(f"describe {reading.read}").fetchall()}
    listed = ", ".join(identifier(key) for key in ("usubjid", *keys) if key in known)
    _count(
        connection,
        name,
        "restated",
        f"select delivery_rank, 1 as records from (select delivery_rank, "
        f"{order.format(f'partition by {listed}')} as restatement from ({reading.read}) "
        f"where {asked} and coalesce(usubjid, '') in ({subjects})) where restatement > 1",
    )


def _count_published(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    table = TABLES.get(name, name)
    columns = connection.execute(
        "select column_name from duckdb_columns() where schema_name = 'published' and table_name = ? "
        "and database_name = current_database()",
        [table],
    ).fetchall()
    if name == "qs" or name in _DERIVED or not columns:
        return
    # A mean before the first dose is a row beside those that it is the mean of.
    collected = "dtype is distinct from 'AVERAGE'" if ("dtype",) in columns else "true"
    _count(
        connection,
        name,
        "published",
        "select places.delivery_rank, rows.records from ("
        "    select delivery_id, source_file, count(*) as records "
        f"    from published.{identifier(table)} where {collected} group by all) as rows "
        "left join (select distinct delivery_rank, delivery_id, source_file from tally) as places "
        "on rows.delivery_id = places.delivery_id and rows.source_file = places.source_file",
    )


def _count_scores(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    """Counts scores by subject: a row of `adqs` is made of many records (source_rows), of several files at times.

    Where a subject's rows are made of fewer records than its files hold, and only there, its records are numbered as
    restatements; a subject that differs even then is published nowhere, so that all its records are unexplained.
    """
    codes = "select qstestcd from study.instrument_codes"
    apart = (
        "select qstestcd from study.score_alerts union select qstestcd from study.blinding_assessments "
        "union select certainty_testcd from study.blinding_assessments"
    )
    asked = f"testcd in ({codes})"
    derived = f"not {asked} and testcd in ({apart})"
    connection.execute("""
        create table main.uneven as
        with recorded as (
            select usubjid, sum(records) as records
            from main.tally join study.instrument_codes as codes on testcd = codes.qstestcd
            where domain = 'qs' group by usubjid
        ),
        counted as (
            select usubjid, sum(source_rows) as records from published.adqs
            where dtype is distinct from 'AVERAGE' group by usubjid
        )
        select coalesce(recorded.usubjid, counted.usubjid) as usubjid, recorded.records, counted.records as published
        from recorded full join counted on recorded.usubjid is not distinct from counted.usubjid
        where recorded.records is distinct from counted.records;
    """)
    _count(connection, "qs", "derived", f"select delivery_rank, records from tally where {derived}")
    outside = f"testcd is null or not {asked} and not coalesce({derived}, false)"
    _count(connection, "qs", "not_asked", f"select delivery_rank, records from tally where {outside}")
    even = "coalesce(usubjid, '') not in (select coalesce(usubjid, '') from main.uneven)"
    _count(connection, "qs", "published", f"select delivery_rank, records from tally where {asked} and {even}")
    if connection.execute("select 1 from main.uneven limit 1").fetchall():
        _count_restated_scores(connection, reading)


def _count_restated_scores(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    known = {row[0] for row in connection.execute(f"describe {reading.read}").fetchall()}
    keys = [key for key in DOMAINS["qs"].key if key != "qstestcd" and key in known]
    listed = ", ".join(["read.usubjid", "codes.paramcd", *(f"read.{identifier(key)}" for key in keys)])
    connection.execute(f"""
        create table main.numbered as
        select read.usubjid, delivery_rank, _delivery_id, _source_row, _record, row_number() over (
            partition by {listed}, codes.item_testcd
            order by codes.is_derived, delivery_rank desc, _source_row desc, _record desc) as restatement
        from ({reading.read}) as read join study.instrument_codes as codes on read.qstestcd = codes.qstestcd
        where read.usubjid in (select usubjid from main.uneven)
    """)
    connection.execute("""
        create table main.explained as
        select uneven.usubjid from main.uneven join main.numbered using (usubjid)
        group by uneven.usubjid, uneven.published having count(*) filter (restatement = 1) = uneven.published
    """)
    kept = """
        select delivery_rank, min(restatement) = 1 as is_kept from main.numbered
        where usubjid in (from main.explained) group by delivery_rank, _delivery_id, _source_row, _record
    """
    _count(connection, "qs", "published", f"select delivery_rank, 1 as records from ({kept}) where is_kept")
    _count(connection, "qs", "restated", f"select delivery_rank, 1 as records from ({kept}) where not is_kept")
    # Rows of subjects of whom no file holds a record.
    stray = "select null as delivery_rank, published as records from main.uneven where records is null"
    _count(connection, "qs", "published", stray)


def _lines() -> str:
    """Returns the query for the lines."""
    names = {**_DERIVED, **TABLES}
    read_by = " ".join(f"when {literal(domain)} then {literal(table)}" for domain, table in names.items())
    # Content that came, went and came again is replaced more than once.
    vanished = "least(landed.records, coalesce(vanished.records, 0))"
    parts = {part: f"coalesce(counts.{part}, 0)" for part in ("restated", "not_asked", "derived", "published")} | {
        "superseded": f"case when in_use then 0 else landed.records - {vanished} end",
        "absent_since": f"case when in_use then 0 else {vanished} end",
        "undone": "case when in_use then coalesce(landed.records, 0) - coalesce(counts.before_cutoff, 0) else 0 end",
        "after_cutoff": "coalesce(counts.before_cutoff, 0) - coalesce(counts.read, 0)",
    }
    listed = ", ".join(f"{parts[part]} as {part}" for part in _PARTS)
    known = ("before_cutoff", "read", "restated", "not_asked", "derived", "published")
    pivoted = ", ".join(f"sum(records) filter (part = {literal(part)})::bigint as {part}" for part in known)
    return f"""
        with read as (select domain, delivery_rank, sum(records) as records from main.tally group by all),
        counted as (
            from main.counts
            union all select domain, delivery_rank, 'read', records from read
            union all select domain, delivery_rank, 'before_cutoff', records from read
            anti join (from main.counts where part = 'before_cutoff') as cut using (domain)
        ),
        counts as (select domain, delivery_rank, {pivoted} from counted group by all),
        vanished as (
            select old_delivery_id, old_source_file, lower(domain) as domain, count(*) as records
            from published.record_changes where change = 'vanished' group by all
        ),
        records as (
            select deliveries.siteid, deliveries.file as source_file, 'RECORDS' as unit,
                upper(coalesce(landed.domain, counts.domain)) as domain,
                case coalesce(landed.domain, counts.domain) {read_by} else landed.domain end as read_by,
                deliveries.delivery_id, deliveries.outcome, deliveries.current as is_current,
                coalesce(deliveries.current, true) as in_use,
                coalesce(landed.records, 0) as landed, {listed}
            from main.landed_records as landed
            full join counts on landed.domain = counts.domain and landed.delivery_rank = counts.delivery_rank
            left join landed.deliveries as deliveries
                on coalesce(landed.delivery_rank, counts.delivery_rank) = deliveries.rank
            left join vanished on deliveries.delivery_id = vanished.old_delivery_id
                and deliveries.file = vanished.old_source_file and landed.domain = vanished.domain
        ),
        rows as (
            select siteid, file as source_file, 'ROWS' as unit, delivery_id, outcome, current as is_current,
                case when outcome in ('accepted', 'warned') then rows_in else rows_refused end as delivered,
                case when outcome in ('accepted', 'warned') then rows_accepted else 0 end as landed,
                case when outcome in ('accepted', 'warned') then rows_quarantined else 0 end as set_aside,
                case when outcome in ('accepted', 'warned') then 0 else rows_refused end as refused
            from landed.deliveries
        ),
        lines as (
            select *,
                -- Of a refused file that could not be read nobody knows the rows: none of them landed.
                case when delivered is null and outcome not in ('accepted', 'warned') then landed + set_aside
                    else delivered - landed - set_aside - refused end as unexplained
            from rows
            union all by name
            select *, landed - ({" + ".join(_PARTS)}) as unexplained from records
        )
        select siteid, source_file, unit, domain, read_by, outcome, delivery_id, delivered, landed, set_aside, refused,
            {", ".join(_PARTS)}, unexplained, is_current
        from lines order by siteid, source_file, delivery_id, unit desc, domain
    """
