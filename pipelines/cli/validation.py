"""The verb that qualifies this installation."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.command import json_option, main, print_json
from pipelines.core.errors import GateFailedError

_SHOWN = 20


@main.command("validate")
@click.option(
    "--to",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("validation"),
    show_default=True,
    help="The folder that the package is written into.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JUnit results of this checkout's tests; otherwise they are run now (about ten minutes).",
)
@click.option(
    "--soaks",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of the soaks' figures: each that is missing, failed or of other source is a deviation.",
)
@json_option
def validate_command(directory: Path, results: Path | None, soaks: Path | None, as_json: bool) -> None:
    """Qualify this installation: IQ, OQ, PQ, controls switched off, traceability, deviations."""
    from pipelines.validate import validate

    receipt = validate(directory, results=results, soaks=soaks, progress=lambda line: click.echo(line, err=True))
    if as_json:
        print_json(receipt)
    else:
        click.echo(
            f"{receipt.verdict}: {receipt.requirements} requirements, {receipt.tests} tests,"
            f" {receipt.controls} controls switched off, {receipt.trials} trials, {receipt.soaks} soaks,"
            f" {len(receipt.deviations)} deviations\n{receipt.path}"
        )
    if number := len(receipt.deviations):
        shown = receipt.deviations[:_SHOWN]
        rest = [f"... and {number - _SHOWN} more, all in the package"] if number > _SHOWN else []
        raise GateFailedError("\n".join([f"{number} deviation(s):", *shown, *rest]))
