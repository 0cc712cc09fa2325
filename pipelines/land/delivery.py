"""Landing one delivery: bytes to text rows to typed rows, committed as a whole.

Rule    rows in = accepted + quarantined, counted; what reveals the arm goes to the vault, and there only
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import duckdb

from pipelines.core import machine
from pipelines.core.errors import BusyError
from pipelines.core.files import directory_written_whole
from pipelines.core.hashing import canonical_json
from pipelines.land.archives import unpacked
from pipelines.land.blinding import check_blinding
from pipelines.land.coding import coded_columns
from pipelines.land.contract import Contract
from pipelines.land.drift import header_drift, rows_drift
from pipelines.land.identifiers import check_identifiers
from pipelines.land.readers import read_text_rows
from pipelines.land.readers.text_rows import TextRows
from pipelines.land.receipts import Change, DeliveryReceipt, HeldError, RefusedError
from pipelines.land.shape import Shaped, shape
from pipelines.land.sidecars import check_stated, check_stated_rows
from pipelines.land.store import (
    UNKNOWN_FILE,
    Arrival,
    keep_bytes,
    landing_directory,
    matched_contract,
    open_vault,
    read_receipt,
    treatment_directory,
    write_hashes,
)
from pipelines.land.write import write_rows, write_treatment
from pipelines.study import Study, StudyFolder


def known_receipt(study: Study, arrival: Arrival) -> DeliveryReceipt | None:
    """Returns the receipt of a file that was landed under today's contract, or None."""
    matched = matched_contract(study, arrival)
    return read_receipt(study.folder, arrival, matched[0].key if matched else UNKNOWN_FILE)


def land_delivery(
    connection: duckdb.DuckDBPyConnection, study: Study, arrival: Arrival, copy: Path, first_site: str
) -> DeliveryReceipt:
    """Lands the delivered bytes in `copy`; a refusal is a receipt too, and its bytes are kept in the vault.

    `first_site` is the site that delivered this content first.
    """
    matched = matched_contract(study, arrival)
    key = matched[0].key if matched else UNKNOWN_FILE
    exported_on = matched[1] if matched else None
    try:
        contract = _contract(study, arrival, matched[0] if matched else None, first_site)
        receipt = _land_rows(connection, arrival, copy, contract, exported_on)
    except duckdb.Error as error:
        machine.raise_refusal(error)
        # Its text may quote the row.
        msg = (
            f"{arrival.site}/{arrival.file}: {type(error).__name__} while it was landed. This is a bug; nothing landed."
        )
        raise RuntimeError(msg) from None
    except RefusedError as refusal:
        receipt = refused_receipt(arrival.site, arrival.file, arrival.sha256, refusal)
        receipt = replace(
            receipt,
            landing_key=key,
            layout_file=matched[0].export.file if matched else "",
            delivered_on=exported_on or "",
            rows_refused=_lines(copy, matched[0]) if refusal.rows is None and matched else refusal.rows,
        )
        keep_bytes(study.folder, copy, arrival.sha256, arrival.file, place="refused")
        _commit(study.folder, receipt)
    return receipt


def _lines(copy: Path, contract: Contract) -> int | None:
    """Returns the lines of a text file behind its header; None where it is packed, or is no text."""
    form = contract.export.format
    if form.type != "delimited" or form.encoding.startswith("utf-16"):
        return None
    ends, last = 0, b""
    with copy.open("rb") as file:
        while chunk := file.read(1 << 20):
            if b"\0" in chunk:
                return None
            ends, last = ends + chunk.count(b"\n"), chunk[-1:]
    return max(ends + (last not in {b"", b"\n"}) - 1, 0)


def _contract(study: Study, arrival: Arrival, contract: Contract | None, first_site: str) -> Contract:
    if contract is None:
        names = ", ".join(export.file for export in study.exports(arrival.site))
        raise RefusedError("F_FILE_UNKNOWN", f"The layout names: {names}.")
    if first_site != arrival.site:
        raise RefusedError("F_CROSS_SITE_DUP", f"The other site: {first_site}.")
    return contract


def _land_rows(
    connection: duckdb.DuckDBPyConnection, arrival: Arrival, copy: Path, contract: Contract, exported_on: str | None
) -> DeliveryReceipt:
    folder = contract.study.folder
    open_vault(folder)
    warnings = check_stated(contract, arrival, copy)
    expected = contract.expected_name(exported_on)
    with unpacked(copy, arrival.file, expected, contract.export.format.type, folder.vault) as path:
        text = read_text_rows(path, contract)
    try:
        shaped, drift = _shaped(connection, contract, text, exported_on)
    except RefusedError as refusal:
        refusal.rows = text.table.num_rows
        raise
    codes = (*warnings, *text.codes, *shaped.codes)
    receipt = DeliveryReceipt(
        site=arrival.site,
        file=arrival.file,
        sha256=arrival.sha256,
        outcome="warned" if codes else "accepted",
        codes=codes,
        detail=f"W_SUM: {shaped.wrong_totals} assessment(s)." if shaped.wrong_totals else "",
        rows_in=shaped.rows_in,
        rows_accepted=shaped.rows_accepted,
        rows_quarantined=shaped.rows_quarantined,
        landing_key=contract.key,
        layout_file=contract.export.file,
        delivered_on=exported_on or "",
        new=True,
        drift=drift,
    )
    keep_bytes(
        folder,
        copy,
        arrival.sha256,
        arrival.file,
        place="vault" if contract.sensitive(text.table.column_names) else "store",
    )
    # The vault's part first: a landing that is there is there with all its parts.
    treatment = treatment_directory(folder, arrival.sha256, contract.key)
    _write_once(treatment, "land.treatment", lambda directory: write_treatment(directory, contract, shaped, arrival))
    _commit(folder, receipt, lambda directory: write_rows(directory, contract, shaped, arrival))
    return receipt


def _shaped(
    connection: duckdb.DuckDBPyConnection, contract: Contract, text: TextRows, exported_on: str | None
) -> tuple[Shaped, tuple[Change, ...]]:
    check_stated_rows(contract, text.table.num_rows)
    columns = coded_columns(text.table)
    # Before anything of it is written outside the vault.
    try:
        check_blinding(columns, contract)
        check_identifiers(columns, contract, exported_on)
    except RefusedError as refusal:
        refusal.drift = header_drift(list(columns), contract)
        raise
    shaped = shape(connection, contract, columns, exported_on, text.faults)
    drift = rows_drift(shaped.checked, shaped.quarantine) if shaped.rows_quarantined else ()
    _check_conservation(shaped, text.table.num_rows, contract.study.quarantine_limit_pct, drift)
    return shaped, drift


def _check_conservation(shaped: Shaped, delivered: int, limit_pct: float, drift: tuple[Change, ...]) -> None:
    if not delivered == shaped.rows_in == shaped.rows_accepted + shaped.rows_quarantined:
        msg = (
            f"rows are not conserved: {delivered} delivered, {shaped.rows_in} read, "
            f"{shaped.rows_accepted} accepted, {shaped.rows_quarantined} quarantined. This is a bug; nothing landed."
        )
        raise AssertionError(msg)
    # One bad row never refuses a file, however short the file is.
    if shaped.rows_quarantined > max(1.0, limit_pct * shaped.rows_in / 100):
        codes = ", ".join(shaped.codes)
        detail = f"{shaped.rows_quarantined} of {shaped.rows_in} rows; allowed are {limit_pct:g} %. Reasons: {codes}."
        raise RefusedError("F_QUARANTINE_SHARE", detail, drift=drift)


def _commit(folder: StudyFolder, receipt: DeliveryReceipt, write: Callable[[Path], None] | None = None) -> None:
    document = {name: value for name, value in asdict(receipt).items() if name not in {"site", "file", "new"}}

    def write_all(directory: Path) -> None:
        if write:
            write(directory)
        (directory / "receipt.json").write_bytes(canonical_json(document))

    _write_once(landing_directory(folder, receipt.sha256, receipt.landing_key), "land.rows", write_all)


def _write_once(target: Path, change: str, write: Callable[[Path], None]) -> None:
    """Writes a directory and the hashes of its files, unless it is there: the same delivery gives the same bytes."""
    if target.is_dir():
        return
    # Two processes may land the same bytes; the first to finish wins.
    with contextlib.suppress(BusyError), directory_written_whole(target, change=change) as directory:
        write(directory)
        write_hashes(directory)


def refused_receipt(site: str, file: str, sha256: str, refusal: RefusedError) -> DeliveryReceipt:
    """Returns the receipt of a file that is not landed."""
    return DeliveryReceipt(
        site=site,
        file=file,
        sha256=sha256,
        outcome="held" if isinstance(refusal, HeldError) else "refused",
        codes=(refusal.code,),
        detail=str(refusal),
        rows_in=0,
        rows_accepted=0,
        rows_quarantined=0,
        landing_key=UNKNOWN_FILE,
        layout_file="",
        delivered_on="",
        new=True,
        drift=refusal.drift,
    )
