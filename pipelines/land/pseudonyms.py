"""Pseudonyms: a subject's key in the tables is HMAC-SHA256(study key, study | site | id), and the key is in the vault.

Rule    clear ids are in the vault only; without the key nothing lands (H_KEY), and a new one is never made in its place
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets

import pyarrow as pa

from pipelines.core.errors import IntegrityError
from pipelines.core.files import fsync_directory, write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.land.receipts import REASONS
from pipelines.study import Study, StudyFolder

# 64 bits: two of 100,000 subjects share one with odds of 1 in 3.7 billion, two of 1,000,000 with 1 in 37 million.
_DIGITS = 16
_KEY_BYTES = 32


def ensure_key(study: Study) -> None:
    """Makes the study's key where it asks for pseudonyms and nothing has landed yet; otherwise checks that it is there.

    Raises:
        IntegrityError: H_KEY: the key is gone, or not the one under which deliveries landed.
    """
    if study.pseudonyms == "none":
        return
    folder = study.folder
    if folder.key_commitment.exists():
        study_key(study)
        return
    if any(folder.deliveries.glob("*/*/text.parquet")):
        raise _halt(study, "Deliveries landed with clear ids before the study asked for pseudonyms. Start a new store.")
    folder.vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.pseudonym_key.exists():
        _write_key(folder)
    commitment = {"hmac_sha256": _commitment(study, folder.pseudonym_key.read_bytes())}
    write_atomically(folder.key_commitment, canonical_json(commitment))


def study_key(study: Study) -> bytes:
    """Returns the study's key.

    Raises:
        IntegrityError: H_KEY, as in `ensure_key`.
    """
    folder = study.folder
    try:
        key = folder.pseudonym_key.read_bytes()
        committed = str(json.loads(folder.key_commitment.read_bytes())["hmac_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _halt(study, f"{folder.pseudonym_key} cannot be read. Bring it back from the backup.") from None
    if not hmac.compare_digest(_commitment(study, key), committed):
        raise _halt(study, f"{folder.pseudonym_key} is another key. Bring the first one back from the backup.")
    return key


def pseudonym(key: bytes, *parts: str) -> str:
    """Returns the pseudonym of what `parts` name together: 16 hex digits."""
    # Each part with its length: no two lists of parts give the same message.
    message = "".join(f"{len(part)}:{part}|" for part in parts).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:_DIGITS]


def subject_pseudonyms(study: Study, sites: list[str | None], keys: list[str | None]) -> tuple[pa.Array, pa.Array]:
    """Returns for each pair of site and `usubjid` the `usubjid` that is shown, and the pseudonym alone.

    What is shown is the study, the site where that is part of the key, and the pseudonym.
    """
    key, by_site = study_key(study), study.subject_key == "site"
    shown: list[str | None] = []
    alone: list[str | None] = []
    for given_site, usubjid in zip(sites, keys, strict=True):
        if usubjid is None:
            shown.append(None)
            alone.append(None)
            continue
        site, subject = _split(study, given_site, usubjid)
        digits = pseudonym(key, study.study, site if by_site else "", subject)
        shown.append("-".join([study.study, *([site] if by_site and site else []), digits]))
        alone.append(digits)
    return pa.array(shown, pa.string()), pa.array(alone, pa.string())


def value_pseudonyms(study: Study, values: pa.Array) -> pa.Array:
    """Returns the pseudonym of each value within the study; null and blank stay."""
    key = study_key(study)
    return pa.array(
        [
            pseudonym(key, study.study, "value", value) if (value or "").strip(" ") else value
            for value in values.to_pylist()
        ],
        pa.string(),
    )


def _split(study: Study, site: str | None, usubjid: str) -> tuple[str, str]:
    """Returns site and the subject's id within it: `STUDY-S01-001` of one export is `001` of site S01 in another."""
    sites = [site] if site else sorted(study.trial_sites, key=len, reverse=True)
    if study.subject_key == "study":
        prefixes = [(site or "", f"{study.study}-")]
    else:
        prefixes = [(one, f"{study.study}-{one}-") for one in sites]
    for one, prefix in prefixes:
        if usubjid.startswith(prefix):
            return one, usubjid.removeprefix(prefix)
    return site or "", usubjid


def _write_key(folder: StudyFolder) -> None:
    descriptor = os.open(folder.pseudonym_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    fsync_directory(folder.vault)


def _commitment(study: Study, key: bytes) -> str:
    # Of the key, and of nothing that could be guessed: it tells a changed key and gives no pseudonym away.
    return hmac.new(key, f"commitment|{study.study}".encode(), hashlib.sha256).hexdigest()


def _halt(study: Study, what: str) -> IntegrityError:
    return IntegrityError(f"{study.name}: H_KEY: {REASONS['H_KEY']} {what} Nothing was landed.")
