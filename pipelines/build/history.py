"""The history of an export that came more than once: `landed.history`, superseded deliveries included.

Each record is told in a form that is the same for all domains, so that one model compares them. An export that came
once has no history, and none of its files is named here: nothing is read that is not needed.

Rule    treatment variables are never part of it, in no cut; in an open one they help to tell two records apart
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.build.landed import domain_query, landed_files, vault_files
from pipelines.build.transactions import transaction_files
from pipelines.core.duck import identifier, insert_rows, literal
from pipelines.study.domains import DOMAINS, Domain, Variable

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import CutInputs, LandedDelivery

# Free text and identifiers that no published table holds: that they changed is said, their values are not.
_WITHHELD = frozenset({"subjid", "dsterm", "ceterm"})
# One separator that stands in no value, and one mark for a missing part: keys of several parts stay unambiguous.
_BETWEEN, _MISSING = "chr(31)", "chr(30)"

_RECORDS = {
    "export_number": "integer",
    "step": "integer",
    "domain": "varchar",
    "studyid": "varchar",
    "siteid": "varchar",
    "usubjid": "varchar",
    "match_key": "varchar",
    "record_key": "varchar",
    "record_values": "varchar[]",
    "_source_row": "bigint",
    "_record": "integer",
}


def chains(deliveries: Sequence[LandedDelivery]) -> list[list[LandedDelivery]]:
    """Returns the accepted deliveries of each export that came more than once, oldest first.

    The same bytes twice in a row are one delivery. An increment counts where its content came first, as it does in the
    tables.
    """
    found: dict[tuple[str, str], list[LandedDelivery]] = {}
    for delivery in sorted(deliveries, key=lambda one: one.rank):
        if delivery.outcome not in {"accepted", "warned"} or (delivery.is_increment and not delivery.current):
            continue
        chain = found.setdefault((delivery.siteid, delivery.layout_file), [])
        if not chain or chain[-1].delivery_id != delivery.delivery_id:
            chain.append(delivery)
    return [chain for _, chain in sorted(found.items()) if len(chain) > 1]


def create_history(connection: duckdb.DuckDBPyConnection, inputs: CutInputs) -> None:
    """Creates `landed.history`, `landed.history_deliveries` and `landed.history_variables`."""
    chained = chains(inputs.deliveries)
    _create_deliveries(connection, chained)
    _create_variables(connection)
    # Of transactions each step is told as what they amount to up to it.
    plain = [delivery for chain in chained if not transaction_files(chain) for delivery in chain]
    parts = [query for domain in DOMAINS.values() if (query := _history_query(domain, plain, inputs))]
    for export, chain in enumerate(chained, start=1):
        if transaction_files(chain):
            for step, newest in enumerate(chain, start=1):
                known = chain[:step] if newest.is_increment else [newest]
                queries = (_history_query(domain, known, inputs, (export, step)) for domain in DOMAINS.values())
                parts += [query for query in queries if query]
    empty = ", ".join(f"null::{kind} as {name}" for name, kind in _RECORDS.items())
    connection.execute(f"create view landed.history as {' union all '.join(parts) or f'select {empty} where false'}")


def _history_query(
    domain: Domain, deliveries: list[LandedDelivery], inputs: CutInputs, state: tuple[int, int] | None = None
) -> str:
    """Returns the query for a domain's records; where they are a `state`, all of that export's number and step."""
    files = landed_files(domain, deliveries, blinded=True)
    if not files:
        return ""
    keys = [one for name in domain.key if (one := domain.variable(name))]
    hidden: dict[Path, int] = {}
    if not inputs.document["blinded"] and any(key.treatment for key in keys):
        hidden = vault_files(domain, deliveries)
    cutoff = inputs.document["data_cutoff"]
    rows = domain_query(domain, files, hidden, cutoff, transactions=transaction_files(deliveries))
    match_key = f" || {_BETWEEN} || ".join(f"coalesce({part}, {_MISSING})" for part in ["usubjid", *map(_text, keys)])
    record_key = record_key_of(domain)
    values = ", ".join(_text(one) for one in compared(domain))
    export, step, source_row = "steps.export_number", "steps.step", "rows._source_row"
    steps = " inner join landed.history_deliveries as steps on rows.delivery_rank = steps.source_rank"
    if state:
        export, step, steps = str(state[0]), str(state[1]), ""
        # The row is one of the step's own delivery, or stands in none of it.
        source_row = f"case when rows.delivery_rank = {deliveries[-1].rank} then rows._source_row end"
    return (
        f"select {export} as export_number, {step} as step, {literal(domain.name.upper())} as domain,"
        f" rows.studyid, rows.siteid, rows.usubjid, {match_key} as match_key, {record_key} as record_key,"
        f" [{values}]::varchar[] as record_values,"
        f" {source_row} as _source_row, rows._record from ({rows}) as rows{steps}"
    )


def record_key_of(domain: Domain) -> str:
    """Returns the SQL of a record's key as `record_changes` tells it, of a relation `rows`."""
    unseen = _WITHHELD | ({"visitnum"} if "visit" in domain.key else set())
    keys = [one for name in domain.key if (one := domain.variable(name))]
    shown = [_text(key) for key in keys if not key.treatment and key.name not in unseen]
    return f"concat_ws(' | ', {', '.join(shown)})" if shown else "null::varchar"


def compared(domain: Domain) -> list[Variable]:
    """Returns the variables of a record that can change: neither its key, nor what reveals the arm, nor its number.

    A sequence number (`qsseq`) is the export's own count: one record more, and all that follow have another.
    """
    left_out = {*domain.key, f"{domain.name}seq", *(variable.name for variable in domain.hidden)}
    return [variable for variable in domain.variables if variable.name not in left_out]


def _text(variable: Variable) -> str:
    text = f"rows.{identifier(variable.name)}::varchar"
    # 14.0 is 14: as a person would write it.
    return f"regexp_replace({text}, '\\.0$', '')" if variable.type == "number" else text


def _create_deliveries(connection: duckdb.DuckDBPyConnection, chained: list[list[LandedDelivery]]) -> None:
    connection.execute(
        "create table landed.history_deliveries (export_number integer, step integer, last_step integer, "
        "is_increment boolean, source_rank integer, delivery_id varchar, file varchar, delivered_on date)"
    )
    rows = [
        [
            export, step, len(chain), one.is_increment and not transaction_files(chain),
            one.rank, one.delivery_id, one.file, one.delivered_on,
        ]
        for export, chain in enumerate(chained, start=1)
        for step, one in enumerate(chain, start=1)
    ]  # fmt: skip
    insert_rows(connection, "landed.history_deliveries", rows)


def _create_variables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table landed.history_variables (domain varchar, position integer, variable varchar, "
        "repeats_position integer, is_withheld boolean)"
    )
    rows = [
        [domain.name.upper(), position, name, _repeated(domain, name, names), name in _WITHHELD]
        for domain, names in ((domain, [one.name for one in compared(domain)]) for domain in DOMAINS.values())
        for position, name in enumerate(names, start=1)
    ]
    insert_rows(connection, "landed.history_variables", rows)


def _repeated(domain: Domain, name: str, names: list[str]) -> int | None:
    """Returns the place of the result that a result as collected (`qsorres`) mostly says once more."""
    return names.index(domain.result) + 1 if domain.result and name == f"{domain.name}orres" else None
