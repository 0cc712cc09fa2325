"""The verb `audit`: what happened to a study, for whoever reviews it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.command import days, json_option, main, print_table, study_argument, study_named
from pipelines.core.errors import IntegrityError, UsageError
from pipelines.core.spreadsheet import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.audit import Review, Trail

_DAY = click.DateTime(["%Y-%m-%d"])


@main.command("audit")
@study_argument
@click.option("--subject", help="Only this subject (usubjid).")
@click.option("--site", help="Only deliveries and changes of this site.")
@click.option("--field", help="Only fields with this in their name: a variable, a signer.")
@click.option("--user", help="Only users with this in their name.")
@click.option("--object", help="Only objects with this in their name: a delivery, a cut.")
@click.option("--action", help="Only this action: land, gate, sign, publish ...; data: what deliveries changed.")
@click.option("--since", type=_DAY, help="From this day on (UTC).")
@click.option("--until", type=_DAY, help="Up to this day (UTC).")
@click.option("--csv", "csv_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the lines as CSV.")
@click.option("--page", "page_file", metavar="FILE", type=click.Path(path_type=Path), help="Write lines and review.")
@click.option("--review", "reviewing", is_flag=True, help="The review: endpoint fields, late changes, who.")
@click.option("--late-days", type=click.IntRange(min=0), default=30, help="What counts as late in the review.")
@click.option("--head", "head_only", is_flag=True, help="Print the chain's head, to be kept elsewhere.")
@click.option("--erase", "seq", metavar="SEQ", type=click.IntRange(min=1), help="Erase what an event says.")
@click.option("--reason", default="", help="Why it is erased; not repeating what it says.")
@json_option
def audit_command(study_name: str, *, as_json: bool, **options: Any) -> None:
    """Show the audit trail: who did what to what, when and why, and what deliveries changed; never a value."""
    from pipelines.audit import Filters, audit, review
    from pipelines.ledger import erase, head
    from pipelines.roles import check_command

    study = study_named(study_name)
    seq, reason = options["seq"], options["reason"]
    if reason and seq is None:
        msg = "--reason belongs to --erase."
        raise UsageError(msg)
    if seq is not None:
        check_command(study, "erase")
        erase(study.folder, seq, reason=reason)
        click.echo(f"event {seq}: what it said is erased; that it was there, when and by whom stays")
        return
    if options["head_only"]:
        stands = head(study.folder)
        click.echo(json.dumps(asdict(stands)) if as_json else f"{stands.seq}:{stands.sha256}")
        return
    asked = {one.name: options[one.name] for one in fields(Filters)}
    trail = audit(study, Filters(**days(asked)))
    csv_file, page_file, reviewing = options["csv_file"], options["page_file"], options["reviewing"]
    reviewed = review(study, late_days=options["late_days"]) if reviewing or page_file else None
    if csv_file:
        _write(csv_file, _csv(trail))
    if page_file and reviewed:
        from pipelines.audit.page import page

        _write(page_file, page(trail, reviewed).encode())
    if as_json:
        click.echo(json.dumps(asdict(reviewed if reviewing and reviewed else trail), ensure_ascii=False))
    elif reviewing and reviewed:
        _show_review(reviewed)
    elif not csv_file and not page_file:
        _show(trail)
    if trail.broken:
        raise IntegrityError("\n".join([f"{study.name}: the audit trail does not hold.", *trail.broken]))


def _write(path: Path, content: bytes) -> None:
    from pipelines.core.files import write_atomically

    write_atomically(path, content)
    click.echo(path, err=True)


def _csv(trail: Trail) -> bytes:
    from pipelines.audit import Line

    names = [one.name for one in fields(Line)]
    values = ([getattr(line, name) for name in names] for line in trail.lines)
    return csv_bytes(names, (["" if value is None else str(value) for value in row] for row in values))


def _show(trail: Trail) -> None:
    click.echo(f"{trail.events} events, head {trail.head.seq}:{trail.head.sha256[:12]}; shown: {trail.filters}")
    print_table(
        ["event", "time (UTC)", "user", "action", "object", "field", "old", "new", "why", "subject"],
        (
            (
                line.seq or "-", line.at[:19] or "-", line.user or "-", line.action, _short(line.object),
                line.field or "-", _short(line.old), _short(line.new), line.reason or "-", line.subject or "-",
            )
            for line in trail.lines
        ),
    )  # fmt: skip


def _short(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _show_review(reviewed: Review) -> None:
    def part(title: str, header: list[str], rows: Iterable[tuple[object, ...]]) -> None:
        click.echo(f"\n{title}")
        print_table(header, rows)

    click.echo(f"{reviewed.events} events; changes of data as cut {(reviewed.cut_id or 'none')[:12]} has them")
    part(
        "Endpoint fields changed",
        ["site", "domain", "test", "variable", "changed", "added", "vanished"],
        (
            (one.siteid, one.domain, one.test or "-", one.variable or "-", one.changed, one.added, one.vanished)
            for one in reviewed.endpoint_changes
        ),
    )
    part(
        "Late changes",
        ["site", "file", "landed (UTC)", "by", "changes", "of endpoints", "why"],
        (
            (one.siteid, one.file, one.landed_at[:19] or "-", one.user or "-", one.changes, one.of_endpoints, one.why)
            for one in reviewed.late
        ),
    )
    part("Changes by site and user", ["site", "user", "changes"], reviewed.by_user)
    part("Code breaks", ["class of the reason", "subjects", "code breaks"], reviewed.code_breaks)
    part("Events by user", ["user", "action", "events"], reviewed.actions)
