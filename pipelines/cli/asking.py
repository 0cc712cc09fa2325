"""The verb `queries`: what the sites are asked, and what they said.

Rule    a terminal shows where to look and what should hold, never what stands there
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.command import json_option, main, print_table, study_argument, study_named
from pipelines.core.errors import UsageError

if TYPE_CHECKING:
    from pipelines.queries import Register

_STATUSES = ("open", "answered", "reopened", "closed")


@main.command("queries")
@study_argument
@click.option("--site", "sites", multiple=True, help="Only this site (may be given several times).")
@click.option("--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Only queries of this status.")
@click.option("--export", "directory", metavar="DIR", type=click.Path(path_type=Path), help="Write one file a site.")
@click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", help="Of these files.")
@click.option("--import", "file", metavar="FILE", type=click.Path(path_type=Path), help="Take in a site's answers.")
@json_option
def queries_command(
    study_name: str,
    sites: tuple[str, ...],
    statuses: tuple[str, ...],
    directory: Path | None,
    form: Any,
    file: Path | None,
    as_json: bool,
) -> None:
    """Show what sites are asked: opened, answered, closed and reopened over the cuts; send it, take answers in."""
    from pipelines.queries import OPEN, export_queries, import_answers, queries
    from pipelines.queries.register import selected
    from pipelines.roles import check_command

    study = study_named(study_name)
    if file and directory:
        msg = "--import takes answers in, --export sends queries out: one of them at a time."
        raise UsageError(msg)
    if file or directory:
        check_command(study, "queries-exchange")
    if file:
        taken = import_answers(study, file)
        if as_json:
            _print(asdict(taken))
            return
        counts = ", ".join(f"{number} {word}" for word, number in taken.answers.items() if number) or "no answer"
        known = " (was known)" if taken.known else ""
        click.echo(f"{file.name}: {counts}, {taken.unanswered} without an answer{known}")
        return
    register = selected(queries(study), sites=sites, statuses=statuses)
    if directory:
        sent = export_queries(study, selected(register, statuses=statuses or OPEN), directory, form=form)
        if as_json:
            _print(asdict(sent))
            return
        print_table(["site", "queries", "file"], [(site, sent.queries[site], sent.files[site]) for site in sent.files])
    elif as_json:
        _print(asdict(register) | {"sites": [asdict(one) for one in register.sites]})
    else:
        _show(register, each=bool(sites or statuses))


def _show(register: Register, *, each: bool) -> None:
    from pipelines.cut import short_id

    click.echo(f"cuts, oldest first: {', '.join(map(short_id, register.cuts)) or 'none was gated'}")
    print_table(
        ["site", "open", "answered", "reopened", "closed", "median age (days)"],
        (
            (
                one.siteid or "-", one.open, one.answered, one.reopened, one.closed,
                "-" if one.median_age_days is None else f"{one.median_age_days:g}",
            )
            for one in register.sites
        ),
    )  # fmt: skip
    if not each:
        return
    click.echo()
    print_table(
        ["query", "site", "status", "subject", "visit", "item", "file", "row", "since", "what should hold"],
        (
            (
                one.query_id, one.siteid or "-", one.status, one.usubjid or "-", one.avisit or "-", one.item or "-",
                one.source_file or "-", one.srcseq or "-", one.opened_on or "-", one.sentence,
            )
            for one in register.queries
        ),
    )  # fmt: skip


def _print(document: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(document, default=str, ensure_ascii=False))
