"""The schema `landed`: views over the current deliveries' Parquet, as the models read them.

Each domain has all its variables, whether or not anything landed. Treatment variables come from the vault, joined by
provenance; in a blinded cut they are empty, and the vault is not opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.build.transactions import resolved, transaction_files
from pipelines.core.duck import identifier, insert_rows, literal, parquet_scan
from pipelines.study.domains import DOMAINS, KEYS, SQL_TYPES, Domain, Variable

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import CutInputs, LandedDelivery

_PROVENANCE = {"_delivery_id": "varchar", "_source_file": "varchar", "_source_row": "bigint", "_record": "integer"}


def create_landed(connection: duckdb.DuckDBPyConnection, inputs: CutInputs) -> None:
    """Creates schema `landed` in the connected database."""
    create_records(connection, inputs, tuple(DOMAINS.values()))
    _create_code_breaks(connection, inputs.document.get("code_breaks", []))
    _create_deliveries(connection, inputs.deliveries)
    _create_quarantine(connection, [delivery for delivery in inputs.deliveries if delivery.current])


def create_records(connection: duckdb.DuckDBPyConnection, inputs: CutInputs, domains: Sequence[Domain]) -> None:
    """Creates schema `landed` with a view of the records of each of these domains, as the models read them."""
    connection.execute("create schema landed")
    current = [delivery for delivery in inputs.deliveries if delivery.current]
    if cutoff := inputs.document["data_cutoff"]:
        create_enrolled_later(connection, landed_files(DOMAINS["dm"], current, blinded=True), cutoff)
    for domain in domains:
        blinded = inputs.document["blinded"]
        hidden = {} if blinded or domain.in_vault else vault_files(domain, current)
        landed = landed_files(domain, current, blinded=blinded)
        query = domain_query(domain, landed, hidden, cutoff, transactions=transaction_files(current))
        connection.execute(f"create view landed.{domain.name} as {_in_scope(query, domain, inputs)}")


def _in_scope(query: str, domain: Domain, inputs: CutInputs) -> str:
    """Leaves out whoever is of a site that was not unblinded: no arm of theirs is shown, and so none is missing."""
    sites = (inputs.document.get("unblinding") or {}).get("scope", [])
    if not sites or not domain.of_subjects:
        return query
    return f"select * from ({query}) where siteid in ({', '.join(map(literal, sites))})"


def domain_query(
    domain: Domain,
    landed: dict[Path, int],
    hidden: dict[Path, int],
    cutoff: str | None,
    *,
    transactions: dict[Path, int],
) -> str:
    """Returns the query for a domain's records in these files; treatment variables come from `hidden`, the vault's.

    What `transactions` restate or remove is left out. With a cutoff it needs `landed.enrolled_later`: a record dated
    after the cutoff is left out, and so is every record of a subject who consented after it; another date of a record
    that stays (the end of an adverse event) is left empty where it lies after the cutoff.
    """
    if not landed:
        return _empty_query(domain)
    joined = _joined(domain)
    plain = [variable.name for variable in domain.variables if variable not in joined]
    columns = ", ".join(f"rows.{identifier(name)}" for name in [*KEYS, *plain, *_PROVENANCE])
    shown = "".join(
        f", {'vault.' + identifier(one.name) if hidden else 'null'}::{SQL_TYPES[one.type]} as {identifier(one.name)}"
        for one in joined
    )
    query = f"select {columns}{shown}, rows.delivery_rank from ({_ranked_scan(landed)}) as rows"
    if hidden:
        query += (
            f" left join ({_ranked_scan(hidden)}) as vault on rows.delivery_rank = vault.delivery_rank"
            " and rows._source_row = vault._source_row and rows._record = vault._record"
        )
    query = resolved(query, domain, transactions)
    return _until_cutoff(query, domain, cutoff) if cutoff else query


def _until_cutoff(query: str, domain: Domain, cutoff: str) -> str:
    names = [f"rows.{identifier(name)}" for name in [*KEYS, *_PROVENANCE, "delivery_rank"]]
    variables = [_known(domain, variable, cutoff) for variable in domain.variables]
    query = (
        f"select {', '.join([*names, *variables])} from ({query}) as rows"
        " where coalesce(rows.usubjid not in (select usubjid from landed.enrolled_later), true)"
    )
    if domain.date:
        query += f" and {_until(f'rows.{identifier(domain.date)}', cutoff)}"
    return query


def _known(domain: Domain, variable: Variable, cutoff: str) -> str:
    name = f"rows.{identifier(variable.name)}"
    if variable.treatment or variable.type != "date" or variable.name == domain.date:
        return name
    return f"case when {_until(name, cutoff)} then {name} end as {identifier(variable.name)}"


def create_enrolled_later(connection: duckdb.DuckDBPyConnection, files: dict[Path, int], cutoff: str) -> None:
    """Creates view `landed.enrolled_later`: who consented after the cutoff, by these files of demographics."""
    rows = _ranked_scan(files) if files else _empty_query(DOMAINS["dm"])
    connection.execute(
        f"create view landed.enrolled_later as select usubjid from ({rows}) where usubjid is not null "
        f"group by usubjid having not bool_or({_until('rficdtc', cutoff)})"
    )


def _until(column: str, cutoff: str) -> str:
    # A partial date is compared on the part that is known; a record without a date stays.
    known = f"least(length({column}), 10)"
    return f"coalesce(left({column}, {known}) <= left({literal(cutoff)}, {known}), true)"


def _joined(domain: Domain) -> list[Variable]:
    """Returns the variables that the vault adds to the rows; it holds all of a domain in the vault."""
    return [variable for variable in domain.variables if variable.treatment and not domain.in_vault]


def landed_files(domain: Domain, deliveries: Sequence[LandedDelivery], *, blinded: bool) -> dict[Path, int]:
    """Returns the deliveries' files of a domain, with the rank of each delivery; if blinded, none in the vault."""
    if domain.in_vault:
        return {} if blinded else vault_files(domain, deliveries)
    paths = {delivery.directory / "rows" / f"{domain.name}.parquet": delivery.rank for delivery in deliveries}
    return {path: rank for path, rank in paths.items() if path.is_file()}


def vault_files(domain: Domain, deliveries: Sequence[LandedDelivery]) -> dict[Path, int]:
    """Returns the same of the vault."""
    paths = {delivery.treatment_directory / f"{domain.name}.parquet": delivery.rank for delivery in deliveries}
    return {path: rank for path, rank in paths.items() if path.is_file()}


def _ranked_scan(files: dict[Path, int]) -> str:
    # DuckDB numbers the files of a scan in the order of the list: one scan however many deliveries there are.
    ranks = ", ".join(str(rank) for rank in files.values())
    scan = parquet_scan(list(files)).removesuffix(")") + ", union_by_name = true)"
    return f"select *, ([{ranks}]::integer[])[file_index::bigint + 1] as delivery_rank from {scan}"


def _empty_query(domain: Domain) -> str:
    joined = _joined(domain)
    plain = {variable.name: SQL_TYPES[variable.type] for variable in domain.variables if variable not in joined}
    hidden = {variable.name: SQL_TYPES[variable.type] for variable in joined}
    shape = dict.fromkeys(KEYS, "varchar") | plain | _PROVENANCE | hidden | {"delivery_rank": "integer"}
    columns = ", ".join(f"null::{kind} as {identifier(name)}" for name, kind in shape.items())
    return f"select {columns} where false"


def _create_code_breaks(connection: duckdb.DuckDBPyConnection, broken: Sequence[dict[str, str]]) -> None:
    connection.execute("create table landed.code_breaks (usubjid varchar, reason_class varchar, broken_on date)")
    insert_rows(
        connection, "landed.code_breaks", [[one["usubjid"], one["reason_class"], one["date"]] for one in broken]
    )


def _create_deliveries(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[LandedDelivery]) -> None:
    connection.execute(
        "create table landed.deliveries (siteid varchar, file varchar, outcome varchar, codes varchar, "
        "delivery_id varchar, delivery_rank integer, rows_in bigint, rows_accepted bigint, rows_quarantined bigint, "
        "is_current boolean, layout_file varchar, is_late boolean, delivered_on date, expected_on date)"
    )
    rows = [
        [
            one.siteid, one.file, one.outcome, ",".join(one.codes), one.delivery_id, one.rank, one.rows_in,
            one.rows_accepted, one.rows_quarantined, one.current, one.layout_file, one.late, one.delivered_on,
            one.expected_on,
        ]
        for one in deliveries
    ]  # fmt: skip
    insert_rows(connection, "landed.deliveries", rows)


def _create_quarantine(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[LandedDelivery]) -> None:
    files = {delivery.directory / "quarantine.parquet": delivery for delivery in deliveries}
    present = {path: delivery.rank for path, delivery in files.items() if path.is_file()}
    if not present:
        connection.execute(
            "create view landed.quarantine as select null::varchar as siteid, null::varchar as _delivery_id, "
            "null::varchar as _source_file, null::bigint as _source_row, null::varchar as column_name, "
            "null::varchar as code, null::varchar as reason where false"
        )
        return
    connection.execute(
        "create view landed.quarantine as select deliveries.siteid, rows._delivery_id, rows._source_file, "
        f"rows._source_row, rows.column_name, rows.code, rows.reason from ({_ranked_scan(present)}) as rows "
        "left join landed.deliveries as deliveries on rows.delivery_rank = deliveries.delivery_rank"
    )
