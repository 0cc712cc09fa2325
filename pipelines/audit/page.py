"""The audit trail and its review as one page, to be read and kept apart from the cuts, whose pages are fixed.

Rule    everything on it is data and escaped; it runs no script and loads nothing
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.report.content import Section, Table
from pipelines.report.pages import render

if TYPE_CHECKING:
    from pipelines.audit.review import Review
    from pipelines.audit.trail import Trail

ROWS_SHOWN = 5_000
_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def page(trail: Trail, reviewed: Review) -> str:
    """Returns the page of these lines and this review."""
    sections = (_endpoints(reviewed), _late(reviewed), _who(reviewed), _lines(trail))
    return render(
        "audit.html",
        None,
        trail=trail,
        sections=sections,
        facts=(
            ("Study", trail.study),
            ("Events", f"{trail.events:,d}"),
            ("Head", f"{trail.head.seq}:{trail.head.sha256[:12]}"),
            ("Data changes of", f"cut {trail.cut_id[:12]}" if trail.cut_id else "no cut yet"),
            ("Shown", trail.filters),
        ),
    )


def _endpoints(reviewed: Review) -> Section:
    counted = reviewed.endpoint_changes
    table = Table(
        caption="Changes of what endpoints are made of",
        columns=("Site", "Domain", "Test", "Variable", "Values changed", "Records added", "Records vanished"),
        rows=tuple(
            (
                one.siteid, one.domain, one.test, one.variable or "(record)", f"{one.changed:,d}", f"{one.added:,d}",
                f"{one.vanished:,d}",
            )
            for one in counted
        ),
        grouped=True,
        words=frozenset({1, 2, 3}),
    )  # fmt: skip
    total = sum(one.changed + one.added + one.vanished for one in counted)
    others = sum(one.changed + one.added + one.vanished for one in reviewed.changes) - total
    return Section(
        anchor="endpoints",
        title="Endpoint fields changed",
        sentence=f"{total:,d} changes of scores, doses, ends of participation and clinical events; {others:,d} others.",
        tables=(table,) if counted else (),
    )


def _late(reviewed: Review) -> Section:
    table = Table(
        caption="Deliveries that changed data late",
        columns=("Site", "File", "Landed (UTC)", "By", "Why late", "Changes", "Of endpoints"),
        rows=tuple(
            (
                one.siteid, one.file, one.landed_at, one.user, one.why, f"{one.changes:,d}", f"{one.of_endpoints:,d}",
            )
            for one in reviewed.late
        ),
        words=frozenset({2, 3, 4}),
        hashes=frozenset({1}),
    )  # fmt: skip
    return Section(
        anchor="late",
        title="Late changes",
        sentence=(
            "Changes that landed after a lock, after a cut was published, or more than"
            f" {reviewed.late_days} days after the delivery that they correct; records added count after a lock."
        ),
        tables=(table,),
    )


def _who(reviewed: Review) -> Section:
    tables = (
        Table(
            caption="Changes of data by site and who landed them",
            columns=("Site", "User", "Changes"),
            rows=tuple((site, user or "not known", f"{n:,d}") for site, user, n in reviewed.by_user),
            grouped=True,
            words=frozenset({1}),
        ),
        Table(
            caption="Code breaks by class of the reason",
            columns=("Reason", "Subjects", "Code breaks"),
            rows=tuple((why, f"{subjects:,d}", f"{n:,d}") for why, subjects, n in reviewed.code_breaks),
        ),
        Table(
            caption="Events by user",
            columns=("User", "Action", "Events"),
            rows=tuple((user, action, f"{n:,d}") for user, action, n in reviewed.actions),
            grouped=True,
            words=frozenset({1}),
        ),
    )
    return Section(anchor="who", title="Changes by site and user", sentence="Who did how much.", tables=tables)


def _lines(trail: Trail) -> Section:
    shown = trail.lines[:ROWS_SHOWN]
    cut_short = (f"The first {ROWS_SHOWN:,d} lines; --csv and --json have all.",)
    table = Table(
        caption="Audit trail",
        columns=("Event", "Time (UTC)", "User", "Action", "Object", "Field", "Old", "New", "Why", "Subject"),
        rows=tuple(
            (
                str(line.seq or ""), line.at[:19].replace("T", " "), line.user, line.action, _short(line.object),
                line.field, _short(line.old), _short(line.new), line.reason, line.subject,
            )
            for line in shown
        ),
        words=frozenset(range(2, 10)),
        hashes=frozenset({1}),
        notes=cut_short if len(trail.lines) > ROWS_SHOWN else (),
    )  # fmt: skip
    return Section(
        anchor="trail",
        title="Audit trail",
        sentence=(
            f"{len(trail.lines):,d} lines: events, and each value that a delivery changed (data), by file and row."
            " Values and arms are in no line; whoever may see them finds them there. Hashes are cut to 12 digits here;"
            " --csv and --json have them whole."
        ),
        tables=(table,),
    )


def _short(reference: str) -> str:
    return _HASH.sub(r"\1", reference)
