"""Which failing row is which, cut after cut: an id that follows from what a row is about, not from where it stands.

A row's number in an export changes whenever a row before it is added. So an id is the hash of the study, the check, the
site, the subject, the visit, the item and the record's own key (test, visit, date and time point, as in
`record_changes`). Of rows that are alike in all of these, the first by file and row is the first in every cut.

Rule    values of a record are compared with those of earlier deliveries, and never written
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.build.history import compared, record_key_of
from pipelines.core.duck import identifier, literal, parquet_scan
from pipelines.gate.rooms import Rooms
from pipelines.gate.rules import KEYS
from pipelines.land.store import landing_directory
from pipelines.study.domains import DOMAINS, Domain

if TYPE_CHECKING:
    from pipelines.cut import Cut

IDENTIFIED = "main.failing_identified"
STEPS = "main.delivery_steps"
# As failing rows name a record: the file is another one with each delivery, and so is its row.
_NATURAL = ("check_id", "siteid", "usubjid", "srcdom", "paramcd", "avisit", "record_key")


def row_id(studyid: str, columns: Sequence[str]) -> str:
    """Returns the SQL of an id over these columns: `7F3A21-9B04C2`, 48 bits, short enough to be read out."""
    parts = ", ".join(f"coalesce(cast({column} as varchar), chr(30))" for column in columns)
    digest = f"upper(sha256(concat_ws(chr(31), {literal(studyid)}, {parts})))"
    return f"{digest}[1:6] || '-' || {digest}[7:12]"


def identify(rooms: Rooms, studyid: str, cut: Cut) -> None:
    """Creates IDENTIFIED: each failing row with `record_key`, `row_id` and `opened_on`, and STEPS, which it is made of.

    `opened_on` is the day of the first delivery that held the record as it is now, without one in between that did not;
    null where the row is of no delivery whose name holds a day.
    """
    connection = rooms.connection
    _create_steps(rooms, cut)
    domains = _domains(rooms)
    said = [_records(domain, f"landed.{domain.name}", _of_failing(domain)) for domain in domains]
    past = [part for domain in domains if (part := _past(domain, cut))]
    nothing = "select null::varchar as srcdom, null::varchar as delivery_id, null::bigint as source_row, "
    nothing += "null::varchar as usubjid, null::varchar as test, null::varchar as record_key, null::ubigint as said "
    listed = ", ".join(KEYS)
    connection.execute(
        f"""
        create or replace table {IDENTIFIED} as
        with failing as (select rowid as place, * from main.failing),
        records as ({" union all ".join([f"{nothing} where false", *said])}),
        past as ({" union all ".join([f"{nothing} where false", *past])}),
        told as (
            select failing.place, failing.paramcd is not distinct from records.test as is_own, records.record_key,
                records.said, records.usubjid, records.srcdom, records.delivery_id
            from failing
            inner join records on failing.srcdom = records.srcdom and failing.delivery_id = records.delivery_id
                and failing.srcseq = records.source_row
        ),
        -- A row of a wide file makes many records: the one of the item where it is named, else the first by its key.
        chosen as (
            select * from told
            qualify row_number() over (partition by place order by is_own desc, record_key, said) = 1
        ),
        sightings as (
            select distinct chosen.place, steps.export, steps.step, steps.delivered_on
            from chosen
            inner join past on chosen.usubjid is not distinct from past.usubjid and chosen.srcdom = past.srcdom
                and chosen.record_key is not distinct from past.record_key and chosen.said = past.said
            inner join {STEPS} as steps on past.delivery_id = steps.delivery_id
            where steps.export in (select export from {STEPS} as own where own.delivery_id = chosen.delivery_id)
        ),
        {opened_since("sightings", "select place, delivery_id from chosen")},
        numbered as (
            select failing.*, chosen.record_key, opened.opened_on, row_number() over (
                partition by failing.check_id, siteid, failing.usubjid, failing.srcdom, paramcd, avisit, record_key
                order by source_file, srcseq, failing.delivery_id, failing.place
            ) as occurrence
            from failing
            left join chosen on failing.place = chosen.place
            left join opened on failing.place = opened.place
        ),
        days as (select delivery_id, max(delivered_on) as delivered_on from {STEPS} group by delivery_id)
        select check_id, {", ".join(f"numbered.{key}" for key in KEYS)}, record_key,
            {row_id(studyid, [*_NATURAL, "occurrence"])} as row_id,
            coalesce(opened_on, days.delivered_on) as opened_on
        from numbered left join days on numbered.delivery_id = days.delivery_id
        order by check_id, {listed}, row_id
        """
    )


def opened_since(sightings: str, own: str) -> str:
    """Returns the CTEs up to `opened` (place, opened_on): since when, without a break, each place was sighted.

    Args:
        sightings: a relation (place, export, step, delivered_on).
        own: a query (place, delivery_id) of the delivery in which it stands now.
    """
    return f"""
        islands as (
            select *, step - row_number() over (partition by place, export order by step) as island from {sightings}
        ),
        own as (
            select mine.place, steps.export, max(steps.step) as step
            from ({own}) as mine inner join {STEPS} as steps on mine.delivery_id = steps.delivery_id
            group by mine.place, steps.export
        ),
        opened as (
            select own.place, min(others.delivered_on) as opened_on
            from own
            inner join islands on own.place = islands.place and own.export = islands.export and own.step = islands.step
            inner join islands as others on islands.place = others.place and islands.export = others.export
                and islands.island = others.island
            group by own.place
        )"""


def accepted(cut: Cut) -> list[dict[str, Any]]:
    """Returns the deliveries of the cut that landed, superseded ones too, in their order."""
    return [one for one in cut.inputs["deliveries"] if one.get("outcome", "accepted") in {"accepted", "warned"}]


def _create_steps(rooms: Rooms, cut: Cut) -> None:
    """Creates STEPS: the deliveries of each export, numbered in their order."""
    rooms.connection.execute(
        f"create or replace table {STEPS} (delivery_id varchar, siteid varchar, layout_file varchar, export integer, "
        "step integer, delivered_on date)"
    )
    exports: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in accepted(cut):
        exports.setdefault(_export(one), []).append(one)
    rows = [
        [one["delivery_id"], *key, number, step, one.get("delivered_on")]
        for number, (key, chain) in enumerate(sorted(exports.items()), start=1)
        for step, one in enumerate(chain, start=1)
    ]
    if rows:
        rooms.connection.executemany(f"insert into {STEPS} values (?, ?, ?, ?, ?, ?)", rows)


def _domains(rooms: Rooms) -> list[Domain]:
    """Returns the domains of failing rows, as far as their records are whole: a column that is gone is for a check."""
    named = {row[0] for row in rooms.connection.execute("select distinct lower(srcdom) from main.failing").fetchall()}
    found = [domain for name, domain in DOMAINS.items() if name in named and not domain.in_vault]
    return [domain for domain in found if _needed(domain) <= set(rooms.columns("landed", domain.name))]


def _needed(domain: Domain) -> set[str]:
    keys = {one.name for name in domain.key if (one := domain.variable(name)) and not one.treatment}
    return keys | {one.name for one in compared(domain)} | {"usubjid", "_delivery_id", "_source_row"}


def _records(domain: Domain, relation: str, condition: str) -> str:
    said = ", ".join(f"rows.{identifier(one.name)}" for one in compared(domain)) or "0"
    test = f"rows.{identifier(domain.test)}" if domain.test else "null::varchar"
    return (
        f"select {literal(domain.name.upper())} as srcdom, rows._delivery_id as delivery_id,"
        f" rows._source_row as source_row, rows.usubjid, {test} as test, {record_key_of(domain)} as record_key,"
        f" hash(row({said})) as said from {relation} as rows where {condition}"
    )


def _of_failing(domain: Domain) -> str:
    # Before anything is computed of a row: of ten million records few fail.
    named = f"select delivery_id, srcseq from main.failing where srcdom = {literal(domain.name.upper())}"
    return f"(rows._delivery_id, rows._source_row) in ({named} and delivery_id is not null and srcseq is not null)"


def _past(domain: Domain, cut: Cut) -> str:
    """Returns the query for what deliveries said of the subjects of failing rows, where another may have said the same.

    A record of an export that came once stands there since that day.
    """
    folders = [landing_directory(cut.folder, one["delivery_id"], one["landing_key"]) for one in _retold(cut)]
    files: list[Path] = [folder / "rows" / f"{domain.name}.parquet" for folder in folders]
    present = [file for file in files if file.is_file()]
    condition = "rows.usubjid in (select usubjid from main.failing)"
    return _records(domain, parquet_scan(present), condition) if present else ""


def _retold(cut: Cut) -> list[dict[str, Any]]:
    """Returns the deliveries of exports that came more than once, or of which the same bytes came as another's too."""
    landed = accepted(cut)
    times = Counter(_export(one) for one in landed) + Counter(one["delivery_id"] for one in landed)
    again = {_export(one) for one in landed if times[_export(one)] > 1 or times[one["delivery_id"]] > 1}
    return [one for one in landed if _export(one) in again]


def _export(delivery: dict[str, Any]) -> tuple[str, str]:
    return delivery["siteid"], delivery.get("layout_file", delivery["file"])
