"""What a cut is made of: the deliveries known, the study file, the code and the blinding; their hash is its id."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.core.errors import InputRefusedError, NotAllowedError, StudyFileError
from pipelines.core.hashing import sha256_json
from pipelines.core.source import code_sha256
from pipelines.cut.code_breaks import broken_codes
from pipelines.cut.config import check_config
from pipelines.cut.data_lock import data_lock, is_locked_in
from pipelines.cut.unblinding import signed_unblinding
from pipelines.land.cadence import expected_on, newest_day
from pipelines.land.kept_blind import check_kept_blind
from pipelines.land.pseudonyms import committed_key
from pipelines.land.receipts import REASONS, DeliveryReceipt
from pipelines.land.store import Arrival, landed_deliveries, landing_directory, treatment_directory
from pipelines.land.veiled import holds_bytes
from pipelines.study import Study

# The libraries whose version can change a derived value or a written byte.
_LIBRARIES = (
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "great-expectations",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "pyreadstat",
    "scipy",
)


@dataclass(frozen=True, kw_only=True)
class LandedDelivery:
    """A delivery that goes into a cut.

    `current` ones are read: the newest snapshot of an export, or all its increments, where the newest value of a key
    wins by `rank`. On the newest of an export `expected_on` is when the next one is due (`pipelines.land.cadence`), and
    `late` says that this day was before the cut's own and the next one is not there.
    """

    delivery_id: str
    siteid: str
    file: str
    layout_file: str
    landing_key: str
    delivered_on: str | None
    outcome: str
    codes: tuple[str, ...]
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    rows_refused: int | None
    rank: int
    current: bool
    is_increment: bool
    expected_on: str | None
    late: bool
    directory: Path
    treatment_directory: Path


@dataclass(frozen=True, kw_only=True)
class CutInputs:
    """What a cut is made of: `document` is hashed, `deliveries` says where the rows lie."""

    cut_id: str
    document: dict[str, Any]
    deliveries: tuple[LandedDelivery, ...]


def cut_inputs(
    study: Study,
    *,
    as_of: dt.date | None = None,
    data_cutoff: dt.date | None = None,
    blinded: bool | None = None,
) -> CutInputs:
    """Returns the inputs of the cut that these arguments ask for.

    Args:
        study: the study.
        as_of: only deliveries exported (or, where the name holds no date, received) up to this day.
        data_cutoff: what happened after this day is left out.
        blinded: pool the arms and leave the vault closed; by default as the study file says.

    Raises:
        InputRefusedError: nothing was landed, or a delivery must be landed again because its contract changed.
        NotAllowedError: the arms of a blinded study are asked for and two signers have not opened them, or a delivery
            that tells them is not put right; the study file was changed since a signed cut was published.
        StudyFileError: a blinded cut of a study whose visits are read from arm-revealing codes.
        IntegrityError: a code break or an unblinding was altered or taken away.
    """
    check_config(study)
    check_kept_blind(study)
    check_held(study)
    blinded = study.blinding == "blinded" if blinded is None else blinded
    _check_visits(study, blinded=blinded)
    inputs = uncleared_inputs(study, as_of=as_of, data_cutoff=data_cutoff, blinded=blinded)
    broken = broken_codes(study, as_of=as_of, data_cutoff=data_cutoff, lock=data_lock(study))
    document = {**inputs.document, "code_breaks": broken}
    if study.blinding == "blinded" and not blinded:
        document["unblinding"] = signed_unblinding(study, document)
    return replace(inputs, cut_id=sha256_json(document), document=document)


def uncleared_inputs(
    study: Study, *, as_of: dt.date | None = None, data_cutoff: dt.date | None = None, blinded: bool
) -> CutInputs:
    """Returns the inputs without asking who may see them: for an emergency, whose own step asks that.

    Raises:
        InputRefusedError: as for `cut_inputs`.
    """
    deliveries = _ranked(study, _known_on(study, as_of), as_of)
    document = {
        "study": study.study,
        "study_file_sha256": study.file_sha256,
        "metadata_sha256": study.metadata,
        "code_sha256": code_sha256(),
        "blinded": blinded,
        # Pseudonyms and what stands for withheld text are made with it: another key gives other bytes.
        "study_key": committed_key(study.folder),
        "as_of": as_of.isoformat() if as_of else None,
        "data_cutoff": data_cutoff.isoformat() if data_cutoff else None,
        "deliveries": [_described(delivery) for delivery in deliveries],
        "versions": {library: importlib.metadata.version(library) for library in _LIBRARIES},
    }
    return CutInputs(cut_id=sha256_json(document), document=document, deliveries=tuple(deliveries))


def check_held(study: Study) -> None:
    """Stops the study while a delivery that would unblind it lies in the inbox under the layout that let it in.

    Raises:
        NotAllowedError: there is one; site and file are named.
    """
    if held := [f"{arrival.site}/{arrival.file}" for arrival in held_deliveries(study)]:
        msg = (
            f"{study.name}: H_UNBLIND: {REASONS['H_UNBLIND']} Held: {', '.join(held)}. Correct the layout, or take the "
            f"file out of the inbox; then run `afterglow land {study.name}`."
        )
        raise NotAllowedError(msg)


def held_deliveries(study: Study) -> list[Arrival]:
    """Returns the deliveries that hold the study up."""
    landed = landed_deliveries(study)
    held = [arrival for arrival, receipt in landed if receipt is not None and receipt.outcome == "held"]
    return [arrival for arrival in held if _is_in_inbox(study, arrival)]


def _is_in_inbox(study: Study, arrival: Arrival) -> bool:
    # A file that was taken away, or replaced by another, holds nothing up; the bytes that came stay in the vault.
    path = study.folder.inbox / arrival.site / arrival.file
    return path.is_file() and holds_bytes(study.folder, arrival.sha256, path)


def _check_visits(study: Study, *, blinded: bool) -> None:
    columns = [column for files in study.layouts.values() for export in files for column in export.columns.values()]
    if blinded and any(column.to == "visit" and column.column_class == "treatment" for column in columns):
        msg = (
            f"{study.name}: its visits are read from codes that reveal the arm, so a blinded cut cannot tell which "
            "period a score belongs to. Make an open cut, or ask for an export whose visit codes do not name the arm."
        )
        raise StudyFileError(msg)


def _known_on(study: Study, as_of: dt.date | None) -> list[tuple[Arrival, DeliveryReceipt]]:
    known: list[tuple[Arrival, DeliveryReceipt]] = []
    lock = data_lock(study)
    for arrival, receipt in landed_deliveries(study):
        if lock and not is_locked_in(lock, arrival):
            continue
        if receipt is None:
            msg = (
                f"{study.name}: {arrival.site}/{arrival.file} was landed under another study file or version of "
                f"the code. Run `afterglow land {study.name}` first."
            )
            raise InputRefusedError(msg)
        if as_of is None or _day(arrival, receipt) <= as_of.isoformat():
            known.append((arrival, receipt))
    if not any(receipt.outcome in {"accepted", "warned"} for _, receipt in known):
        msg = (
            f"{study.name}: no accepted delivery to make a cut of. Put exports into {study.folder.inbox} and land them."
        )
        raise InputRefusedError(msg)
    return known


def _day(arrival: Arrival, receipt: DeliveryReceipt) -> str:
    # The day of arrival orders exports that name none; it is no input of the cut itself, only their order is.
    return receipt.delivered_on or arrival.received_at[:10]


def _ranked(study: Study, known: list[tuple[Arrival, DeliveryReceipt]], as_of: dt.date | None) -> list[LandedDelivery]:
    """Orders deliveries of one export by the day they were made, then by arrival: the last one is the newest."""
    modes = {(key, export.file): export.delivery for key, site in study.sites.items() for export in study.exports(key)}
    # The time of arrival tells only deliveries of one export and one day apart: in whatever order files that name their
    # day arrive, the ranks are the same, and so is the cut.
    ordered = sorted(known, key=lambda pair: (_day(*pair), pair[0].site, pair[1].layout_file, *_arrival(pair[0])))
    usable = [pair for pair in ordered if pair[1].outcome in {"accepted", "warned"}]
    # Content under a second name is the same delivery, but not where it is another export.
    first_names = {
        (arrival.sha256, arrival.site, receipt.layout_file): arrival for arrival, receipt in reversed(usable)
    }
    newest = {(arrival.site, receipt.layout_file): arrival.sha256 for arrival, receipt in usable}
    days = {(arrival.site, receipt.layout_file): receipt.delivered_on for arrival, receipt in usable}
    # No clock: a cut that names no day is as of the newest export of the study.
    today = as_of or newest_day(receipt.delivered_on for _, receipt in usable)
    deliveries = []
    for rank, (arrival, receipt) in enumerate(ordered, start=1):
        export = (arrival.site, receipt.layout_file)
        is_first = first_names.get((arrival.sha256, *export)) == arrival
        is_usable = receipt.outcome in {"accepted", "warned"} and is_first
        is_newest = is_usable and newest[export] == arrival.sha256
        due = expected_on(days[export], study.sites[arrival.site].cadence) if is_newest else None
        current = is_usable and (modes.get(export) == "increment" or is_newest)
        deliveries.append(
            LandedDelivery(
                delivery_id=arrival.sha256,
                siteid=arrival.site,
                file=arrival.file,
                layout_file=receipt.layout_file,
                landing_key=receipt.landing_key,
                delivered_on=receipt.delivered_on or None,
                outcome=receipt.outcome,
                codes=receipt.codes,
                rows_in=receipt.rows_in,
                rows_accepted=receipt.rows_accepted,
                rows_quarantined=receipt.rows_quarantined,
                rows_refused=receipt.rows_refused,
                rank=rank,
                current=current,
                is_increment=modes.get(export) == "increment",
                expected_on=due.isoformat() if due else None,
                late=due is not None and today is not None and due < today,
                directory=landing_directory(study.folder, arrival.sha256, receipt.landing_key),
                treatment_directory=treatment_directory(study.folder, arrival.sha256, receipt.landing_key),
            )
        )
    return deliveries


def _arrival(arrival: Arrival) -> tuple[str, str, str]:
    return arrival.received_at, arrival.sha256, arrival.file


def _described(delivery: LandedDelivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "siteid": delivery.siteid,
        "file": delivery.file,
        "layout_file": delivery.layout_file,
        "landing_key": delivery.landing_key,
        "delivered_on": delivery.delivered_on,
        "outcome": delivery.outcome,
        "codes": list(delivery.codes),
        "rows_in": delivery.rows_in,
        "rows_accepted": delivery.rows_accepted,
        "rows_quarantined": delivery.rows_quarantined,
        "rows_refused": delivery.rows_refused,
        "rank": delivery.rank,
        "current": delivery.current,
    }
