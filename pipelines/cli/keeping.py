"""The verbs that keep a study: backup and restore."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.command import json_option, main, print_json, study_argument, study_named


@main.command("backup")
@study_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-vault", is_flag=True, help="Arms, pseudonym key and refused files too: keep the file as secret.")
@json_option
def backup_command(study_name: str, file: Path, with_vault: bool, as_json: bool) -> None:
    """Write a study into one FILE, with a hash of everything; without the vault unless that is asked for."""
    from pipelines.backup import backup

    receipt = backup(study_named(study_name), file, with_vault=with_vault)
    if as_json:
        print_json(receipt)
        return
    click.echo(f"backed up {receipt.files} files into {receipt.file}\nroot hash {receipt.root_hash}")
    if not with_vault:
        click.echo("without the vault: the study is readable and verifies, and cannot land or unblind", err=True)


@main.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", metavar="STUDY_FOLDER", type=click.Path(path_type=Path))
@json_option
def restore_command(file: Path, target: Path, as_json: bool) -> None:
    """Put the study in a backup FILE into STUDY_FOLDER, which must not be there, after checking every byte."""
    from pipelines.restore import restore

    receipt = restore(file, target)
    if as_json:
        print_json(receipt)
        return
    click.echo(f"restored {receipt.files} files into {receipt.folder}\nroot hash {receipt.root_hash}")
    if receipt.left_out:
        click.echo(f"the vault was not backed up: {receipt.left_out} deliveries cannot be hashed again here", err=True)
