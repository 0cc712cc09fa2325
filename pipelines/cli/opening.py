"""The verbs that close and open: the arms of a blinded study, one subject's code, the data for changes."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.command import cut_option, json_option, main, print_json, study_argument, study_named
from pipelines.cli.signing import key_in, key_option

reason_option = click.option("--reason", required=True, help="Why; it is recorded. Name no arm in it.")


@main.command("unblind")
@study_argument
@cut_option
@click.option("--scope", multiple=True, required=True, help="`all`, or a site's id (may be given several times).")
@reason_option
@key_option
@json_option
def unblind_command(
    study_name: str, cut: str | None, scope: tuple[str, ...], reason: str, key_file: Path | None, as_json: bool
) -> None:
    """Sign the unblinding of a published blinded cut; two different signers have to."""
    from pipelines.core.errors import UsageError
    from pipelines.cut import SIGNERS, find_cut, short_id
    from pipelines.unblind import unblind

    study = study_named(study_name)
    if "all" in scope and len(scope) > 1:
        msg = f"{study.name}: --scope is `all`, or sites; not both."
        raise UsageError(msg)
    given = unblind(
        study,
        cut_id=find_cut(study, cut).cut_id if cut else None,
        scope=() if scope == ("all",) else scope,
        reason=reason,
        key=key_in(key_file),
    )
    if as_json:
        print_json(given)
        return
    signed = f"{len(given.signers)} of {SIGNERS} signatures ({', '.join(given.signers)})"
    click.echo(
        f"unblinding {short_id(given.unblinding_id)} of cut {short_id(given.cut_id)}, {given.in_words}: {signed}"
    )
    then = (
        f"`afterglow run {study_name} --open` makes the unblinded cut" if given.complete else "another one has to sign"
    )
    click.echo(f"{then}; the blinded cuts stay as they are")


@main.command("code-break")
@study_argument
@click.option("--usubjid", required=True, help="The subject.")
@reason_option
@click.option("--reason-class", help="The class that reports count it by, one of the study file's.")
@key_option
def code_break_command(
    study_name: str, usubjid: str, reason: str, reason_class: str | None, key_file: Path | None
) -> None:
    """Show the arm of one subject in an emergency, once, on this terminal; that it was shown is recorded."""
    from pipelines.code_break import code_break

    broken = code_break(
        study_named(study_name), usubjid=usubjid, reason=reason, reason_class=reason_class, key=key_in(key_file)
    )
    for arm in broken.arms:
        click.echo(f"{broken.usubjid}: {arm}")
    click.echo(f"shown to {broken.signer} ({broken.role}) and recorded; it stands nowhere else", err=True)


@main.command("lock")
@study_argument
@reason_option
@key_option
def lock_command(study_name: str, reason: str, key_file: Path | None) -> None:
    """Lock the data: what is delivered from now on lands, and enters no cut until it is unlocked."""
    from pipelines.lock import lock

    made = lock(study_named(study_name), reason=reason, key=key_in(key_file))
    click.echo(f"locked {len(made.deliveries)} deliveries, signed by {made.signer}")


@main.command("unlock")
@study_argument
@reason_option
@key_option
def unlock_command(study_name: str, reason: str, key_file: Path | None) -> None:
    """Let what was delivered after the lock into the next cut; signed, with the reason."""
    from pipelines.lock import unlock

    made = unlock(study_named(study_name), reason=reason, key=key_in(key_file))
    click.echo(f"unlocked, signed by {made.signer}: the next cut takes in all {len(made.deliveries)} deliveries")
