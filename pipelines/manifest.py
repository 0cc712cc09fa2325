"""The manifest: the SHA-256 of every file of a cut whose bytes follow from its inputs, and the seal over the rest.

Two files, because two kinds of bytes: tables, verdicts and pages are the same on every machine, and signatures bind to
them; a database file never is the same twice, and signatures and the time of publishing hold a clock.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.core.errors import UsageError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.core.leftovers import remove_leftovers
from pipelines.cut import Cut
from pipelines.ledger import Head

SIGNATURES_PAGE = "report/signatures.html"
_SEALED = ("cut.duckdb", SIGNATURES_PAGE, "unblinding.json")
_OUTSIDE = {"manifest.json", "seal.json"}


def manifest_sha256(cut: Cut) -> str:
    """Returns the hash of the cut's manifest, written on first use: what signatures bind to.

    Raises:
        UsageError: a step is still to be done.
    """
    if not cut.manifest.exists():
        for part in (cut.tables, cut.gate, cut.report):
            if not part.is_dir():
                msg = (
                    f"{cut.folder.root.name}: cut {cut.short_id} has no {part.name} yet. Run the steps before this one."
                )
                raise UsageError(msg)
        _remove_leftovers(cut)
        write_atomically(cut.manifest, canonical_json(_manifest(cut)), change="manifest")
    return sha256_file(cut.manifest)


def sealed_document(cut: Cut, published_at: str, ledger: Head) -> dict[str, Any]:
    """Returns the seal: hashes of the files outside the manifest, the UTC time of publishing, the audit trail's head.

    By that head a trail whose tail was cut off is told.
    """
    _remove_leftovers(cut)
    return {
        "cut_id": cut.cut_id,
        "manifest_sha256": sha256_file(cut.manifest),
        "published_at": published_at,
        "ledger": {"seq": ledger.seq, "sha256": ledger.sha256},
        "files": {name: sha256_file(cut.directory / name) for name in _names(cut) if _is_sealed(name)},
    }


def differences(cut: Cut) -> list[str]:
    """Returns one line for each file of the cut that is changed, gone or too many; empty when all is as recorded."""
    found: list[str] = []
    recorded: dict[str, str] = {}
    for document in (cut.manifest, cut.seal):
        try:
            recorded |= json.loads(document.read_bytes())["files"]
        except FileNotFoundError:
            found.append(f"{document}: is gone")
        except (ValueError, KeyError, TypeError):
            found.append(f"{document}: cannot be read")
    present = _names(cut)
    for name, sha256 in sorted(recorded.items()):
        path = cut.directory / name
        if not path.is_file():
            found.append(f"{path}: is gone")
        elif sha256_file(path) != sha256:
            found.append(f"{path}: its bytes are not those that were published")
    if not found:
        found += [
            f"{cut.directory / name}: was not published with this cut" for name in present if name not in recorded
        ]
    return found


def inputs_match(cut: Cut) -> bool:
    """Whether the cut's inputs have the hash that names the cut."""
    return cut.inputs_file.is_file() and sha256_bytes(cut.inputs_file.read_bytes()) == cut.cut_id


def _remove_leftovers(cut: Cut) -> None:
    # What a killed process left in the cut is no part of it; once it is sealed, whatever is too many is told.
    for directory in (cut.directory, cut.report, cut.signatures, cut.directory / "waivers"):
        remove_leftovers(directory)


def _manifest(cut: Cut) -> dict[str, Any]:
    verdict = json.loads((cut.gate / "verdict.json").read_bytes())
    return {
        "study": cut.inputs["study"],
        "cut_id": cut.cut_id,
        "verdict": verdict["verdict"],
        "files": {name: sha256_file(cut.directory / name) for name in _names(cut) if not _is_sealed(name)},
    }


def _is_sealed(name: str) -> bool:
    return name in _SEALED or name.startswith(("signatures/", "waivers/"))


def _names(cut: Cut) -> list[str]:
    files = (path for path in cut.directory.rglob("*") if path.is_file() or path.is_symlink())
    return sorted(name for path in files if (name := _name(cut.directory, path)) not in _OUTSIDE)


def _name(directory: Path, path: Path) -> str:
    return path.relative_to(directory).as_posix()
