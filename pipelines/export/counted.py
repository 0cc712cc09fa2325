"""Tables of counts of subjects, by arm: who took part, who responded, who had which adverse event.

A blinded cut has one column: all arms together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.core.duck import connect, parquet_scan
from pipelines.export.shared import OLDEST
from pipelines.export.suppression import Cell, Profile, protected

_SUBJECTS = f"""
    select 'status at end' as characteristic, coalesce(eosstt, 'unknown') as row_name, trta, usubjid from {{adsl}}
    union all
    select 'sex', coalesce(sex, 'unknown'), trta, usubjid from {{adsl}}
    union all
    select
        'age',
        case
            when age is null then 'unknown'
            when age >= {OLDEST} then '{OLDEST}+'
            else concat(age // 10 * 10, ' to ', age // 10 * 10 + 9)
        end,
        trta,
        usubjid
    from {{adsl}}
"""
_JUDGED = """
    select
        endpoint, paramcd, estimand, missing_rule, aperiod, avisit, trta, usubjid,
        coalesce(crit1fl, 'missing') as row_name
    from {%s}
    where avisit is not null
"""
_ADVERSE_EVENTS = """
    select
        terms.aedecod, subjects.trta, subjects.usubjid,
        case when had.usubjid is null then 'N' else 'Y' end as row_name
    from {adsl} as subjects
    cross join (select distinct aedecod from {adae} where aedecod is not null) as terms
    left join (select distinct usubjid, aedecod from {adae} where trtemfl = 'Y') as had
        on subjects.usubjid = had.usubjid and terms.aedecod = had.aedecod
"""
_STRATA = ("endpoint", "paramcd", "estimand", "missing_rule", "aperiod", "avisit")
# Each: the strata, which are tables of their own, and the query that gives stratum, row, column and subject.
COUNTED = {
    "subjects": (("characteristic",), _SUBJECTS),
    "response": (_STRATA, _JUDGED % "response"),
    "remission": (_STRATA, _JUDGED % "remission"),
    "adverse_events": (("aedecod",), _ADVERSE_EVENTS),
}


def counted(tables: Path, profile: Profile) -> dict[str, pa.Table]:
    """Returns the tables of counts as they may be shared: strata, row, arm, `subjects` (null: not shown)."""
    made = {}
    for name, (strata, query) in COUNTED.items():
        cells = _cells(tables, strata, query)
        rows: list[dict[str, Any]] = []
        for stratum, counts in sorted(cells.items(), key=lambda item: str(item[0])):
            for (row, column), count in sorted(protected(counts, profile).items()):
                named = dict(zip(strata, stratum, strict=True))
                rows.append(named | {"category": row, "arm": column, "subjects": count})
        fields = [*((each, pa.string()) for each in (*strata, "category", "arm")), ("subjects", pa.int64())]
        made[name] = pa.Table.from_pylist(rows, schema=pa.schema(fields))
    return made


def _cells(tables: Path, strata: tuple[str, ...], query: str) -> Mapping[tuple[str, ...], dict[Cell, int]]:
    scans = {path.stem: parquet_scan([path]) for path in tables.glob("*.parquet")}
    named = ", ".join(f"cast({name} as varchar)" for name in strata)
    sql = (
        f"select {named}, row_name, trta, count(distinct usubjid) from ({query.format_map(scans)}) "
        "where trta is not null group by all order by all"
    )
    cells: dict[tuple[str, ...], dict[Cell, int]] = {}
    with connect() as connection:
        for *stratum, row, column, count in connection.execute(sql).fetchall():
            cells.setdefault(tuple(stratum), {})[row, column] = count
    return cells
