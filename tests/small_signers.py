"""Signers with keys of their own, in a study's register; the first one is its admin."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipelines.signers import ADMIN, Signer, SigningKey, add_signer, key_from_seed, public_key
from pipelines.study import Study

ADMIN_ID = "office"


def key_of(signer: str) -> SigningKey:
    """Returns the key that belongs to a signer in the tests."""
    return key_from_seed(hashlib.sha256(signer.encode()).digest())


def add_signers(study: Study, **roles: str | tuple[str, ...]) -> None:
    """Registers an admin, and each of `roles`: an id and its role or roles; the printed name is the id in capitals."""
    add_signer(study, signer_of(ADMIN_ID, ADMIN, name="Study Office"), key=key_of(ADMIN_ID))
    for signer, named in roles.items():
        wanted = signer_of(signer, *((named,) if isinstance(named, str) else named), users=(signer,))
        add_signer(study, wanted, key=key_of(ADMIN_ID))


def signer_of(signer: str, *roles: str, name: str = "", users: tuple[str, ...] = ()) -> Signer:
    """Returns a signer with the key that belongs to this id."""
    return Signer(
        signer=signer, name=name or signer.upper(), public_key=public_key(key_of(signer)), roles=roles, users=users
    )


def key_file(path: Path, signer: str) -> Path:
    """Writes the key of a signer to a file, as the command line reads it, and returns the file."""
    content = key_of(signer).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(content)
    path.chmod(0o600)
    return path
