"""Where a record came from: the delivered row, its bytes hashed again, its cells as delivered, what was corrected."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipelines.build.history import record_key_of
from pipelines.core.duck import identifier, parquet_scan
from pipelines.core.hashing import sha256_file
from pipelines.cut import LandedDelivery
from pipelines.land.contract import contract_for
from pipelines.land.store import delivered_path
from pipelines.land.veiled import content_sha256
from pipelines.study.domains import DOMAINS, Domain
from pipelines.trace.chain import CLOSED, DIFFERS, GONE, INTACT, Source, Values
from pipelines.trace.opened import OpenCut

_HIDDEN_DOMAIN = "every record of this domain tells the arm: its rows lie in the vault and are not shown"
_CHANGED_STUDY = "the study file was changed after this cut, and it says which columns hold free text"
_UNKNOWN = "no delivery of this cut has this hash"
PROVENANCE = ("_delivery_id", "_source_file", "_source_row", "_record", "delivery_rank")


def source(cut: OpenCut, delivery_id: str, file: str | None, row: int) -> Source:
    """Returns one delivered row; where its bytes are not what their name says, `cut.wrong` names the file."""
    delivery = cut.delivery(delivery_id, file)
    if delivery is None:
        return Source(
            delivery_id=delivery_id,
            file=file or "",
            row=row,
            siteid="",
            delivered_on=None,
            stored=GONE,
            stored_in="",
            text={},
            text_withheld=_UNKNOWN,
        )
    stored, stored_in = _stored(cut, delivery)
    text, withheld = _text(cut, delivery, row)
    return Source(
        delivery_id=delivery_id,
        file=file or delivery.file,
        row=row,
        siteid=delivery.siteid,
        delivered_on=delivery.delivered_on,
        stored=stored,
        stored_in=stored_in,
        text=text,
        text_withheld=withheld,
    )


def sources(cut: OpenCut, records: Iterable[Values]) -> tuple[Source, ...]:
    """Returns the delivered rows of landed records, each once, in their order."""
    places = dict.fromkeys((one["_delivery_id"], one["_source_file"], one["_source_row"]) for one in records)
    return tuple(source(cut, *place) for place in places)


def records(cut: OpenCut, domain: Domain, condition: str, parameters: list[object]) -> list[Values]:
    """Returns landed records of a domain, restatements included, oldest first, each with its `record_key`."""
    return cut.rows(
        f"select rows.*, {record_key_of(domain)} as record_key from landed.{identifier(domain.name)} as rows "
        f"where {condition} order by delivery_rank, _source_row, _record",
        parameters,
    )


def shown(domain: Domain, record: Values) -> Values:
    """Returns a record's variables that have a value and do not reveal the arm."""
    hidden = {variable.name for variable in domain.hidden}
    names = [variable.name for variable in domain.variables if variable.name not in hidden]
    return {"domain": domain.name.upper()} | {name: record[name] for name in names if record.get(name) is not None}


def changes(cut: OpenCut, domain: Domain, found: Iterable[Values]) -> tuple[Values, ...]:
    """Returns what was corrected in these records, oldest first: old and new value, both files and rows."""
    if not cut.has("record_changes"):
        return ()
    keys = dict.fromkeys((one["usubjid"], one["record_key"]) for one in found)
    listed: list[Values] = []
    for usubjid, key in keys:
        listed += cut.rows(
            "select record_key, variable, change, old_value, new_value, seen_on, old_source_file, old_source_row, "
            f"new_source_file, new_source_row from {cut.scan('record_changes')} where usubjid is not distinct from ? "
            "and domain = ? and record_key is not distinct from ? order by all",
            [usubjid, domain.name.upper(), key],
        )
    return tuple(sorted(listed, key=lambda one: str(one["seen_on"])))


def domain_of(name: object) -> Domain | None:
    """Returns the domain that a row names as its source (`QS`), or None."""
    return DOMAINS.get(str(name).lower())


def _stored(cut: OpenCut, delivery: LandedDelivery) -> tuple[str, str]:
    try:
        path = delivered_path(cut.study.folder, delivery.delivery_id, delivery.file)
        found = _hash(cut, path) if path else None
    except PermissionError:
        return CLOSED, "vault"
    if path is None:
        cut.notice(f"{cut.study.folder.deliveries / delivery.delivery_id}: the delivered bytes are gone")
        return GONE, ""
    place = "vault" if path.is_relative_to(cut.study.folder.vault) else "store"
    if found != content_sha256(cut.study.folder, delivery.delivery_id):
        cut.notice(f"{path}: its bytes are not those that were delivered")
        return DIFFERS, place
    return INTACT, place


def _hash(cut: OpenCut, path: Path) -> str:
    if path not in cut.hashes:
        cut.hashes[path] = sha256_file(path)
    return cut.hashes[path]


def _text(cut: OpenCut, delivery: LandedDelivery, row: int) -> tuple[Values, str]:
    """Returns a row's cells as delivered, and why there are none; never the arm, free text or a clear identifier."""
    path = delivery.directory / "text.parquet"
    if not path.is_file():
        return {}, "none was kept"
    if not cut.is_same_study:
        return {}, _CHANGED_STUDY
    matched = contract_for(cut.study, delivery.siteid, delivery.file)
    if matched is None:
        return {}, _CHANGED_STUDY
    contract, _ = matched
    if contract.in_vault:
        return {}, _HIDDEN_DOMAIN
    cut.check_landed(delivery)
    found = cut.rows(f"select * from {parquet_scan([path])} where _source_row = ?", [row])
    cells = {name: value for one in found for name, value in one.items() if name not in PROVENANCE}
    clear = {"quasi", "clinical"} | ({"pseudonym"} if cut.study.pseudonyms == "none" else set())
    allowed = {
        rule.name
        for rule in contract.rules(list(cells))
        if rule.column.column_class in clear or (rule.column.column_class == "free_text" and rule.column.releasable)
    }
    return {name: value for name, value in cells.items() if name in allowed and value is not None}, ""
