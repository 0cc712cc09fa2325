"""The register of signers: who may sign in which roles, since when and until when.

Form    `signers/0001.json`, `0002.json` ...: one change a file, each naming the hash of the one before and signed by an
        admin with Ed25519 over RFC 8785 JSON; the first one is signed by the admin whom it names
Rule    a change is never changed: who could sign on a day is always known, and all of it is proved without a network
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import rfc8785

from pipelines.core.errors import IntegrityError
from pipelines.core.hashing import sha256_bytes
from pipelines.ledger import events
from pipelines.signers.keys import holds, key_from_seed, public_key
from pipelines.study import Study

ADMIN = "admin"
# Signs what persons answered elsewhere (Airflow's form), naming them; never for itself.
SERVICE = "service"
# What stands before the first change.
EMPTY = "0" * 64
# The key of a study with `signoff: demo`. Everybody has it: it shows that the bytes are those that were signed, and
# that no person signed them.
DEMO_KEY = key_from_seed(hashlib.sha256(b"afterglow: the demo signer, who is nobody").digest())


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A person (or service) as the register has it; times are UTC, ISO 8601 with milliseconds, `valid_until` the last.

    `roles` are those that the study file's `signoff` names, and those of the command line; `users` the names under
    which the operating system and Airflow know the person.
    """

    signer: str
    name: str
    public_key: str
    roles: tuple[str, ...]
    users: tuple[str, ...] = ()
    valid_from: str = ""
    valid_until: str = ""


DEMO = Signer(signer="demo", name="Demo signer", public_key=public_key(DEMO_KEY), roles=("demo",))


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of the register; `by` is the admin who signed it, `previous` the hash of the change before."""

    seq: int
    study: str
    change: Literal["add", "revoke"]
    signer: str
    name: str
    public_key: str
    roles: tuple[str, ...]
    users: tuple[str, ...]
    valid_from: str
    valid_until: str
    compromised_since: str
    reason: str
    at: str
    by: str
    previous: str
    signature: str

    @property
    def document(self) -> dict[str, Any]:
        """The change as JSON holds it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    @property
    def signed_bytes(self) -> bytes:
        """What the admin signs: all of it but the signature."""
        said = {name: value for name, value in self.document.items() if name != "signature"}
        return rfc8785.dumps({"type": "afterglow change of signers"} | said)

    @property
    def sha256(self) -> str:
        """The change's hash."""
        return sha256_bytes(rfc8785.dumps(self.document))

    @property
    def entry(self) -> Signer:
        """The signer whom it adds."""
        return Signer(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Signer)})


@dataclass(frozen=True)
class Register:
    """All changes in their order; none where the study has no register."""

    changes: tuple[Change, ...]

    @property
    def head(self) -> str:
        """The hash of the last change."""
        return self.changes[-1].sha256 if self.changes else EMPTY

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of the change that each hash names."""
        return {EMPTY: 0} | {change.sha256: change.seq for change in self.changes}

    def entries(self, upto: int | None = None) -> dict[str, Signer]:
        """Returns who is in it after change `upto` (the last one by default), by id; validity is not looked at."""
        found: dict[str, Signer] = {}
        for change in self.changes[:upto]:
            if change.change == "add":
                found[change.signer] = change.entry
            else:
                found.pop(change.signer, None)
        return found

    def of_user(self, user: str) -> Signer | None:
        """Returns the signer whom the operating system or Airflow knows by this name."""
        return next((entry for entry in self.entries().values() if user in entry.users), None)


def register(study: Study) -> Register:
    """Reads the register and proves it: every change follows the one before and carries an admin's signature.

    Raises:
        IntegrityError: it does not hold; the file is named.
    """
    paths = sorted(study.folder.signers.glob("*.json"))
    known = Register(())
    for seq, path in enumerate(paths, start=1):
        change = _change(study, path.read_bytes())
        if change is None or path.name != f"{seq:04d}.json" or change.seq != seq or change.previous != known.head:
            msg = f"{path}: is not change {seq} of the register of signers. Bring the folder back from the backup."
            raise IntegrityError(msg)
        if not _is_allowed(change, known):
            msg = f"{path}: this change of the register was altered, or no admin signed it. Bring it back."
            raise IntegrityError(msg)
        known = Register((*known.changes, change))
    return known


def check_register(study: Study) -> Register:
    """Proves the register beside the audit trail too, which knows of every change: none was taken out at the end.

    Raises:
        IntegrityError: as for `register`; or a change that the audit trail names is gone or another.
    """
    known = register(study)
    told = {
        event.field: event.new
        for each in events(study.folder)
        if each.action == "role" and (event := each.event) and event.field.startswith("change ")
    }
    stand = {f"change {change.seq}": change.sha256 for change in known.changes}
    if wrong := sorted(field for field, sha256 in told.items() if stand.get(field) != sha256):
        msg = f"{study.folder.signers}: {wrong[0]} is gone or another one than the audit trail names. Bring it back."
        raise IntegrityError(msg)
    return known


def _change(study: Study, content: bytes) -> Change | None:
    try:
        document = json.loads(content)
        lists = {name: tuple(document[name]) for name in ("roles", "users")}
        change = Change(**(document | lists))
    except (ValueError, KeyError, TypeError):
        return None
    return change if change.study == study.study else None


def _is_allowed(change: Change, known: Register) -> bool:
    admins = {signer: entry for signer, entry in known.entries().items() if ADMIN in entry.roles}
    if not known.changes:
        # Trust on first use: whoever sets the register up is its first admin.
        admins = {change.signer: change.entry} if change.change == "add" and ADMIN in change.roles else {}
    admin = admins.get(change.by)
    if admin is None or (known.changes and change.at < known.changes[-1].at) or not is_valid(admin, change.at):
        return False
    return holds(admin.public_key, change.signature, change.signed_bytes)


def is_valid(entry: Signer, at: str) -> bool:
    """Whether the signer's time has begun and not ended."""
    return entry.valid_from <= at and (not entry.valid_until or at <= entry.valid_until)
