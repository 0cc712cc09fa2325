"""Transactions of ODM: what the rows of a transactional file do to rows before them, in this file or an earlier one.

Rule    a later transaction on an item group restates it, and Remove takes out what lies at its place from then on; both
        happen where a cut is built (`pipelines.build.transactions`), and nothing that landed is deleted
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.core.duck import literal
from pipelines.land.coding import Flags, constant
from pipelines.land.contract import Contract
from pipelines.land.rows import Rows

# The keys of a place, from the subject (whose key is `usubjid`) down to the item group.
_LEVELS = (
    ("StudyEventOID", "StudyEventRepeatKey"),
    ("FormOID", "FormRepeatKey"),
    ("ItemGroupOID", "ItemGroupRepeatKey"),
)
_BETWEEN = "chr(31)"


@dataclass(frozen=True, kw_only=True)
class Transactions:
    """The place of each row of a transactional file as a digest a level; an empty table for any other file.

    `removed` flags the rows that take out what lies at their place, `superseded` those that a later row of the file
    restates or removes; None where there is none.
    """

    table: pa.Table
    removed: Flags | None = None
    superseded: Flags | None = None


def transactions_of(connection: duckdb.DuckDBPyConnection, contract: Contract, rows: Rows) -> Transactions:
    """Returns the transactions of the rows whose every value is as declared."""
    texts = {one.rule.name: one.text for one in rows.checked}
    kind = texts.get("TransactionType")
    if contract.export.format.type != "odm" or kind is None or not (kind.present() & rows.typed).any():
        return Transactions(table=pa.table({"_source_row": pa.array([], pa.int64())}))
    listed = np.flatnonzero(rows.typed)
    names = [name for level in _LEVELS for name in level]
    columns = {"usubjid": rows.keys["usubjid"], "kind": kind}
    columns |= {name: texts.get(name, constant(None, rows.count, pa.string())) for name in names}
    table = pa.table(
        {"_source_row": listed + 1}
        | {name: column.values.take(column.codes[listed]) for name, column in columns.items()}
    )
    connection.register("rows_typed", table)
    parts = [literal(contract.site), literal(contract.export.file), "usubjid"]
    places = [_digest(parts)]
    for level in _LEVELS:
        parts += [f"coalesce({name}, '')" for name in level]
        places.append(f"case when {level[0]} is not null then {_digest(parts)} end")
    shown = ", ".join(f"{place} as place_{number}" for number, place in enumerate(places, start=1))
    placed = connection.sql(
        f"select _source_row, coalesce(kind = 'Remove', false) as is_removed, {shown} "
        "from rows_typed order by _source_row"
    ).to_arrow_table()
    connection.unregister("rows_typed")
    connection.register("transactions", placed)
    deepest = "coalesce(place_4, place_3, place_2, place_1)"
    superseded = connection.sql(
        f"""
        with later as (
            select {deepest} as place, max(_source_row) as last, max(case when is_removed then _source_row end) as gone
            from transactions group by place
        )
        select distinct t._source_row from transactions as t
        inner join later on later.place in (t.place_1, t.place_2, t.place_3, t.place_4)
        where t._source_row < later.gone or (later.place = {deepest} and t._source_row < later.last)
        """
    ).to_arrow_table()
    connection.unregister("transactions")
    return Transactions(
        table=placed,
        removed=_flags(rows.count, placed.filter(placed["is_removed"])),
        superseded=_flags(rows.count, superseded),
    )


def _flags(rows: int, listed: pa.Table) -> Flags:
    flags = np.zeros(rows, bool)
    flags[listed["_source_row"].to_numpy() - 1] = True
    return flags


def _digest(parts: list[str]) -> str:
    return f"sha256({f' || {_BETWEEN} || '.join(parts)})"
