"""Totals: whether a collected total is the sum of the items beside it (W_SUM). Nothing is set aside or put right.

The rows land as they are, and the gate's check CUR-ADQS-006 names each to its site; here they are only counted.
"""

from __future__ import annotations

import duckdb

from pipelines.core.duck import literal
from pipelines.land.contract import Contract
from pipelines.land.records import TypedColumns
from pipelines.study.catalogue import Instrument, catalogue


def wrong_totals(connection: duckdb.DuckDBPyConnection, contract: Contract, columns: TypedColumns) -> int:
    """Returns how many assessments of `records_qs` have all items and a total that is not their sum."""
    instruments = [catalogue()[code] for code in contract.study.instruments]
    in_rows = columns.of_target("qs", "qstestcd")
    conditions = [] if in_rows else [it for one in instruments for it in _side_by_side(one, columns)]
    if conditions:
        return _counted(
            connection,
            f"select count(*) from rows_typed where ({' or '.join(conditions)})"
            " and _source_row not in (select _source_row from quarantine)",
        )
    return sum(_one_below_another(connection, one) for one in instruments) if in_rows else 0


def _side_by_side(instrument: Instrument, columns: TypedColumns) -> list[str]:
    """Returns for each visit and time point that the columns name whether the total in a row is not the sum."""
    places: dict[tuple[str | None, str | None, int | None], dict[str, int]] = {}
    for number, rule in enumerate(columns.rules):
        if rule.target and rule.target.test in instrument.ranges:
            place = (rule.column.visit, rule.column.timepoint, rule.column.period)
            places.setdefault(place, {})[rule.target.test] = number
    whole = [found for found in places.values() if found.keys() == instrument.ranges.keys()]
    return [
        f"{' + '.join(f'v{found[item]}' for item in instrument.item_ranges)} != v{found[instrument.total_testcd]}"
        for found in whole
    ]


def _one_below_another(connection: duckdb.DuckDBPyConnection, instrument: Instrument) -> int:
    items = ", ".join(map(literal, instrument.item_ranges))
    total = literal(instrument.total_testcd)
    return _counted(
        connection,
        f"""
        select count(*) from (
            select
                sum(qsstresn) filter (qstestcd != {total}) as item_sum,
                count(qsstresn) filter (qstestcd != {total}) as answered,
                max(qsstresn) filter (qstestcd = {total}) as total
            from records_qs
            where qstestcd in ({items}, {total}) and _source_row not in (select _source_row from quarantine)
            group by usubjid, visit, qsdtc, qstpt, period, arm
        ) where answered = {len(instrument.item_ranges)} and item_sum != total
        """,
    )


def _counted(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
