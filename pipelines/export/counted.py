"""Tables of counts of subjects, by arm: who took part, who responded, who had which adverse event.

A blinded cut has one column: all arms together.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.core.duck import connect, parquet_scan
from pipelines.export.shared import OLDEST
from pipelines.export.suppression import TOTAL, Cell, Profile, protected_together

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
Stratum = tuple[str, ...]

_JUDGED_TABLES = {"response", "remission"}
# Of one visit all rules, estimands and both endpoints count the same scores of the same subjects.
_SAME_SUBJECTS = ("endpoint", "paramcd", "aperiod", "avisit")
_STRATA = ("endpoint", "paramcd", "estimand", "missing_rule", "aperiod", "avisit")
# Each: the strata, which are tables of their own, and the query that gives stratum, row, column and subject.
COUNTED = {
    "subjects": (("characteristic",), _SUBJECTS),
    "response": (_STRATA, _JUDGED % "response"),
    "remission": (_STRATA, _JUDGED % "remission"),
    "adverse_events": (("aedecod",), _ADVERSE_EVENTS),
}


def counted(tables: Path, profile: Profile) -> dict[str, pa.Table]:
    """Returns the tables of counts as they may be shared: strata, row, arm, `subjects` (null: not shown).

    Raises:
        NotAllowedError: it cannot be shown that what is hidden stays hidden.
    """
    made = {}
    cells = {name: _cells(tables, strata, query) for name, (strata, query) in COUNTED.items()}
    shown = _shown(cells, profile)
    for name, (strata, _) in COUNTED.items():
        rows: list[dict[str, Any]] = []
        for stratum in sorted(cells[name], key=str):
            for (row, column), count in sorted(shown[name, stratum].items()):
                named = dict(zip(strata, stratum, strict=True))
                rows.append(named | {"category": row, "arm": column, "subjects": count})
        fields = [*((each, pa.string()) for each in (*strata, "category", "arm")), ("subjects", pa.int64())]
        made[name] = pa.Table.from_pylist(rows, schema=pa.schema(fields))
    return made


def _shown(
    cells: Mapping[str, Mapping[Stratum, Mapping[Cell, int]]], profile: Profile
) -> dict[tuple[str, Stratum], dict[Cell, int | None]]:
    """Hides small counts, together in what is asked of the same subjects at the same visit.

    Elsewhere tables share the number of subjects by arm and nothing else, and that is shown in all of them or in none.
    """
    together: dict[Hashable, list[tuple[str, Stratum]]] = {}
    for name, strata in cells.items():
        for stratum in strata:
            visit = dict(zip(COUNTED[name][0], stratum, strict=True))
            same = tuple(visit.get(part) for part in _SAME_SUBJECTS) if name in _JUDGED_TABLES else (name, stratum)
            together.setdefault(same, []).append((name, stratum))
    shown: dict[tuple[str, Stratum], dict[Cell, int | None]] = {}
    for places in together.values():
        numbered = {str(number): place for number, place in enumerate(places)}
        counts = {key: _named(cells[name][stratum], name) for key, (name, stratum) in numbered.items()}
        for key, table in protected_together(counts, profile).items():
            of = f"{numbered[key][0]}: "
            shown[numbered[key]] = {(row.removeprefix(of), column): count for (row, column), count in table.items()}
    return shown


def _named(counts: Mapping[Cell, int], table: str) -> dict[Cell, int]:
    # Y of response is another number than Y of remission; a score that is missing is missing for both.
    return {
        (row if row in {"missing", TOTAL} else f"{table}: {row}", column): count
        for (row, column), count in counts.items()
    }


def _cells(tables: Path, strata: tuple[str, ...], query: str) -> dict[Stratum, dict[Cell, int]]:
    scans = {path.stem: parquet_scan([path]) for path in tables.glob("*.parquet")}
    named = ", ".join(f"cast({name} as varchar)" for name in strata)
    sql = (
        f"select {named}, row_name, trta, count(distinct usubjid) from ({query.format_map(scans)}) "
        "where trta is not null group by all order by all"
    )
    cells: dict[Stratum, dict[Cell, int]] = {}
    with connect() as connection:
        for *stratum, row, column, count in connection.execute(sql).fetchall():
            cells.setdefault(tuple(stratum), {})[row, column] = count
    return cells
