"""The verbs about verdicts: how they changed over the cuts, and what a person let pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.command import (
    cut_of,
    cut_option,
    json_option,
    main,
    print_json,
    print_table,
    study_argument,
    study_named,
)
from pipelines.cli.signing import key_in, key_option
from pipelines.core.clock import utc_today

if TYPE_CHECKING:
    from pipelines.history import CheckHistory, Finding, HistoryReceipt

_LETTERS = {"": "-", "PASS": "pass", "PASS_WITH_ROWS": "rows", "FAIL": "FAIL", "ERROR": "ERROR"}
_ROWS_SHOWN = 40


@main.command("history")
@study_argument
@click.option("--check", "check_id", help="Only this check, with each of its failing rows.")
@click.option("--site", help="Only failing rows of this site.")
@click.option("--state", type=click.Choice(["new", "open", "back", "gone"]), help="Only rows that are this.")
@json_option
def history_command(study_name: str, check_id: str | None, site: str | None, state: str | None, as_json: bool) -> None:
    """Show how verdicts and failing rows changed over the cuts: what is new, still open, back or gone."""
    from dataclasses import replace

    from pipelines.history import history

    receipt = history(study_named(study_name))
    receipt = replace(
        receipt,
        checks=tuple(one for one in receipt.checks if check_id in {None, one.check_id}),
        findings=tuple(
            one
            for one in receipt.findings
            if check_id in {None, one.check_id} and site in {None, one.siteid} and state in {None, one.state}
        ),
    )
    if as_json:
        print_json(receipt)
        return
    _print_checks(receipt)
    if check_id or site or state:
        click.echo()
        _print_findings(receipt.findings)


def _print_checks(receipt: HistoryReceipt) -> None:
    from pipelines.cut import short_id

    click.echo(f"cuts, oldest first: {', '.join(map(short_id, receipt.cuts)) or 'none was gated'}")
    print_table(
        ("check", "severity", "verdicts", "new", "open", "back", "gone"),
        ((one.check_id, one.severity, _told(one), one.new, one.open, one.back, one.gone) for one in receipt.checks),
    )


def _told(check: CheckHistory) -> str:
    return " > ".join(_LETTERS[verdict] for verdict in check.verdicts)


def _print_findings(findings: Sequence[Finding]) -> None:
    from pipelines.cut import short_id

    print_table(
        ("finding", "check", "state", "site", "subject", "what", "visit", "first seen", "last seen"),
        (
            (
                *(one.finding_id, one.check_id, one.state, one.siteid or "-", one.usubjid or "-", one.paramcd or "-"),
                *(one.avisit or "-", short_id(one.first_seen), short_id(one.last_seen)),
            )
            for one in findings[:_ROWS_SHOWN]
        ),
    )
    if len(findings) > _ROWS_SHOWN:
        click.echo(f"{len(findings) - _ROWS_SHOWN} more; all of them by --json")


@main.command("waive")
@study_argument
@cut_option
@click.option("--check", "check_id", required=True, help="The check that blocks the cut.")
@click.option("--site", default="", help="Only its failing rows of this site.")
@click.option("--subject", default="", help="Only its failing rows of this subject.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day on which it holds.")
@click.option("--role", required=True, help="One of the roles that the study file asks for, and yours.")
@click.option("--reason", required=True, help="Why these rows do not keep the cut from being published.")
@key_option
@json_option
def waive_command(
    study_name: str,
    cut: str | None,
    check_id: str,
    site: str,
    subject: str,
    until: dt.datetime,
    key_file: Path | None,
    as_json: bool,
    **signer: str,
) -> None:
    """Let the rows that fail a critical check pass for one cut: signed with your key, scoped, dated, with a reason."""
    from pipelines.gate import read_verdict
    from pipelines.gate.waivers import waived_checks
    from pipelines.waive import Scope, waive

    study = study_named(study_name)
    chosen = cut_of(study, cut)
    scope = Scope(check_id=check_id, siteid=site, usubjid=subject)
    given = waive(study, chosen.cut_id, scope, until=until.date(), key=key_in(key_file), **signer)
    if as_json:
        print_json(given)
        return
    rows = f"{given.rows} row{'' if given.rows == 1 else 's'}"
    click.echo(f"cut {chosen.short_id}: {check_id} waived for {given.scope} ({rows}) until {given.until}")
    verdict = read_verdict(chosen)
    waived = waived_checks(study, chosen, verdict.blocked_by, on=utc_today().isoformat())
    left = [check for check in verdict.blocked_by if check not in waived]
    click.echo(f"still blocking: {', '.join(left)}" if left else "nothing blocks this cut any more")
