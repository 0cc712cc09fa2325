"""The inventory: the hash of every record that lies beside a study's cuts, and one fingerprint of its vault.

Writes  store/inventory.json: the SHA-256 of each arrival, sidecar, answer, lock, unblinding, code break, signed study
        file, landing, change of the register and seal, by its name below the study's folder
        vault/inventory.json: the same of the vault, for whoever may read that
Rule    a step that has ended enters what is new; what is in it is never replaced, so a file that was changed since is
        told and not taken in. The audit trail names each state of it, before and after it is written: the vault's by
        an HMAC-SHA256 whose key is in the vault, which tells nothing to those who may not read it
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.ledger.event import Event, Recorded
from pipelines.ledger.recording import events, record
from pipelines.study import StudyFolder

OBJECT = "inventory"
BEGUN = "begun"
# Stands for a hash where there is no such file.
NONE = "none"
_KEY_BYTES = 32

Names = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the audit trail says of the inventory: its SHA-256, and the fingerprint of the vault's; NONE: it has none.

    Two of each where writing it was begun and not ended: then either may be there.
    """

    outside: tuple[str, ...] = (NONE,)
    vault: tuple[str, ...] = (NONE,)

    @property
    def is_kept(self) -> bool:
        """Whether there is an inventory: a study whose steps an older version took has none yet."""
        return any(one != NONE for one in self.outside)


def inventory_path(folder: StudyFolder) -> Path:
    """Returns where the inventory lies."""
    return folder.root / "store" / "inventory.json"


def vault_inventory_path(folder: StudyFolder) -> Path:
    """Returns where the vault's inventory lies."""
    return folder.vault / "inventory.json"


def vault_inventory_key(folder: StudyFolder) -> Path:
    """Returns where the key of the vault's fingerprint lies."""
    return folder.vault / "inventory.key"


def told_inventory(trail: Sequence[Recorded]) -> Told:
    """Returns what the trail says last; nothing where it tells of no inventory."""
    said = [event for each in trail if each.action == "inventory" and (event := each.event) and event.object == OBJECT]
    ended = [event.new for event in said if event.field != BEGUN][-1:]
    before = ended or [f"{NONE} vault {NONE}"]
    last = [said[-1].new, *before] if said and said[-1].field == BEGUN else before
    pairs = [one.partition(" vault ") for one in last]
    return Told(outside=tuple(one for one, _, _ in pairs), vault=tuple(one for _, _, one in pairs))


def kept_records(folder: StudyFolder) -> dict[str, Path]:
    """Returns the files that belong in the inventory, by name: what is written once and never changed."""
    store = folder.root / "store"
    places = sorted(store.iterdir()) if store.is_dir() else []
    found = [path for path in places if path.is_file()]
    found += [path for place in places if place.is_dir() and place != folder.deliveries for path in place.rglob("*")]
    landed = [path for path in folder.deliveries.glob("*/*/hashes.json") if path.is_file()]
    found += [*landed, *folder.signers.glob("*"), *folder.cuts.glob("*/seal.json")]
    # Until something has landed the study may still come to ask for pseudonyms.
    never = {inventory_path(folder)} | (set() if landed else {folder.key_commitment})
    return _named(folder, [path for path in found if path not in never])


def vault_records(folder: StudyFolder) -> dict[str, Path]:
    """Returns the files of the vault, by name.

    Raises:
        PermissionError: the user may not read the vault.
    """
    os.listdir(folder.vault)  # noqa: PTH208 - asked for its error, which `rglob` swallows
    never = {vault_inventory_path(folder), vault_inventory_key(folder)}
    return _named(folder, [path for path in folder.vault.rglob("*") if path not in never])


def read_inventory(path: Path) -> Names | None:
    """Returns the names and hashes; none where the file is not there, None where it is no inventory."""
    try:
        content = path.read_bytes()
        document = json.loads(content)
    except FileNotFoundError:
        return {}
    except ValueError:
        return None
    return document if isinstance(document, dict) and canonical_json(document) == content else None


def outside_hash(folder: StudyFolder) -> str:
    """Returns the SHA-256 of the inventory as it lies there."""
    path = inventory_path(folder)
    return sha256_file(path) if path.exists() else NONE


def fingerprint(folder: StudyFolder) -> str:
    """Returns the fingerprint of the vault's inventory as it lies there."""
    try:
        return _fingerprint(vault_inventory_key(folder).read_bytes(), vault_inventory_path(folder).read_bytes())
    except FileNotFoundError:
        return NONE


def take_stock(folder: StudyFolder) -> None:
    """Enters what is new; does nothing where the inventory is not the one that the audit trail names (`verify` tells).

    A user who may not read the vault enters nothing of it, and one who may not write the store nothing at all.
    """
    if not (folder.root / "store").is_dir() or not os.access(folder.root / "store", os.W_OK):
        return
    with _alone(folder):
        known = read_inventory(inventory_path(folder))
        hidden = _vault_names(folder)
        if known is None:
            return
        found = _with_new(known, kept_records(folder))
        vault = _with_new(hidden, vault_records(folder)) if hidden is not None else None
        if found == known and vault == hidden:
            return
        told = told_inventory(events(folder))
        if outside_hash(folder) not in told.outside:
            return
        if hidden is None or vault is None or fingerprint(folder) not in told.vault:
            _enter(folder, found, None, told.vault[0])
        else:
            content = canonical_json(vault)
            _enter(folder, found, content if vault != hidden else None, _fingerprint(_key(folder), content))


def _enter(folder: StudyFolder, found: Names, vault: bytes | None, mark: str) -> None:
    content = canonical_json(found)
    new = f"{sha256_bytes(content)} vault {mark}"
    # Said before it is done, and again when it is: a crash between the two is told from an older one put back.
    record(folder, Event(action="inventory", object=OBJECT, field=BEGUN, new=new))
    if vault is not None:
        write_atomically(vault_inventory_path(folder), vault, change="inventory.vault")
    write_atomically(inventory_path(folder), content, change="inventory.store")
    record(folder, Event(action="inventory", object=OBJECT, new=new))


def _with_new(known: Names, found: dict[str, Path]) -> Names:
    return known | {name: sha256_file(path) for name, path in found.items() if name not in known}


def _vault_names(folder: StudyFolder) -> Names | None:
    """Returns the vault's inventory; None where there is no vault, or none that this user may read and write."""
    try:
        vault_records(folder)
    except OSError:
        return None
    return read_inventory(vault_inventory_path(folder)) if os.access(folder.vault, os.W_OK) else None


def _key(folder: StudyFolder) -> bytes:
    path = vault_inventory_key(folder)
    if not path.exists():
        write_atomically(path, secrets.token_bytes(_KEY_BYTES))
        path.chmod(0o400)
    return path.read_bytes()


def _fingerprint(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _named(folder: StudyFolder, paths: Iterable[Path]) -> dict[str, Path]:
    # What begins with a dot was not whole when its process ended, or is being written.
    below = {path.relative_to(folder.root): path for path in paths}
    whole = {name: path for name, path in below.items() if not any(part.startswith(".") for part in name.parts)}
    return {name.as_posix(): path for name, path in sorted(whole.items()) if path.is_file()}


@contextlib.contextmanager
def _alone(folder: StudyFolder) -> Iterator[None]:
    # Sites land side by side, and each enters what it landed.
    descriptor = os.open(folder.root / "store", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
