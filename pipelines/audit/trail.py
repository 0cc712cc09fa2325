"""The audit trail as lines to read: the ledger's events, and each value that a delivery changed, by reference.

Reads   the ledger; tables/record_changes.parquet of the published cut, without one of the newest that was built
Rule    no line holds a value of a subject or an arm: what changed is named by file and row, old and new
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from pipelines.core.duck import parquet_scan
from pipelines.ledger import Head, Recorded, broken_links, events

if TYPE_CHECKING:
    from pipelines.cut import Cut
    from pipelines.study import Study

# What a line of `record_changes` is called among the ledger's actions.
DATA = "data"
_ERASED = "(erased)"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line. `at` is UTC; `seq` and `sha256` are those of the ledger's event, by which a change of data came too."""

    seq: int | None
    at: str
    user: str
    action: str
    object: str
    field: str
    old: str
    new: str
    reason: str
    subject: str
    siteid: str
    software: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which lines are wanted; all that are given must hold.

    `subject`, `site` and `action` are whole; `field`, `user` and `object` a part, in capitals or not; days are UTC,
    both included.
    """

    subject: str | None = None
    site: str | None = None
    field: str | None = None
    user: str | None = None
    object: str | None = None
    action: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None

    def hold(self, line: Line) -> bool:
        """Whether a line is wanted."""
        whole = ((self.subject, line.subject), (self.site, line.siteid), (self.action, line.action))
        parts = ((self.field, line.field), (self.user, line.user), (self.object, line.object))
        day = line.at[:10]
        return (
            all(wanted is None or wanted == there for wanted, there in whole)
            and all(wanted is None or wanted.lower() in there.lower() for wanted, there in parts)
            and (self.since is None or day >= self.since.isoformat())
            and (self.until is None or (day != "" and day <= self.until.isoformat()))
        )

    @property
    def in_words(self) -> str:
        """What was asked for: `subject S01-001, since 2026-01-01`; `everything` where nothing is left out."""
        given = ((one.name, getattr(self, one.name)) for one in fields(self))
        return ", ".join(f"{name} {value}" for name, value in given if value is not None) or "everything"


@dataclass(frozen=True, kw_only=True)
class Trail:
    """What was found of how much; `broken` says where the chain does not hold, and is empty where it does."""

    study: str
    cut_id: str | None
    head: Head
    events: int
    broken: tuple[str, ...]
    filters: str
    lines: tuple[Line, ...]


def audit(study: Study, filters: Filters | None = None) -> Trail:
    """Returns the wanted lines in the order in which they came to be: events, and changes of data with their delivery.

    Raises:
        IntegrityError: the ledger or the table cannot be read; a chain that does not hold is told in `broken`.
    """
    filters = filters or Filters()
    recorded = events(study.folder)
    cut = cut_to_read(study)
    lines = [_line(each) for each in recorded]
    lines += data_lines(cut, recorded) if cut else []
    lines.sort(key=lambda line: (line.at, line.seq or 0, line.action == DATA))
    last = recorded[-1] if recorded else None
    return Trail(
        study=study.study,
        cut_id=cut.cut_id if cut else None,
        head=Head(seq=last.seq, sha256=last.sha256) if last else Head(seq=0, sha256="0" * 64),
        events=len(recorded),
        broken=tuple(broken_links(recorded)),
        filters=filters.in_words,
        lines=tuple(line for line in lines if filters.hold(line)),
    )


def cut_to_read(study: Study) -> Cut | None:
    """Returns the published cut, without one the newest that was built, or None."""
    from pipelines.cut import cuts, latest_cut, published_cut

    found = published_cut(study.folder) or (latest_cut(study) if cuts(study.folder) else None)
    return found if found and (found.tables / "record_changes.parquet").is_file() else None


def data_lines(cut: Cut, recorded: Sequence[Recorded]) -> Iterator[Line]:
    """Yields a line for each changed value, added record and vanished record, with who landed the delivery and when."""
    came = landings(recorded)
    for row in rows_of(
        cut,
        "select siteid, usubjid, domain, variable, change, old_source_file, old_source_row, new_source_file, "
        "new_source_row, new_delivery_id from {record_changes} order by all",
    ):
        landed = came.get((row["new_delivery_id"], row["new_source_file"]))
        yield Line(
            seq=landed.seq if landed else None,
            at=landed.at if landed else "",
            user=landed.user if landed else "",
            action=DATA,
            object=f"{row['domain']} record",
            field=row["variable"] or "",
            old=_place(row["old_source_file"], row["old_source_row"]),
            new=_place(row["new_source_file"], row["new_source_row"]),
            reason=row["change"],
            subject=row["usubjid"] or "",
            siteid=row["siteid"] or "",
            software=landed.software if landed else "",
            sha256=landed.sha256 if landed else "",
        )


def landings(recorded: Sequence[Recorded]) -> dict[tuple[str, str], Recorded]:
    """Returns the first event by which each delivery landed, by its SHA-256 and the name of its file."""
    found: dict[tuple[str, str], Recorded] = {}
    for each in recorded:
        if each.action == "land" and (event := each.event):
            found.setdefault((event.new.split(" ")[0], event.object.rpartition("/")[2]), each)
    return found


def rows_of(cut: Cut, query: str) -> list[dict[str, Any]]:
    """Returns the rows of a query; `{record_changes}` and `{deliveries}` stand for those tables of the cut.

    Raises:
        IntegrityError: a table cannot be read.
    """
    import contextlib

    import duckdb

    from pipelines.core import duck
    from pipelines.core.errors import IntegrityError
    from pipelines.core.machine import raise_refusal

    tables = {name: parquet_scan([cut.tables / f"{name}.parquet"]) for name in ("record_changes", "deliveries")}
    try:
        with contextlib.closing(duck.connect()) as connection:
            cursor = connection.execute(query.format(**tables))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise_refusal(error)
        msg = f"{cut.tables}: a table cannot be read. Run `afterglow verify` to see which."
        raise IntegrityError(msg) from None


def _line(each: Recorded) -> Line:
    event = each.event
    site, slash, _ = event.object.partition("/") if event else ("", "", "")
    return Line(
        seq=each.seq,
        at=each.at,
        user=each.user,
        action=each.action,
        object=event.object if event else _ERASED,
        field=event.field if event else "",
        old=event.old if event else "",
        new=event.new if event else "",
        reason=event.reason if event else "",
        subject=event.subject if event else "",
        siteid=site if slash and each.action in {"land", "quarantine", "refuse", "hold"} else "",
        software=each.software,
        sha256=each.sha256,
    )


def _place(file: str | None, row: int | None) -> str:
    if file is None or row is None:
        return ""
    return f"{file} row {row}"
