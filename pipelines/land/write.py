"""Writing what was shaped, as Parquet: ordered, with page checksums, so that the same rows give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.core.parquet import write_batches, write_parquet
from pipelines.land.blinding import TELLING_LENGTH
from pipelines.land.coding import Coded, pairs
from pipelines.land.contract import Contract
from pipelines.land.pseudonyms import is_key, withheld_texts
from pipelines.land.records import Records, Selected
from pipelines.land.shape import Shaped
from pipelines.land.store import Arrival
from pipelines.study.domains import KEYS

_ROWS = 1 << 19
_COUNTING = ("_source_row",)
# What means something in a pattern; Arrow's patterns take no other escapes.
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def write_rows(directory: Path, contract: Contract, shaped: Shaped, arrival: Arrival) -> None:
    """Writes text.parquet, quarantine.parquet and rows/<domain>.parquet, without what reveals the arm.

    Where the records themselves reveal it, text.parquet holds the rows' numbers and nothing else. Free text stays in
    text.parquet, which no cut reads, unless the study file calls it releasable. Where an arm of a blinded study slipped
    into a cell beside its column, the cell is empty there.
    """
    shown = [] if contract.in_vault else _columns(contract, shaped, hidden=False)
    arms = _arms(contract)
    _write_text(directory, {name: _without(shaped.text[name].distinct(), arms) for name in shown}, shaped, arrival)
    quarantine = shaped.quarantine.table(shaped.keys)
    for position, (name, value) in enumerate(_source(arrival)):
        quarantine = quarantine.add_column(position, name, pa.repeat(pa.scalar(value), quarantine.num_rows))
    write_parquet(quarantine, directory / "quarantine.parquet")
    rows_of = shaped.transactions["_source_row"].to_numpy()
    transactions = shaped.transactions.filter(pa.array(shaped.quarantine.good[rows_of - 1]))
    if transactions.num_rows:
        write_parquet(transactions, directory / "transactions.parquet")
    withheld = contract.export.withheld
    rows = directory / "rows"
    rows.mkdir()
    for records in shaped.records:
        domain = records.domain
        if not domain.in_vault:
            names = [variable.name for variable in domain.variables if variable not in domain.hidden]
            empty = {name for name in names if (domain.name, name) in withheld and not is_key(domain.name, name)}
            batches = _record_batches(contract, records, shaped, arrival, before=[*KEYS, *names], empty=empty)
            write_batches(batches, rows / f"{domain.name}.parquet", counting=_COUNTING)


def write_treatment(directory: Path, contract: Contract, shaped: Shaped, arrival: Arrival) -> None:
    """Writes the same of what reveals the arm, for the vault: its text, and its variables of the same records."""
    columns = _columns(contract, shaped, hidden=True)
    others = _columns(contract, shaped, hidden=False)
    if contract.in_vault:
        columns += others
    elif arms := _arms(contract):
        columns += [name for name in others if _telling_cells(shaped.text[name].distinct(), arms).any()]
    if columns:
        _write_text(directory, {name: shaped.text[name].distinct() for name in columns}, shaped, arrival)
    for records in shaped.records:
        revealing = [variable.name for variable in records.domain.hidden]
        if records.domain.in_vault:
            batches = _record_batches(contract, records, shaped, arrival, before=[*KEYS, *revealing])
        elif revealing:
            batches = _record_batches(contract, records, shaped, arrival, after=revealing)
        else:
            continue
        write_batches(batches, directory / f"{records.domain.name}.parquet", counting=_COUNTING)


def _columns(contract: Contract, shaped: Shaped, *, hidden: bool) -> list[str]:
    """Returns the columns that are kept as text: those that reveal the arm, or the others."""
    classes = {"treatment"} if hidden else {"pseudonym", "quasi", "clinical", "free_text"}
    return [rule.name for rule in contract.rules(list(shaped.text)) if rule.column.column_class in classes]


def _arms(contract: Contract) -> str | None:
    """Returns the pattern for a word for an arm, of a file that holds arms of a blinded study; None of another."""
    columns = [column for column in contract.export.columns.values() if column.column_class == "treatment"]
    if contract.study.blinding != "blinded" or not columns:
        return None
    labels = (arm.label for arm in contract.study.arms.values())
    words = {*contract.study.arms, *labels, *(code for column in columns for code in column.codes or ())}
    told = sorted(_PUNCTUATION.sub(r"\\\g<0>", word) for word in words if len(word) >= TELLING_LENGTH)
    return rf"(?:^|[^\pL\pN])(?:{'|'.join(told)})(?:$|[^\pL\pN])" if told else None


def _telling_cells(column: Coded, arms: str | None) -> np.ndarray:
    """Returns for each of the column's values whether it holds a word for an arm."""
    if arms is None or not len(column.values):
        return np.zeros(len(column.values), bool)
    found = pc.match_substring_regex(column.values.cast(pa.string()), arms, ignore_case=True)
    return pc.fill_null(found, fill_value=False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def _without(column: Coded, arms: str | None) -> Coded:
    telling = _telling_cells(column, arms)
    if not telling.any():
        return column
    return column.holding(pc.if_else(pa.array(telling), pa.scalar(None, column.values.type), column.values))


def _write_text(directory: Path, text: dict[str, Coded], shaped: Shaped, arrival: Arrival) -> None:
    written = write_batches(
        _text_batches(text, shaped.rows_in, arrival), directory / "text.parquet", counting=_COUNTING
    )
    if written != shaped.rows_in:
        msg = f"{written} of {shaped.rows_in} rows were written as text. This is a bug; nothing landed."
        raise AssertionError(msg)


def _text_batches(text: dict[str, Coded], rows: int, arrival: Arrival) -> Iterator[pa.Table]:
    for start in range(0, max(rows, 1), _ROWS):
        span = slice(start, min(start + _ROWS, rows))
        columns = _provenance(arrival, np.arange(span.start, span.stop))
        yield pa.table(columns | {name: column.array(span) for name, column in text.items()})


def _record_batches(
    contract: Contract,
    records: Records,
    shaped: Shaped,
    arrival: Arrival,
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    empty: Collection[str] = (),
) -> Iterator[pa.Table]:
    """Yields the records with these variables before and after where they come from; with none of `after`, none.

    Where a text that may not be released tells a subject's records apart, what stands in its place does; others are
    `empty`.
    """
    withheld = contract.export.withheld

    def column(name: str, selected: Selected) -> pa.Array:
        if name in empty:
            return pa.nulls(len(selected.rows), pa.string())
        if (records.domain.name, name) in withheld and is_key(records.domain.name, name):
            return _withheld(contract, records, name, selected).array(slice(None))
        return records.column(name, selected).array(slice(None))

    for made in records.selections(shaped.quarantine.good):
        selected = _telling(records, made, after) if after else made
        if len(selected.rows):
            columns = {name: column(name, selected) for name in before} | _provenance(arrival, selected.rows)
            columns["_record"] = pa.array(selected.parts + 1, pa.int32())
            yield pa.table(columns | {name: column(name, selected) for name in after})


def _telling(records: Records, selected: Selected, names: Sequence[str]) -> Selected:
    some = np.logical_or.reduce([records.column(name, selected).present() for name in names])
    return Selected(selected.rows[some], selected.parts[some])


def _withheld(contract: Contract, records: Records, name: str, selected: Selected) -> Coded:
    codes, subjects, texts = pairs(records.column("usubjid", selected), records.column(name, selected))
    shown = withheld_texts(contract.study, records.domain.name, name, subjects.to_pylist(), texts.to_pylist())
    return Coded(codes=codes, values=shown)


def _provenance(arrival: Arrival, rows: np.ndarray) -> dict[str, pa.Array]:
    same = pa.array(np.zeros(len(rows), np.int32))
    columns = {name: pa.DictionaryArray.from_arrays(same, pa.array([value])) for name, value in _source(arrival)}
    return columns | {"_source_row": pa.array(rows + 1, pa.int64())}


def _source(arrival: Arrival) -> tuple[tuple[str, str], ...]:
    return ("_delivery_id", arrival.sha256), ("_source_file", arrival.file)
