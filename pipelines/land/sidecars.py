"""Sidecars: a small file beside a delivery that states its hash or its number of rows, where the layout declares one.

Forms   <file>.sha256 and <file>.md5, as sha256sum and md5sum write them; <file>.manifest.json with `rows`, `sha256` or
        both; manifest.csv, one for a folder, with the columns `file` and `rows`, `sha256` or both
Rule    what is stated is part of the landing key: a sidecar that comes later, or is corrected, lands the file again
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.land.contract import Contract, Stated, contract_for
from pipelines.land.receipts import RefusedError
from pipelines.land.store import Arrival, keep_bytes, record_stated
from pipelines.land.veiled import content_sha256, is_veiled
from pipelines.study import Study
from pipelines.study.layout import Sidecar

_MANIFEST = "manifest.csv"
_SUFFIXES = {"sha256": ".sha256", "md5": ".md5", "manifest_json": ".manifest.json"}
_LARGEST = 1 << 24
_DIGITS = {"sha256": 64, "md5": 32}


def is_sidecar(study: Study, site: str, name: str) -> bool:
    """Whether a file of this name is a sidecar that the site's layout declares."""
    exports = study.layouts[study.sites[site].layout]
    if name == _MANIFEST:
        return any(export.sidecar and export.sidecar.type == "manifest_csv" for export in exports)
    for form, suffix in _SUFFIXES.items():
        if name.endswith(suffix) and (matched := contract_for(study, site, name.removesuffix(suffix))):
            declared = matched[0].export.sidecar
            return declared is not None and declared.type == form
    return False


def take_statements(
    study: Study, copies: dict[Arrival, Path], sidecars: dict[tuple[str, str], tuple[Path, str]]
) -> set[tuple[str, str]]:
    """Writes down what the sidecars state of the files in `copies`; returns those that were used, as (site, name).

    `sidecars` holds by (site, name) a copy of the sidecar's bytes and their SHA-256; the bytes are kept in the vault.
    """
    used: set[tuple[str, str]] = set()
    for arrival, delivered in copies.items():
        matched = contract_for(study, arrival.site, arrival.file)
        declared = matched[0].export.sidecar if matched else None
        name = _sidecar_name(declared, arrival.file) if declared else ""
        if declared is None or (arrival.site, name) not in sidecars:
            continue
        copy, sha256 = sidecars[arrival.site, name]
        used.add((arrival.site, name))
        keep_bytes(study.folder, copy, sha256, name, place="vault")
        try:
            found = _read(copy, declared, arrival.file)
            if found is None:
                continue
            stated = Stated(sidecar=name, sidecar_sha256=sha256, **found)
        except RefusedError as refusal:
            stated = Stated(sidecar=name, sidecar_sha256=sha256, broken=refusal.detail)
        if is_veiled(study, arrival.site, arrival.file):
            stated = _veiled(study, arrival, stated, delivered)
        record_stated(study.folder, arrival, stated)
    return used


def _veiled(study: Study, arrival: Arrival, stated: Stated, copy: Path) -> Stated:
    """Returns the same without a hash of bytes that tell the arm: that it is theirs, or that it is not."""
    if stated.sha256 is None and stated.md5 is None:
        return replace(stated, sidecar_sha256="")
    is_theirs = stated.sha256 in {None, content_sha256(study.folder, arrival.sha256)} and (
        stated.md5 is None or stated.md5 == _md5(copy)
    )
    return replace(stated, sidecar_sha256="", sha256=arrival.sha256 if is_theirs else "", md5=None)


def check_stated(contract: Contract, arrival: Arrival, copy: Path) -> tuple[str, ...]:
    """Compares the delivered bytes with what is stated of them; returns warnings.

    Raises:
        RefusedError: F_NO_SIDECAR, F_SIDECAR or F_HASH.
    """
    declared, stated = contract.export.sidecar, contract.stated
    if declared is None:
        return ()
    if stated is None:
        if not declared.required:
            return ("W_NO_SIDECAR",)
        expected = _sidecar_name(declared, arrival.file)
        raise RefusedError("F_NO_SIDECAR", f"Expected: {expected}. The file is tried again when that has come.")
    if stated.broken:
        raise RefusedError("F_SIDECAR", f"{stated.sidecar}: {stated.broken} Ask the site for a new one.")
    wrong = stated.sha256 not in {None, arrival.sha256}
    if stated.md5 is not None and stated.md5 != _md5(copy):
        wrong = True
    if wrong:
        raise RefusedError("F_HASH", f"{stated.sidecar} states another one. Ask the site to send both again.")
    return ()


def check_stated_rows(contract: Contract, rows: int) -> None:
    """Compares the number of rows read with the one stated.

    Raises:
        RefusedError: F_ROWCOUNT.
    """
    stated = contract.stated
    if stated and stated.rows is not None and stated.rows != rows:
        raise RefusedError("F_ROWCOUNT", f"{stated.sidecar} states {stated.rows} rows; the file holds {rows}.")


def _sidecar_name(declared: Sidecar, file: str) -> str:
    return _MANIFEST if declared.type == "manifest_csv" else file + _SUFFIXES[declared.type]


def _md5(path: Path) -> str:
    # Against faults of transport only, as sites send it: the content's own identity is its SHA-256.
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _read(path: Path, declared: Sidecar, file: str) -> dict[str, Any] | None:
    """Returns the statement of `file`; None where a manifest does not list it."""
    if path.stat().st_size > _LARGEST:
        raise RefusedError("F_SIDECAR", "It is larger than any sidecar.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedError("F_SIDECAR", "It is not UTF-8.") from None
    if declared.type == "manifest_csv":
        return _of_manifest(text, file)
    if declared.type == "manifest_json":
        return _of_json(text, file)
    return _of_checksum(text, declared.type, file)


def _of_checksum(text: str, form: str, file: str) -> dict[str, Any]:
    match = re.fullmatch(rf"([0-9A-Fa-f]{{{_DIGITS[form]}}})(?: [ *]([^\r\n]+))?\r?\n?", text)
    if match is None:
        raise RefusedError("F_SIDECAR", f"It is no line of {form}sum.")
    if match.group(2) not in {None, file}:
        raise RefusedError("F_SIDECAR", "It names another file.")
    return {form: match.group(1).lower()}


def _of_json(text: str, file: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise RefusedError("F_SIDECAR", "A key stands in it twice.")
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise RefusedError("F_SIDECAR", "It is no JSON.") from None
    if not isinstance(document, dict) or document.get("file", file) != file:
        raise RefusedError("F_SIDECAR", "It is of another file.")
    rows = document.get("rows")
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int)):
        raise RefusedError("F_SIDECAR", "`rows` is no whole number.")
    return _checked(document.get("sha256"), None if rows is None else str(rows))


def _of_manifest(text: str, file: str) -> dict[str, Any] | None:
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = reader.fieldnames or []
        lines = [line for line in reader if line.get("file") == file]
    except csv.Error:
        raise RefusedError("F_SIDECAR", "It is no CSV.") from None
    if len(set(names)) < len(names) or "file" not in names or not {"rows", "sha256"} & set(names):
        raise RefusedError("F_SIDECAR", "Its columns must be `file`, and `rows`, `sha256` or both, each once.")
    if len(lines) > 1:
        raise RefusedError("F_SIDECAR", "It lists the file twice.")
    if not lines:
        return None
    if None in lines[0] or None in lines[0].values():
        raise RefusedError("F_SIDECAR", "The file's line has more or fewer fields than its header.")
    return _checked(lines[0].get("sha256") or None, lines[0].get("rows") or None)


def _checked(sha256: object, rows: str | None) -> dict[str, Any]:
    if sha256 is None and rows is None:
        raise RefusedError("F_SIDECAR", "It states neither `rows` nor `sha256` of the file.")
    if sha256 is not None and not (isinstance(sha256, str) and re.fullmatch("[0-9A-Fa-f]{64}", sha256)):
        raise RefusedError("F_SIDECAR", "`sha256` is none.")
    if rows is not None and not re.fullmatch("[0-9]{1,15}", rows):
        raise RefusedError("F_SIDECAR", "`rows` is no whole number.")
    return {"sha256": sha256.lower() if sha256 else None, "rows": int(rows) if rows else None}
