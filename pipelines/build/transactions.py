"""Transactional deliveries at one time: what each item group says after all its transactions, in their order.

Rule    what a later transaction says goes before what an earlier one said, and what it does not mention stays; what was
        removed is not there, unless it was inserted anew after that
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.core.duck import identifier, parquet_scan
from pipelines.study.domains import KEYS, Domain

if TYPE_CHECKING:
    from pipelines.cut import LandedDelivery

_PLACES = ("place_1", "place_2", "place_3", "place_4")
_DEEPEST = f"coalesce({', '.join(reversed(_PLACES))})"
# The order of rows: by delivery, then as they stand in the document.
_AT = "{0}.delivery_rank::hugeint * 1099511627776 + {0}._source_row"


def transaction_files(deliveries: Sequence[LandedDelivery]) -> dict[Path, int]:
    """Returns where the transactions of these deliveries lie, with the rank of each; most deliveries have none."""
    paths = {delivery.directory / "transactions.parquet": delivery.rank for delivery in deliveries}
    return {path: rank for path, rank in paths.items() if path.is_file()}


def resolved(query: str, domain: Domain, transactions: dict[Path, int]) -> str:
    """Returns `query`, the records of a domain, without what later transactions restated or removed."""
    if not transactions:
        return query
    names = [*KEYS, *(variable.name for variable in domain.variables)]
    said = ", ".join(
        f"last_value({identifier(name)} ignore nulls) over told_so_far as {identifier(name)}" for name in names
    )
    gone = " ".join(f"left join gone as gone_{place} on told.{place} = gone_{place}.place" for place in _PLACES)
    last_gone = f"greatest({', '.join(f'coalesce(gone_{place}.moment, -1)' for place in _PLACES)})"
    log = " union all ".join(
        f"select *, {rank} as delivery_rank from {parquet_scan([path])}" for path, rank in transactions.items()
    )
    listed = ", ".join(identifier(name) for name in names)
    return f"""
        with log as ({log}),
        gone as (select {_DEEPEST} as place, max({_AT.format("log")}) as moment from log where is_removed group by all),
        told as (
            select records.*, log.* exclude (_source_row, delivery_rank, is_removed), {_AT.format("records")} as moment
            from ({query}) as records
            left join log on records.delivery_rank = log.delivery_rank and records._source_row = log._source_row
        ),
        kept as (select told.* from told {gone} where told.moment > {last_gone}),
        states as (
            select {said}, _delivery_id, _source_file, _source_row, _record, delivery_rank,
                row_number() over (partition by place, _record order by moment desc) as newest
            from (select *, coalesce({_DEEPEST}, moment::varchar) as place from kept)
            window told_so_far as (
                partition by place, _record order by moment rows between unbounded preceding and current row
            )
        )
        select {listed}, _delivery_id, _source_file, _source_row, _record, delivery_rank from states where newest = 1
    """
