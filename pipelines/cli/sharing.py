"""The verb that writes what may leave the house."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.command import cut_option, json_option, main, print_json, study_argument, study_named


@main.command("export")
@study_argument
@cut_option
@click.option(
    "--profile", type=click.Choice(["none", "cms", "opensafely"]), required=True, help="Which counts are small."
)
@click.option("--to", "to", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@json_option
def export_command(study_name: str, cut: str | None, profile: str, to: Path, as_json: bool) -> None:
    """Write what may be shared of a published cut: study days, capped ages, no text, no small counts."""
    from pipelines.cut import find_cut
    from pipelines.export import export

    study = study_named(study_name)
    receipt = export(study, profile=profile, to=to, cut_id=find_cut(study, cut).cut_id if cut else None)
    if as_json:
        print_json(receipt)
        return
    click.echo(f"exported {len(receipt.files)} files of cut {receipt.cut_id[:12]} to {receipt.to}")
    for table, columns in receipt.withheld.items():
        click.echo(f"  {table}: without {', '.join(columns)}", err=True)
