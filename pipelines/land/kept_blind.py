"""A study that landed anything while it was blinded stays a blinded one: no edit of its study file opens it."""

from __future__ import annotations

from pipelines.core.errors import NotAllowedError
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.study import Study


def keep_blind(study: Study) -> None:
    """Writes down that the study is blinded, once.

    Raises:
        NotAllowedError: it was, and the study file calls it open now.
    """
    check_kept_blind(study)
    if study.blinding == "blinded" and not study.folder.kept_blind.exists():
        content = canonical_json({"blinding": "blinded", "study": study.study})
        write_atomically(study.folder.kept_blind, content, change="land.blinding")


def check_kept_blind(study: Study) -> None:
    """Stops a study whose file calls it open after deliveries landed while it was blinded.

    Raises:
        NotAllowedError: as it says.
    """
    if study.blinding == "open" and study.folder.kept_blind.exists():
        msg = (
            f"{study.name}: deliveries landed while it was blinded, so `blinding: open` would show arms that nobody "
            f"signed to show. Write `blinding: blinded`; `afterglow unblind {study.name}` is the way to an open cut."
        )
        raise NotAllowedError(msg)
