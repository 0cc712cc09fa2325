"""Writing what was shaped, as Parquet: ordered, with page checksums, so that the same rows give the same bytes."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.core.duck import identifier, literal
from pipelines.core.parquet import write_parquet
from pipelines.land.contract import Contract
from pipelines.land.pseudonyms import is_key
from pipelines.land.receipts import REASONS
from pipelines.land.store import Arrival
from pipelines.study.domains import DOMAINS

_ORDER = "order by _source_row, _record"


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    contract: Contract,
    header: list[str],
    domains: tuple[str, ...],
    arrival: Arrival,
) -> None:
    """Writes text.parquet, quarantine.parquet and rows/<domain>.parquet, without what reveals the arm.

    Where the records themselves reveal it, text.parquet holds the rows' numbers and nothing else. Free text stays in
    text.parquet, which no cut reads, unless the study file calls it releasable.
    """
    source = _source(arrival)
    _write_text(connection, directory, [] if contract.in_vault else _columns(contract, header, hidden=False), source)
    reasons = " ".join(f"when {literal(code)} then {literal(reason)}" for code, reason in REASONS.items())
    _copy(
        connection,
        f"select {source}, _source_row, column_name, code, case code {reasons} end as reason "
        "from quarantine order by _source_row, column_name, code",
        directory / "quarantine.parquet",
    )
    _copy(
        connection,
        "select * from transactions where _source_row not in (select _source_row from quarantine) order by _source_row",
        directory / "transactions.parquet",
    )
    # Where a text tells a subject's records apart, what `withhold_text` put in its place does.
    empty = {withheld for withheld in contract.withheld(header) if not is_key(*withheld)}
    rows = directory / "rows"
    rows.mkdir()
    for name in domains:
        if DOMAINS[name].in_vault:
            continue
        shown = [
            f"{'null::varchar as ' if (name, variable.name) in empty else ''}{identifier(variable.name)}"
            for variable in DOMAINS[name].variables
            if variable not in DOMAINS[name].hidden
        ]
        listed = ", ".join(["studyid, siteid, usubjid", *shown, source, "_source_row", "_record"])
        _copy(connection, f"select {listed} from {identifier('records_' + name)} {_ORDER}", rows / f"{name}.parquet")


def write_treatment(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    contract: Contract,
    header: list[str],
    domains: tuple[str, ...],
    arrival: Arrival,
) -> None:
    """Writes the same of what reveals the arm, for the vault: its text, and its variables of the same records."""
    columns = _columns(contract, header, hidden=True)
    if contract.in_vault:
        columns += _columns(contract, header, hidden=False)
    if columns:
        _write_text(connection, directory, columns, _source(arrival))
    for name in domains:
        hidden = [identifier(variable.name) for variable in DOMAINS[name].hidden]
        if DOMAINS[name].in_vault:
            listed = ", ".join(["studyid, siteid, usubjid", *hidden, _source(arrival), "_source_row", "_record"])
            _copy(
                connection,
                f"select {listed} from {identifier('records_' + name)} {_ORDER}",
                directory / f"{name}.parquet",
            )
        elif hidden:
            listed = ", ".join([_source(arrival), "_source_row", "_record", *hidden])
            any_held = " or ".join(f"{variable} is not null" for variable in hidden)
            _copy(
                connection,
                f"select {listed} from {identifier('records_' + name)} where {any_held} {_ORDER}",
                directory / f"{name}.parquet",
            )


def _columns(contract: Contract, header: list[str], *, hidden: bool) -> list[str]:
    """Returns the columns that are kept as text: those that reveal the arm, or the others."""
    classes = {"treatment"} if hidden else {"pseudonym", "quasi", "clinical", "free_text"}
    return [identifier(rule.name) for rule in contract.rules(header) if rule.column.column_class in classes]


def _write_text(connection: duckdb.DuckDBPyConnection, directory: Path, columns: list[str], source: str) -> None:
    listed = ", ".join([source, "_source_row", *columns])
    _copy(connection, f"select {listed} from rows_text order by _source_row", directory / "text.parquet")


def _source(arrival: Arrival) -> str:
    return f"{literal(arrival.sha256)} as _delivery_id, {literal(arrival.file)} as _source_file"


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    table = connection.sql(sql).to_arrow_table()
    if table.num_rows or path.name in {"text.parquet", "quarantine.parquet"}:
        write_parquet(table, path)
