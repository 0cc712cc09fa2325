"""Who may read a cut: an unblinded one is its owner's, or the unblinded group's, from its first byte.

Reads   store/readers.json, which `afterglow roles apply` writes
"""

from __future__ import annotations

import grp
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.core.errors import IntegrityError
from pipelines.core.files import Readers, write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.study import StudyFolder


def readers_of(folder: StudyFolder, inputs: Mapping[str, Any]) -> Readers | None:
    """Returns who may read what is made of a cut with these inputs; None: everybody who may read the study.

    Raises:
        IntegrityError: the name of the group cannot be read.
    """
    if not inputs.get("unblinding"):
        return None
    try:
        name = json.loads(_kept(folder).read_bytes())["unblinded_group"]
        return Readers(group=grp.getgrnam(name).gr_gid if name else None)
    except (FileNotFoundError, KeyError):
        # Nobody was named, or this system has no such group: it stays its owner's.
        return Readers(group=None)
    except (ValueError, TypeError):
        msg = f"{_kept(folder)}: cannot be read. Run `afterglow roles apply` again."
        raise IntegrityError(msg) from None


def keep_readers(folder: StudyFolder, unblinded_group: str | None) -> None:
    """Writes down which group may read the unblinded cuts that will be made."""
    write_atomically(_kept(folder), canonical_json({"unblinded_group": unblinded_group}))


def _kept(folder: StudyFolder) -> Path:
    return folder.root / "store" / "readers.json"
