"""The verb `roles`: who may run what, and the modes of the study's files."""

from __future__ import annotations

import click

from pipelines.cli.command import json_option, main, print_json, print_table, study_argument, study_named


@main.group("roles")
def roles_group() -> None:
    """Who may run which command, and who may read which file."""


@roles_group.command("list")
@study_argument
def list_command(study_name: str) -> None:
    """Show the table of commands and roles, and your own roles in the study."""
    from pipelines.ledger import system_user
    from pipelines.roles import COMMANDS, ROLES, roles_of

    study = study_named(study_name)
    print_table(
        ("command", *ROLES),
        ((verb, *("yes" if role in allowed else "-" for role in ROLES)) for verb, allowed in COMMANDS.items()),
    )
    user = system_user()
    click.echo(f"\n{user}: {', '.join(sorted(roles_of(study, user))) or 'no role in this study'}")


@roles_group.command("apply")
@study_argument
@click.option("--group", required=True, help="The system's group of all who work with the study, blinded ones too.")
@click.option("--unblinded-group", help="The system's group of those who may read unblinded cuts.")
@json_option
def apply_command(study_name: str, group: str, unblinded_group: str | None, as_json: bool) -> None:
    """Set the modes and groups of the study's files; prints what only root can do."""
    from pipelines.modes import apply_modes
    from pipelines.roles import check_command

    study = study_named(study_name)
    check_command(study, "roles-apply")
    receipt = apply_modes(study, group=group, unblinded_group=unblinded_group)
    if as_json:
        print_json(receipt)
        return
    print_table(("path", "group", "mode"), receipt.applied)
    if receipt.left:
        click.echo("\nleft to root, who runs:")
        for command in receipt.left:
            click.echo(f"  {command}")
