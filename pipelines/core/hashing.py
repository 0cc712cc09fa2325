"""SHA-256 of files and of canonical JSON.

Rule    the same content gives the same hash on any machine, locale and hash seed
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def sha256_bytes(content: bytes) -> str:
    """Returns the SHA-256 of `content`, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """Returns the SHA-256 of the file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """Returns UTF-8 JSON with sorted keys, no spaces and a final newline: one value has one spelling."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def sha256_json(value: Any) -> str:
    """Returns the SHA-256 of `value` as canonical JSON."""
    return sha256_bytes(canonical_json(value))


def sha256_tree(root: Path, files: Iterable[Path]) -> str:
    """Returns one hash over `files`, each by its path below `root` and its content."""
    return sha256_json(sorted([path.relative_to(root).as_posix(), sha256_file(path)] for path in files))
