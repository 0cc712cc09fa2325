"""A trail as a file, and back into a database: how a ledger that is kept elsewhere travels with its study's folder.

Form    one event a line as canonical JSON, in the order of the chain: all that the database holds of it, so that the
        same trail gives the same bytes whichever database it comes from, and has the same head where it is put
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import insert

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.core.hashing import canonical_json
from pipelines.ledger.chain import broken_links
from pipelines.ledger.database import CONTENTS, LINKS
from pipelines.ledger.event import Recorded
from pipelines.ledger.recording import events, study_name, writing
from pipelines.study import StudyFolder


def dumped(trail: Sequence[Recorded]) -> bytes:
    """Returns the trail as lines of canonical JSON."""
    return b"".join(canonical_json(asdict(each)) for each in trail)


def read_dump(content: bytes) -> list[Recorded]:
    """Returns the trail that `dumped` wrote.

    Raises:
        IntegrityError: it is no trail, or its chain does not hold.
    """
    try:
        trail = [Recorded(**json.loads(line)) for line in content.splitlines()]
        broken = broken_links(trail)
    except (ValueError, TypeError):
        msg = "The audit trail in it cannot be read."
        raise IntegrityError(msg) from None
    if broken or dumped(trail) != content:
        msg = "\n".join(["The audit trail in it does not hold.", *broken])
        raise IntegrityError(msg)
    return trail


def put_trail(folder: StudyFolder, trail: Sequence[Recorded]) -> None:
    """Puts a trail into the study's ledger, as a whole or not at all; one that has it already is left as it is.

    Raises:
        NotAllowedError: the ledger has another trail of a study of this name.
    """
    if known := events(folder):
        if known == list(trail):
            return
        msg = (
            f"{study_name(folder)}: the database holds the audit trail of another study of this name, or an older one. "
            "Nothing is written over: choose another name for the folder, or another database."
        )
        raise NotAllowedError(msg)
    name = study_name(folder)
    with writing(folder) as connection:
        for each in trail:
            row = asdict(each)
            key, content = row.pop("key"), row.pop("content")
            connection.execute(insert(LINKS).values(study=name, **row))
            if content is not None:
                about = str(json.loads(content)["object"])
                values = {"study": name, "seq": each.seq, "object": about, "key": key, "content": content}
                connection.execute(insert(CONTENTS).values(**values))
