"""Signing keys: Ed25519, one file a person, outside of every study's folder.

Rule    the private key is the person's: mode 0600, under a passphrase unless a service signs with it
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from pipelines.core.errors import NotAllowedError, UsageError
from pipelines.core.files import fsync_directory
from pipelines.core.hashing import sha256_bytes

# Where the key is, unless the command line says it.
KEY_VARIABLE = "AFTERGLOW_KEY"
PASSPHRASE_VARIABLE = "AFTERGLOW_PASSPHRASE"  # noqa: S105 - the variable's name
SigningKey = Ed25519PrivateKey


def key_path(given: Path | None = None) -> Path:
    """Returns the file of the key: as given, as $AFTERGLOW_KEY says, or in the user's own settings."""
    if given is not None:
        return given
    if named := os.environ.get(KEY_VARIABLE):
        return Path(named)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return settings / "afterglow" / "signing.key"


def new_key(path: Path, passphrase: str) -> SigningKey:
    """Makes a key and writes it, mode 0600; an empty passphrase leaves it unencrypted, as a service needs it.

    Raises:
        UsageError: there is a key already.
        NotAllowedError: the file would lie in a study's folder, which is copied and handed over.
    """
    _check_place(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    content = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        msg = f"{path}: there is a key already. A key is never written over: name another file, or take it away."
        raise UsageError(msg) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fsync_directory(path.parent)
    return made


def load_key(path: Path, ask: Callable[[], str] | None = None) -> SigningKey:
    """Reads a key; its passphrase is $AFTERGLOW_PASSPHRASE, or what `ask` returns.

    Raises:
        UsageError: there is no key, or the file holds none.
        NotAllowedError: others may read the file, it lies in a study's folder, or the passphrase is wrong.
    """
    _check_place(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        msg = f"{path}: there is no key. Make one with `afterglow signer key`, then have an admin register it."
        raise UsageError(msg) from None
    if path.stat().st_mode & 0o077:
        msg = f"{path}: others may read this key, so it proves nothing. Run `chmod 600` on it, or make a new one."
        raise NotAllowedError(msg)
    try:
        return _signing_key(path, content, None)
    except TypeError:
        passphrase = os.environ.get(PASSPHRASE_VARIABLE) or (ask() if ask else "")
    try:
        return _signing_key(path, content, passphrase.encode())
    except (TypeError, ValueError):
        msg = f"{path}: the passphrase is not this key's. Type it, or set ${PASSPHRASE_VARIABLE}."
        raise NotAllowedError(msg) from None


def key_from_seed(seed: bytes) -> SigningKey:
    """Returns the key that 32 bytes stand for: only for a key that is no secret."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key(key: SigningKey) -> str:
    """Returns the public half, 64 hex digits: what a register holds."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def fingerprint(public: str) -> str:
    """Returns the first digits of a public key's SHA-256, for people to compare."""
    return sha256_bytes(bytes.fromhex(public))[:16]


def is_public_key(text: str) -> bool:
    """Whether the text is a public key as a register holds it."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        return False
    return text == text.lower()


def holds(public: str, signature: str, content: bytes) -> bool:
    """Whether the signature (hex) of these bytes was made with the key of which this is the public half."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signing_key(path: Path, content: bytes, passphrase: bytes | None) -> SigningKey:
    try:
        found = load_pem_private_key(content, passphrase)
    except ValueError:
        if passphrase is not None:
            raise
        msg = f"{path}: holds no key. Make one with `afterglow signer key`."
        raise UsageError(msg) from None
    if not isinstance(found, Ed25519PrivateKey):
        msg = f"{path}: is a key of another kind; signatures are Ed25519. Make one with `afterglow signer key`."
        raise UsageError(msg)
    return found


def _check_place(path: Path) -> None:
    if any((folder / "study.yml").exists() for folder in path.resolve().parents):
        msg = f"{path}: lies in a study's folder, which others read. Keep private keys outside of every study."
        raise NotAllowedError(msg)
