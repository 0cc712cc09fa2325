"""What a restored study says of itself: which deliveries lie in a vault that its backup left out."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.core.errors import IntegrityError
from pipelines.study import StudyFolder

NAME = "restored.json"


def record_of(folder: StudyFolder) -> Path:
    """Returns where it stands."""
    return folder.root / NAME


def left_out(folder: StudyFolder) -> set[str]:
    """Returns the ids of the deliveries whose bytes are in the vault that is not here; none where the vault is.

    Raises:
        IntegrityError: the record cannot be read.
    """
    path = record_of(folder)
    if not path.exists():
        return set()
    try:
        return {str(delivery) for delivery in json.loads(path.read_bytes())["left_out"]}
    except (ValueError, KeyError, TypeError):
        msg = f"{path}: cannot be read. Restore the study again."
        raise IntegrityError(msg) from None
