"""Writing events, and reading them again."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from importlib.metadata import version

from sqlalchemy import Connection, delete, insert, inspect, select
from sqlalchemy.exc import DatabaseError, OperationalError

from pipelines.core.clock import utc_now
from pipelines.core.errors import BusyError, IntegrityError, NotAllowedError, UsageError
from pipelines.core.fail_points import reached
from pipelines.core.machine import refused_in
from pipelines.ledger.chain import Head, broken_links
from pipelines.ledger.database import CONTENTS, LINKS, engine, ensure_tables, hold
from pipelines.ledger.event import GENESIS, Event, Recorded, commitment, content_json, link_sha256
from pipelines.study import StudyFolder

# Set to a SQLAlchemy URL (postgresql+psycopg2://...), all studies have their chains in that database.
LEDGER_VARIABLE = "AFTERGLOW_LEDGER"
# Who acts, where the process runs for somebody else: Airflow's tasks name who started or answered them.
USER_VARIABLE = "AFTERGLOW_USER"
_ACTING: ContextVar[str] = ContextVar("acting", default="")
# Each of these is told as often as it happens.
_EVERY_TIME = frozenset({"failure", "export", "backup", "restore", "code_break", "lock", "unlock"})


def ledger_url(folder: StudyFolder) -> str:
    """Returns where the study's ledger is: $AFTERGLOW_LEDGER, or the SQLite file in its folder."""
    return os.environ.get(LEDGER_VARIABLE) or f"sqlite:///{folder.ledger}"


def record(folder: StudyFolder, *happened: Event) -> None:
    """Appends events, durable when this returns; one that says again what its object's last one said is left out.

    So a step that is run again, or again after a crash, has recorded what it did exactly once. `old` is filled in: it
    is what the last event of the same action, object and field called `new`.

    Raises:
        BusyError: another writer kept the ledger for a minute.
        IntegrityError: the ledger cannot be read.
    """
    if not happened:
        return
    with _writing(folder) as connection:
        last = _last_said(connection, _study(folder), {event.object for event in happened})
        new: list[Event] = []
        for event in happened:
            of = (event.action, event.object, event.field)
            if event.action in _EVERY_TIME:
                new.append(event)
            elif of not in last or replace(last[of], old=event.old) != event:
                last[of] = replace(event, old=last[of].new if of in last else event.old)
                new.append(last[of])
        _append(connection, folder, new)


def events(folder: StudyFolder) -> list[Recorded]:
    """Returns the whole trail in its order; empty where nothing happened yet.

    Raises:
        IntegrityError: the ledger cannot be read.
    """
    with _reading(folder) as connection:
        return [] if connection is None else _trail(connection, _study(folder))


def head(folder: StudyFolder) -> Head:
    """Returns where the chain stands."""
    with _reading(folder) as connection:
        return _head(connection, _study(folder)) if connection is not None else Head(seq=0, sha256=GENESIS)


def check_ledger(folder: StudyFolder, heads: Sequence[tuple[str, Head]] = ()) -> int:
    """Proves the chain and returns how many events it has.

    Args:
        folder: the study's.
        heads: heads written down elsewhere (the seals of published cuts, a note of the auditor's), each with where.

    Raises:
        IntegrityError: each break by its event's number, and the ledger.
    """
    trail = events(folder)
    if broken := broken_links(trail, heads):
        msg = "\n".join([f"{folder.root.name}: the audit trail does not hold.", *broken])
        raise IntegrityError(msg)
    return len(trail)


def erase(folder: StudyFolder, seq: int, *, reason: str) -> None:
    """Erases what event `seq` says (an identifier leaked into it); that it was there, when and by whom stays.

    Raises:
        UsageError: there is no such event, it is erased already, or the reason is empty.
    """
    if not reason.strip():
        msg = "Erasing needs a reason. It is recorded, so it must not repeat what is erased."
        raise UsageError(msg)
    with _writing(folder) as connection:
        where = (CONTENTS.c.study == _study(folder), CONTENTS.c.seq == seq)
        if connection.execute(delete(CONTENTS).where(*where)).rowcount != 1:
            msg = f"{folder.root.name}: the ledger has no event {seq} with content."
            raise UsageError(msg)
        _append(connection, folder, [Event(action="erase", object=f"event {seq}", reason=reason)])
    made = engine(ledger_url(folder))
    if made.dialect.name == "sqlite":
        # Until then the erased bytes are still in the file's free pages.
        with contextlib.closing(made.raw_connection()) as raw:
            raw.cursor().execute("vacuum")


@contextlib.contextmanager
def acting_as(user: str) -> Iterator[None]:
    """Names whom this process acts for while the block runs; an empty name changes nothing."""
    token = _ACTING.set(user or _ACTING.get())
    try:
        yield
    finally:
        _ACTING.reset(token)


def acting_user() -> str:
    """Returns who acts: as `acting_as` says, or $AFTERGLOW_USER, else whom the system runs this process for."""
    return _ACTING.get() or os.environ.get(USER_VARIABLE, "").strip() or system_user()


def system_user() -> str:
    """Returns the name under which the operating system runs this process: no variable changes it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


@cache
def software() -> str:
    """Returns this program as one who acts."""
    return f"system:afterglow {version('afterglow')}"


def _study(folder: StudyFolder) -> str:
    # A file of its own goes with the study's folder, whatever that is called elsewhere.
    return folder.root.resolve().name if os.environ.get(LEDGER_VARIABLE) else "study"


@contextlib.contextmanager
def _writing(folder: StudyFolder) -> Iterator[Connection]:
    with _told(folder), engine(ledger_url(folder)).connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            hold(connection)
            ensure_tables(connection)
            reached("ledger.held")
            yield connection
            reached("ledger.appended")
    reached("ledger.committed")


@contextlib.contextmanager
def _reading(folder: StudyFolder) -> Iterator[Connection | None]:
    url = ledger_url(folder)
    if url.startswith("sqlite:///") and not folder.ledger.exists():
        # Only looking must not make a ledger.
        yield None
        return
    with _told(folder), engine(url).connect() as connection, connection.begin():
        yield connection if inspect(connection).has_table(LINKS.name) else None


@contextlib.contextmanager
def _told(folder: StudyFolder) -> Iterator[None]:
    """Says in our own words what a database error means; SQLAlchemy's hold the statement's parameters."""
    try:
        yield
    except OperationalError as error:
        said = str(error.orig)
        if "locked" in said or "lock timeout" in said:
            msg = f"{folder.root.name}: another process writes the audit trail. Run the command again."
            raise BusyError(msg) from None
        if "full" in said:
            msg = f"{folder.root.name}: the disk is full: the audit trail cannot hold what happens. Make room first."
            raise NotAllowedError(msg) from None
        if refused_in(said):
            msg = (
                f"{folder.root.name}: the audit trail may not be written, and nothing is done without it. Mount or own "
                "the study's folder so that it may be written, then run the command again."
            )
            raise NotAllowedError(msg) from None
        msg = f"{folder.root.name}: the audit trail cannot be opened: {said.splitlines()[0]}."
        raise IntegrityError(msg) from None
    except DatabaseError as error:
        said = str(error.orig).splitlines()[0]
        msg = f"{folder.root.name}: the audit trail cannot be read: {said}. Bring the ledger back from the backup."
        raise IntegrityError(msg) from None


def _append(connection: Connection, folder: StudyFolder, happened: Sequence[Event]) -> None:
    study = _study(folder)
    stands = _head(connection, study)
    seq, previous = stands.seq, stands.sha256
    for event in happened:
        seq += 1
        key, content = secrets.token_hex(32), content_json(event)
        link = {
            "seq": seq,
            "at": utc_now("milliseconds"),
            "user": acting_user(),
            "software": software(),
            "action": event.action,
            "commitment": commitment(key, content),
            "previous": previous,
        }
        previous = link_sha256(link)
        connection.execute(insert(LINKS).values(study=study, sha256=previous, **link))
        connection.execute(insert(CONTENTS).values(study=study, seq=seq, object=event.object, key=key, content=content))


def _head(connection: Connection, study: str) -> Head:
    last = connection.execute(
        select(LINKS.c.seq, LINKS.c.sha256).where(LINKS.c.study == study).order_by(LINKS.c.seq.desc()).limit(1)
    ).first()
    return Head(seq=last.seq, sha256=last.sha256) if last else Head(seq=0, sha256=GENESIS)


def _last_said(connection: Connection, study: str, objects: set[str]) -> dict[tuple[str, str, str], Event]:
    rows = connection.execute(
        select(CONTENTS.c.content)
        .where(CONTENTS.c.study == study, CONTENTS.c.object.in_(sorted(objects)))
        .order_by(CONTENTS.c.seq)
    )
    said = (Event(**json.loads(row.content)) for row in rows)
    return {(event.action, event.object, event.field): event for event in said}


def _trail(connection: Connection, study: str) -> list[Recorded]:
    beside = select(CONTENTS.c.seq, CONTENTS.c.key, CONTENTS.c.content).where(CONTENTS.c.study == study).subquery()
    rows = connection.execute(
        select(LINKS, beside.c.key, beside.c.content)
        .join_from(LINKS, beside, LINKS.c.seq == beside.c.seq, isouter=True)
        .where(LINKS.c.study == study)
        .order_by(LINKS.c.seq)
    ).mappings()
    return [Recorded(**{name: value for name, value in row.items() if name != "study"}) for row in rows]
