"""The verbs around a study: its state, a new one from samples, a simulated one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from pipelines.cli.command import (
    json_option,
    main,
    print_json,
    print_table,
    study_argument,
    study_named,
)


@main.command("status")
@study_argument
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day by which a delivery counts as late.")
@json_option
def status_command(study_name: str, today: dt.datetime | None, as_json: bool) -> None:
    """Show per site what came, what is due or late and what became of it, and which cuts there are."""
    from pipelines.status import status

    receipt = status(study_named(study_name), today=(today or dt.datetime.now(dt.UTC)).date())
    if as_json:
        print_json(receipt)
        return
    print_table(
        (
            *("site", "deliveries", "last export", "next", "late", "missing", "accepted", "quarantined", "refused"),
            *("held", "to land"),
        ),
        (
            (
                *(s.site, s.deliveries, s.last_export or "-", s.expected_next or "-", len(s.late), len(s.missing)),
                *(s.rows_accepted, s.rows_quarantined, s.refused, s.held, s.to_land),
            )
            for s in receipt.sites
        ),
    )
    for site in receipt.sites:
        told = {"late": site.late, "missing": site.missing, "out of order (W_OUT_OF_ORDER)": site.out_of_order}
        for what, names in told.items():
            if names:
                click.echo(f"{site.site}: {what}: {', '.join(names)}")
    click.echo()
    print_table(
        ("cut", "state", "verdict", "blinded", "published"),
        (
            (c.cut_id[:12], c.state, c.verdict or "-", "yes" if c.blinded else "no", c.published_at or "-")
            for c in receipt.cuts
        ),
    )


@main.command("new")
@click.argument("target", metavar="STUDY", type=click.Path(path_type=Path))
@click.argument("samples", metavar="FILE...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def new_command(target: Path, samples: tuple[Path, ...], as_json: bool) -> None:
    """Scaffold a study folder STUDY from sample exports; the study file loads, and a person corrects it."""
    from pipelines.profile import new

    receipt = new(target, samples)
    if as_json:
        print_json(receipt)
        return
    click.echo(receipt.study_file)
    for remark in receipt.look_at:
        click.echo(f"look at  {remark}", err=True)


@main.command("profile")
@click.argument("sample", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def profile_command(sample: Path, as_json: bool) -> None:
    """Propose the layout of a sample export, to be corrected and put into the study file."""
    from pipelines.profile import profile

    for proposal in profile(sample):
        if as_json:
            print_json(proposal)
            continue
        click.echo(proposal.yaml())
        for remark in proposal.look_at:
            click.echo(f"look at  {remark}", err=True)


@main.command("simulate")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=None, help="Another seed gives another trial.")
@json_option
def simulate_command(target: Path, seed: int | None, as_json: bool) -> None:
    """Write the exports of a simulated trial into the inbox of the study folder TARGET."""
    from pipelines.simulate import simulate

    receipt = simulate(target) if seed is None else simulate(target, seed=seed)
    if as_json:
        print_json(receipt)
    else:
        click.echo(
            f"{receipt.files} files, {receipt.subjects} subjects, {receipt.rows} rows, "
            f"{receipt.defects} planted defects"
        )
