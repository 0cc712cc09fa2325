"""The verbs of sign-off: `sign`, and `signer` for keys and the register of signers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from pipelines.core.errors import NotAllowedError

if TYPE_CHECKING:
    from pipelines.signers import SigningKey
    from pipelines.study import Study

key_option = click.option(
    "--key", "key_file", type=click.Path(path_type=Path), help="Your key's file; $AFTERGLOW_KEY or your settings' else."
)


def key_in(key_file: Path | None) -> SigningKey:
    """Returns the key in that file, or in the usual one; its passphrase is asked for where it needs one."""
    from pipelines.signers import key_path, load_key

    return load_key(key_path(key_file), lambda: str(click.prompt("Passphrase", hide_input=True, err=True)))


@main.command("sign")
@study_argument
@cut_option
@click.option("--role", help="One of the roles that the study file asks for; yours, if you have only one of them.")
@click.option("--meaning", type=click.Choice(["author", "review", "approve", "release", "reject"]), default="approve")
@click.option("--reason", default="", help="Why; asked for with a rejection, and with --study-file.")
@click.option(
    "--package",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Sign the validation package in this folder, with a key of this study's register.",
)
@click.option("--study-file", is_flag=True, help="Sign the study file as it is now, after a change (H_CONFIG).")
@key_option
@json_option
def sign_command(
    study_name: str,
    cut: str | None,
    role: str | None,
    package: Path | None,
    study_file: bool,
    key_file: Path | None,
    as_json: bool,
    **signature: Any,
) -> None:
    """Sign a cut, or reject it: name, role, meaning and time, bound to its manifest, with your key."""
    from pipelines.cut import short_id
    from pipelines.sign import sign, sign_study_file

    study = study_named(study_name)
    key = key_in(key_file)
    role = role or _own_role(study, key)
    if study_file:
        sha256 = sign_study_file(study, role=role, reason=signature["reason"], key=key)
        click.echo(f"study file {short_id(sha256)}: signed as {role}")
        return
    if package is not None:
        _sign_package(study, package, role=role, key=key, as_json=as_json, **signature)
        return
    chosen = cut_of(study, cut)
    given = sign(study, chosen.cut_id, method="cli", role=role, key=key, **signature)
    if as_json:
        print_json(given)
    else:
        click.echo(f"cut {chosen.short_id}: {given.meaning} by {given.name} ({given.role}) at {given.signed_at}")


def _sign_package(study: Study, package: Path, *, as_json: bool, **signature: Any) -> None:
    from pipelines.cut import short_id
    from pipelines.validate.signing import sign_package

    given = sign_package(study, package, **signature)
    if as_json:
        print_json(given)
        return
    click.echo(
        f"package {short_id(given.package_sha256)}: {given.meaning} by {given.name} ({given.role}) at {given.signed_at}"
    )


def _own_role(study: Study, key: SigningKey) -> str:
    from pipelines.sign import required_roles
    from pipelines.signers import public_key, register

    own = [role for entry in register(study).entries().values() if entry.public_key == public_key(key)
           for role in entry.roles]  # fmt: skip
    asked = [role for role in required_roles(study) if role in own] or own
    if len(asked) != 1:
        msg = f"{study.name}: say as what you sign: --role {' or '.join(asked or required_roles(study)) or '...'}."
        raise NotAllowedError(msg)
    return asked[0]


@main.group("signer")
def signer_group() -> None:
    """Keys, and the register of who may sign in a study."""


@signer_group.command("key")
@key_option
@click.option("--no-passphrase", is_flag=True, help="For a service, which has nobody to ask.")
def key_command(key_file: Path | None, no_passphrase: bool) -> None:
    """Make your key if there is none; print the public half, which an admin registers."""
    from pipelines.signers import PASSPHRASE_VARIABLE, fingerprint, key_path, new_key, public_key

    path = key_path(key_file)
    if path.exists():
        key = key_in(key_file)
    else:
        passphrase = "" if no_passphrase else click.prompt(
            "New passphrase", hide_input=True, confirmation_prompt=True, err=True, default=_from(PASSPHRASE_VARIABLE),
            show_default=False,
        )  # fmt: skip
        key = new_key(path, passphrase)
    click.echo(f"key          {path}")
    click.echo(f"fingerprint  {fingerprint(public_key(key))}")
    click.echo(f"public key   {public_key(key)}")


@signer_group.command("add")
@study_argument
@click.argument("signer")
@click.option("--name", required=True, help="The printed name.")
@click.option("--role", "roles", multiple=True, required=True, help="A role (may be given several times).")
@click.option("--public-key", "public", help="What `afterglow signer key` prints for the person; yours by default.")
@click.option("--user", "users", multiple=True, help="The person's login, here and in Airflow (several times).")
@click.option("--valid-until", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option("--reason", default="", help="Why.")
@key_option
def add_command(
    study_name: str,
    signer: str,
    public: str | None,
    valid_until: dt.datetime | None,
    reason: str,
    key_file: Path | None,
    **person: Any,
) -> None:
    """Register SIGNER, or change its roles, name or key; the first one is the study's first admin."""
    from pipelines.ledger import system_user
    from pipelines.signers import Signer, add_signer, end_of_day, fingerprint, public_key

    study = study_named(study_name)
    key = key_in(key_file)
    users = person.pop("users") or (() if public else (system_user(),))
    wanted = Signer(
        signer=signer, public_key=public or public_key(key), users=users, **person,
        valid_until=end_of_day(valid_until.date()) if valid_until else "",
    )  # fmt: skip
    made = add_signer(study, wanted, key=key, reason=reason)
    click.echo(
        f"change {made.seq}: {made.name} ({made.signer}) is {', '.join(made.roles)}; "
        f"key {fingerprint(made.public_key)}, by {made.by}"
    )


@signer_group.command("revoke")
@study_argument
@click.argument("signer")
@click.option("--reason", required=True, help="Why.")
@click.option(
    "--compromised-since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="From this day on the key's signatures do not count.",
)
@key_option
def revoke_command(
    study_name: str, signer: str, reason: str, compromised_since: dt.datetime | None, key_file: Path | None
) -> None:
    """Revoke SIGNER; what was signed before stays valid."""
    from pipelines.signers import revoke_signer

    since = compromised_since.date() if compromised_since else None
    made = revoke_signer(study_named(study_name), signer, reason=reason, key=key_in(key_file), compromised_since=since)
    click.echo(f"change {made.seq}: {made.name} ({made.signer}) is revoked, by {made.by}")


@signer_group.command("list")
@study_argument
@json_option
def list_command(study_name: str, as_json: bool) -> None:
    """Show every change of the register, proved, and who is in it now."""
    from pipelines.signers import check_register, fingerprint

    known = check_register(study_named(study_name))
    if as_json:
        for change in known.changes:
            print_json(change)
        return
    now = known.entries()
    print_table(
        ("change", "day", "signer", "name", "roles", "users", "key", "until", "by", "now"),
        (
            (
                f"{change.seq} {change.change}", change.at[:10], change.signer, change.name, ", ".join(change.roles),
                ", ".join(change.users) or "-", fingerprint(change.public_key), change.valid_until[:10] or "-",
                change.by, "yes" if change.change == "add" and now.get(change.signer) == change.entry else "-",
            )
            for change in known.changes
        ),
    )  # fmt: skip


def _from(variable: str) -> str | None:
    import os

    return os.environ.get(variable)
