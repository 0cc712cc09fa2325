"""Whose code was broken before a cut: an input of it, so that its tables say of whom the treatment became known.

Reads   store/code_breaks/<hash>.json, and the audit trail, which names each of them
Rule    subject, day and class of the reason; never an arm, and not who asked
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from pipelines.core.errors import IntegrityError
from pipelines.ledger import events
from pipelines.signers import check_statement

if TYPE_CHECKING:
    from pipelines.cut.data_lock import LockRecord
    from pipelines.study import Study

# What stands for the class of a code break that was recorded before there were classes, or without one.
NOT_CLASSIFIED = "not classified"


def broken_codes(
    study: Study, *, as_of: dt.date | None, data_cutoff: dt.date | None, lock: LockRecord | None
) -> list[dict[str, str]]:
    """Returns subject, day (UTC) and class of the reason of each code break that the cut knows, in order.

    Args:
        study: the study.
        as_of: only those recorded up to this day.
        data_cutoff: only those up to this day.
        lock: only those of before the data lock: what follows it changes no locked table.

    Raises:
        IntegrityError: a record was altered, or is gone although the audit trail names it.
    """
    last = min((day.isoformat() for day in (as_of, data_cutoff) if day), default=None)
    found = {
        (who, at[:10], why)
        for who, at, why in recorded_code_breaks(study)
        if (last is None or at[:10] <= last) and (lock is None or at <= lock.at)
    }
    return [{"usubjid": who, "date": day, "reason_class": why} for who, day, why in sorted(found)]


def recorded_code_breaks(study: Study) -> list[tuple[str, str, str]]:
    """Returns subject, time (UTC) and class of the reason of each code break, in order of time.

    Raises:
        IntegrityError: a record was altered, or is gone although the audit trail names it.
    """
    folder = study.folder.code_breaks
    paths = sorted(folder.glob("*.json"))
    told = {each.event.new if each.event else "" for each in events(study.folder) if each.action == "code_break"}
    if gone := sorted(told - {"", *(path.stem for path in paths)}):
        msg = f"{folder / gone[0]}.json: is gone, and the audit trail names it. Bring it back from the backup."
        raise IntegrityError(msg)
    if "" not in told:
        # One that no event names was broken off before an arm was told. (Events of older versions, and erased ones,
        # name none.)
        paths = [path for path in paths if path.stem in told]
    found = []
    for path in paths:
        signed = _read(study, path.read_bytes(), str(path))
        bound = signed["bound"]
        found.append((str(bound["usubjid"]), signed["signed_at"], str(bound.get("reason_class") or NOT_CLASSIFIED)))
    return sorted(found, key=lambda one: (one[1], one[0]))


def _read(study: Study, content: bytes, name: str) -> dict[str, Any]:
    try:
        signed: dict[str, Any] = json.loads(content)
        bound = {str(key): str(value) for key, value in signed["bound"].items()}
        known = {"usubjid", "reason"} <= bound.keys()
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        msg = f"{name}: cannot be read. Bring it back from the backup."
        raise IntegrityError(msg)
    # In whichever role: who may break a code may have changed since, and that it was broken has not.
    check_statement(study, signed, meaning="code_break", bound=bound)
    return signed
