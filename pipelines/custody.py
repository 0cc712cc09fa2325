"""Custody: whether what lies beside a study's cuts is what its steps wrote, file by file.

Reads   the inventory, which the audit trail names (`pipelines.ledger.inventory`), and every file that belongs in it
Rule    a file that is changed, gone or too many is named. One that no step has entered yet, because that was broken
        off, is counted where it is whole by itself, and named where it is not. A vault that this user may not read, or
        that a backup left out, is said to be unchecked
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.hashing import canonical_json, sha256_file, sha256_json
from pipelines.land.store import damaged_files
from pipelines.land.veiled import holds_bytes
from pipelines.ledger import Recorded
from pipelines.ledger.inventory import (
    NONE,
    Names,
    Told,
    fingerprint,
    inventory_path,
    kept_records,
    outside_hash,
    read_inventory,
    told_inventory,
    vault_inventory_key,
    vault_inventory_path,
    vault_records,
)
from pipelines.restored import record_of
from pipelines.study import Study, StudyFolder

_KEY_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Custody:
    """What was found: a line for each difference; how many files no step has entered; why the vault was not checked.

    `notices` say what is a person's to change and was changed since the last step: the study file.
    """

    wrong: tuple[str, ...]
    notices: tuple[str, ...]
    unrecorded: int
    vault_unchecked: str
    files: int


def custody(study: Study, trail: Sequence[Recorded], *, checked: frozenset[Path] = frozenset()) -> Custody:
    """Checks everything beside the cuts; `checked` are folders of the store whose files were hashed already."""
    folder, told = study.folder, told_inventory(trail)
    wrong = [*_wrong_published(folder), *_wrong_restored(folder, trail)]
    wrong += _wrong_deliveries(folder, checked)
    files = kept_records(folder)
    known, damaged = _wrong_inventory(folder, told)
    differing, unrecorded = _against(folder, known, files) if told.is_kept and not damaged else ([], 0)
    vault, more, unchecked = _vault(folder, told)
    return Custody(
        wrong=(*wrong, *damaged, *differing, *vault),
        notices=tuple(_changed_study_file(folder, trail)),
        unrecorded=unrecorded + more,
        vault_unchecked=unchecked,
        files=len(known),
    )


def may_read_vault(folder: StudyFolder) -> bool:
    """Whether this user may look into the vault; there may be none."""
    try:
        next(folder.vault.iterdir(), None)
    except FileNotFoundError:
        return True
    except PermissionError:
        return False
    return True


def is_delivered(folder: StudyFolder, identity: str, path: Path) -> bool:
    """Whether the file has the bytes of that delivery, as far as what the vault says of it can be read."""
    try:
        return path.is_file() and holds_bytes(folder, identity, path)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _wrong_inventory(folder: StudyFolder, told: Told) -> tuple[Names, list[str]]:
    path = inventory_path(folder)
    if outside_hash(folder) not in told.outside:
        said = "is gone" if not path.exists() else "is not the inventory that the audit trail names"
        return {}, [f"{path} or {folder.ledger}: {said}"]
    return read_inventory(path) or {}, []


def _against(folder: StudyFolder, known: Names, files: dict[str, Path]) -> tuple[list[str], int]:
    """Compares files with an inventory; returns the differences, and how many files are in none and whole."""
    wrong = [f"{folder.root / name}: is gone" for name in known if name not in files]
    present = {name: path for name, path in files.items() if name in known}
    wrong += [
        f"{path}: its bytes are not those that were recorded"
        for name, path in present.items()
        if sha256_file(path) != known[name]
    ]
    new = [path for name, path in files.items() if name not in known]
    strange = [path for path in new if not _is_whole(folder, path)]
    wrong += [f"{path}: no step of this study wrote it" for path in strange]
    return wrong, len(new) - len(strange)


def _is_whole(folder: StudyFolder, path: Path) -> bool:
    """Whether a file that is in no inventory is one that a step writes: by what it says of itself, and by its name."""
    if path.is_relative_to(folder.vault):
        return _is_whole_in_vault(folder, path)
    document = _document(path)
    place, stem = path.relative_to(folder.root).parts[1], path.stem
    if path.suffix == ".yml":
        return place == "study_files"
    if document is None:
        return False
    says: dict[str, Callable[[], bool]] = {
        "arrivals": lambda: stem == sha256_json([document[part] for part in ("site", "file", "sha256")]),
        "answers": lambda: stem == document["file_sha256"],
        "code_breaks": lambda: stem == sha256_json(document)[:_KEY_DIGITS],
        "locks": lambda: stem.isdigit() and bool(document["signature"]),
        "sidecars": lambda: "sidecar_sha256" in document,
        "study_files": lambda: stem == document["bound"]["study_file"],
        "unblinding": lambda: stem in {sha256_json(document)[:_KEY_DIGITS], "request"},
        "blinding.json": lambda: bool(document["study"]),
        "pseudonym_key.json": lambda: bool(document["hmac_sha256"]),
        # Landings, changes of the register and seals are proved where they are read.
        "deliveries": lambda: path.name == "hashes.json",
    }
    try:
        return says[place]() if path.is_relative_to(folder.root / "store") else True
    except (KeyError, TypeError):
        return False


def _document(path: Path) -> dict[str, Any] | None:
    """Returns what a record says; None where it is not canonical JSON."""
    try:
        content = path.read_bytes()
        document = json.loads(content)
    except ValueError:
        return None
    return document if isinstance(document, dict) and canonical_json(document) == content else None


def _is_whole_in_vault(folder: StudyFolder, path: Path) -> bool:
    place, *inner = path.relative_to(folder.vault).parts
    if place in {"deliveries", "refused"}:
        return len(inner) > 1 and is_delivered(folder, inner[0], path)
    if place == "answers":
        return len(inner) > 1 and sha256_file(path) == inner[0]
    if place == "treatment":
        return len(inner) > 2 and not damaged_files(folder.vault.joinpath(place, *inner[:2]))
    if place == "identities":
        return (_document(path) or {}).get("delivery_id") == path.stem
    return place in {"pseudonym.key", "export.key"}


def _vault(folder: StudyFolder, told: Told) -> tuple[list[str], int, str]:
    """Returns the differences within the vault, how many of its files no step entered, and why it was not checked."""
    if not may_read_vault(folder):
        return [], 0, "you may not read it"
    path, key = vault_inventory_path(folder), vault_inventory_key(folder)
    if record_of(folder).exists() and not path.exists():
        return [], 0, "it was not restored"
    if fingerprint(folder) not in told.vault:
        gone = [each for each in (path, key) if not each.exists()]
        said = "is gone" if gone else "its bytes are not those that the audit trail names"
        return [f"{' or '.join(map(str, gone or (path, key)))}: {said}"], 0, ""
    if not told.is_kept or told.vault == (NONE,):
        return [], 0, ""
    return *_against(folder, read_inventory(path) or {}, vault_records(folder)), ""


def _changed_study_file(folder: StudyFolder, trail: Sequence[Recorded]) -> Iterator[str]:
    """Names a study file that is not the one that the last step knew: it is written by persons, and may be changed."""
    told = [event.new for each in trail if each.action == "study_file" and (event := each.event)]
    if told and (not folder.study_file.exists() or sha256_file(folder.study_file) != told[-1]):
        yield f"{folder.study_file}: was changed since the last step; the next one records that, or asks who signs it"


def _wrong_published(folder: StudyFolder) -> Iterator[str]:
    known = {folder.pointer, folder.unblinded_pointer}
    for path in sorted(folder.published.rglob("*")):
        if path not in known and not path.name.startswith("."):
            yield f"{path}: was not published"


def _wrong_restored(folder: StudyFolder, trail: Sequence[Recorded]) -> Iterator[str]:
    path = record_of(folder)
    told = [event.new for each in trail if each.action == "restore" and (event := each.event)]
    told = [new.removeprefix(f"{path.name} ") for new in told if new.startswith(path.name)][-1:]
    there = [sha256_file(path)] if path.exists() else []
    # A study that is being restored has it already, and tells of it when all is well.
    if told and told != there:
        yield f"{path}: {'its bytes are not those that were restored' if there else 'is gone'}"


def _wrong_deliveries(folder: StudyFolder, checked: frozenset[Path]) -> Iterator[str]:
    """Names what lies in the store's deliveries and is not what landing wrote, in use by a cut or not."""
    for path in sorted(folder.deliveries.glob("*/*")):
        if path in checked or path.name.startswith("."):
            continue
        identity = path.parent.name
        if path.name == "delivered" and path.is_dir():
            for each in sorted(path.iterdir()):
                if not each.name.startswith(".") and not is_delivered(folder, identity, each):
                    yield f"{each}: its bytes are not those that were delivered"
        elif path.is_dir() and len(path.name) == _KEY_DIGITS:
            for each in damaged_files(path):
                yield f"{each} (by {path / 'hashes.json'}): its bytes are not those that were landed"
        else:
            yield f"{path}: no step of this study wrote it"
    for path in sorted(folder.deliveries.glob("*")):
        if path.is_file():
            yield f"{path}: no step of this study wrote it"
