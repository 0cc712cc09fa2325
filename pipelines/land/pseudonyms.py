"""Pseudonyms: a subject's key in the tables is HMAC-SHA256(study key, study | site | id), and the key is in the vault.

What stands for withheld text is made with the same key: without one, short texts could be guessed and tried.

Rule    clear ids are in the vault only; without the key nothing lands (H_KEY), and a new one is never made in its place
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets

import pyarrow as pa

from pipelines.core.errors import IntegrityError
from pipelines.core.fail_points import reached
from pipelines.core.files import fsync_directory, write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.core.leftovers import owned_directory
from pipelines.land.receipts import REASONS
from pipelines.study import Study, StudyFolder
from pipelines.study.domains import DOMAINS

# 64 bits: two of 100,000 subjects share one with odds of 1 in 3.7 billion, two of 1,000,000 with 1 in 37 million.
_DIGITS = 16
_KEY_BYTES = 32


def ensure_key(study: Study) -> None:
    """Makes the study's key where something is made with it; once there, checks that it is still that one.

    A study asks for it with `pseudonyms`, or by withholding text that tells a subject's records apart.

    Raises:
        IntegrityError: H_KEY: the key is gone, or not the one under which deliveries landed.
    """
    wants_pseudonyms = study.pseudonyms == "vault"
    if not wants_pseudonyms and not _withholds_keys(study):
        return
    folder = study.folder
    made_for = None
    if folder.key_commitment.exists():
        study_key(study)
        made_for = json.loads(folder.key_commitment.read_bytes()).get("pseudonyms", "vault")
    if wants_pseudonyms and made_for != "vault" and any(folder.deliveries.glob("*/*/text.parquet")):
        raise _halt(study, "Deliveries landed with clear ids before the study asked for pseudonyms. Start a new store.")
    if made_for in {"vault", study.pseudonyms}:
        return
    folder.vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.pseudonym_key.exists():
        _write_key(folder)
    commitment = {
        "hmac_sha256": _commitment(study, folder.pseudonym_key.read_bytes()),
        "pseudonyms": study.pseudonyms,
    }
    write_atomically(folder.key_commitment, canonical_json(commitment), change="land.commitment")


def committed_key(folder: StudyFolder) -> str | None:
    """Returns what tells the study's key from any other, or None where nothing is made with one."""
    if not folder.key_commitment.exists():
        return None
    return str(json.loads(folder.key_commitment.read_bytes())["hmac_sha256"])


def _withholds_keys(study: Study) -> bool:
    exports = [export for files in study.layouts.values() for export in files]
    return any(is_key(name, variable) for export in exports for name, variable in export.withheld)


def is_key(domain: str, variable: str) -> bool:
    """Whether the variable tells a subject's records of the domain apart."""
    return domain in DOMAINS and variable in DOMAINS[domain].key


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


def withheld_texts(
    study: Study, domain: str, variable: str, subjects: list[str | None], texts: list[str | None]
) -> pa.Array:
    """Returns what stands in the place of texts that tell a subject's records apart, and tells them apart as well.

    The same text of the same subject gives the same `WITHHELD <digits>` in every delivery; of another subject, another.
    """
    key = study_key(study)
    shown = [
        None
        if clear is None
        else f"WITHHELD {pseudonym(key, study.study, 'withheld', domain, variable, subject or '', clear)}"
        for subject, clear in zip(subjects, texts, strict=True)
    ]
    return pa.array(shown, pa.string())


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
    # Linked when it is whole: of two processes that land at the same time, one makes the key and both read it.
    with owned_directory(folder.vault, ".key.") as room:
        reached("land.key.begun")
        partial = room / "key"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            reached("land.key.written")
            os.fsync(file.fileno())
        reached("land.key.synced")
        with contextlib.suppress(FileExistsError):
            os.link(partial, folder.pseudonym_key)
        reached("land.key.placed")
        fsync_directory(folder.vault)


def _commitment(study: Study, key: bytes) -> str:
    # Of the key, and of nothing that could be guessed: it tells a changed key and gives no pseudonym away.
    return hmac.new(key, f"commitment|{study.study}".encode(), hashlib.sha256).hexdigest()


def _halt(study: Study, what: str) -> IntegrityError:
    return IntegrityError(f"{study.name}: H_KEY: {REASONS['H_KEY']} {what} Nothing was landed.")
