"""Transactions of ODM: what the rows of a transactional file do to rows before them, in this file or an earlier one.

Rule    a later transaction on an item group restates it, and Remove takes out what lies at its place from then on; both
        happen where a cut is built (`pipelines.build.transactions`), and nothing that landed is deleted
"""

from __future__ import annotations

import duckdb

from pipelines.core.duck import literal
from pipelines.land.contract import ColumnRule, Contract

# The keys of a place, from the subject (whose key is `usubjid`) down to the item group.
_LEVELS = (
    ("StudyEventOID", "StudyEventRepeatKey"),
    ("FormOID", "FormRepeatKey"),
    ("ItemGroupOID", "ItemGroupRepeatKey"),
)
_BETWEEN = "chr(31)"


def create_transactions(connection: duckdb.DuckDBPyConnection, contract: Contract, rules: list[ColumnRule]) -> None:
    """Makes `transactions` from `rows_typed`: the place of each row as a digest a level; empty for any other file.

    `superseded` are the rows that a later one of the file restates or removes.
    """
    texts = {rule.name: f"t{number}" for number, rule in enumerate(rules)}
    kind = texts.get("TransactionType")
    is_odm = contract.export.format.type == "odm" and kind is not None
    parts = [literal(contract.site), literal(contract.export.file), "usubjid"]
    places = [_digest(parts)]
    for level in _LEVELS:
        names = [texts.get(name, "null::varchar") for name in level]
        parts += [f"coalesce({name}, '')" for name in names]
        places.append(f"case when {names[0]} is not null then {_digest(parts)} end")
    listed = ", ".join(f"{place} as place_{number}" for number, place in enumerate(places, start=1))
    any_told = f"exists (select 1 from rows_typed where {kind} is not null)" if is_odm else "false"
    connection.execute(
        f"""
        create or replace temp table transactions as
        select _source_row, coalesce({kind or "''"} = 'Remove', false) as is_removed, {listed}
        from rows_typed where {any_told}
        """
    )
    deepest = "coalesce(place_4, place_3, place_2, place_1)"
    connection.execute(
        f"""
        create or replace temp table superseded as
        with later as (
            select {deepest} as place, max(_source_row) as last, max(case when is_removed then _source_row end) as gone
            from transactions group by place
        )
        select distinct t._source_row from transactions as t
        inner join later on later.place in (t.place_1, t.place_2, t.place_3, t.place_4)
        where t._source_row < later.gone or (later.place = {deepest} and t._source_row < later.last)
        """
    )


def _digest(parts: list[str]) -> str:
    return f"sha256({f' || {_BETWEEN} || '.join(parts)})"
