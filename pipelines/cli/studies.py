"""The verbs around a study: its state, a new one from samples, a simulated one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from pipelines.cli.command import (
    json_option,
    main,
    print_json,
    print_table,
    study_argument,
    study_named,
)
from pipelines.core.clock import utc_today

if TYPE_CHECKING:
    from pipelines.status import SiteStatus


@main.command("status")
@study_argument
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day by which a delivery counts as late.")
@json_option
def status_command(study_name: str, today: dt.datetime | None, as_json: bool) -> None:
    """Show per site what came, what is due or late and what became of it, and which cuts there are."""
    from pipelines.status import status

    receipt = status(study_named(study_name), today=today.date() if today else utc_today())
    if as_json:
        print_json(receipt)
        return
    _print_sites(receipt.sites)
    if receipt.locked_at:
        click.echo(f"\nThe data are LOCKED since {receipt.locked_at[:16].replace('T', ' ')} UTC. In no cut, as later:")
        click.echo(f"  {', '.join(receipt.after_lock) or 'nothing so far'}")
    click.echo()
    cuts = receipt.cuts
    _print_columns(
        {
            "cut": [c.short_id for c in cuts],
            "state": [c.state for c in cuts],
            "verdict": [c.verdict or "-" for c in cuts],
            "blinded": ["yes" if c.blinded else "no" for c in cuts],
            "published": [c.published_at[:10] or "-" for c in cuts],
        },
        {
            "lineage": [c.lineage for c in cuts],
            "as of": [c.as_of for c in cuts],
            "cutoff": [c.data_cutoff for c in cuts],
        },
    )
    for cut in cuts:
        if cut.rejected:
            click.echo(f"\ncut {cut.short_id} was rejected by {cut.rejected}")
    if not receipt.signers:
        click.echo("\nno register of signers: nobody is asked for a role (docs/signing.md)")


def _print_columns(columns: dict[str, Sequence[object]], rare: dict[str, Sequence[object]]) -> None:
    """Prints a table; what is `rare` has a column only where there is some of it."""
    shown = columns | {name: cells for name, cells in rare.items() if any(cells)}
    print_table(list(shown), zip(*shown.values(), strict=True))


def _print_sites(sites: Sequence[SiteStatus]) -> None:
    columns: dict[str, Sequence[object]] = {
        "site": [s.site for s in sites],
        "files": [s.deliveries for s in sites],
        "newest": [s.last_export or "-" for s in sites],
        "next": [s.expected_next or "-" for s in sites],
        "late": [len(s.late) for s in sites],
        "missing": [len(s.missing) for s in sites],
        "accepted": [s.rows_accepted for s in sites],
        "set aside": [s.rows_quarantined for s in sites],
        "refused": [s.refused for s in sites],
    }
    _print_columns(columns, {"held": [s.held for s in sites], "to land": [s.to_land for s in sites]})
    if held := [site.site for site in sites if site.held]:
        click.echo(f"\nHELD by {', '.join(held)}: H_UNBLIND. No cut is made or published until it is put right.")
    told = {
        "late": [(s.late, s.site) for s in sites],
        "missing": [(s.missing, s.site) for s in sites],
        "out of order (W_OUT_OF_ORDER)": [(s.out_of_order, s.site) for s in sites],
        "unlike the layout": [(s.drifted, s.site) for s in sites],
    }
    for what, found in told.items():
        # Sites with the same export late are named together.
        together: dict[tuple[str, ...], list[str]] = {}
        for names, key in found:
            if names:
                together.setdefault(names, []).append(key)
        for names, keys in together.items():
            line = f"{what} at {', '.join(keys)}: {', '.join(names)}"
            click.echo("\n" + click.wrap_text(line, get_terminal_size().columns, subsequent_indent="  "))


@main.command("trends")
@study_argument
@click.option("--site", help="Only this site, whatever its flags.")
@click.option("--metric", help="Only this metric, whatever its flags.")
@json_option
def trends_command(study_name: str, site: str | None, metric: str | None, as_json: bool) -> None:
    """Show the site metrics of all published cuts side by side: what stands out in the newest, with its past."""
    from dataclasses import replace

    from pipelines.cut import short_id
    from pipelines.trends import trends

    receipt = trends(study_named(study_name))
    wanted = [one for one in receipt.trends if site in {None, one.siteid} and metric in {None, one.metric}]
    if as_json:
        print_json(replace(receipt, trends=tuple(wanted)))
        return
    if not site and not metric:
        wanted = [one for one in wanted if one.points[-1].flag in {"AMBER", "RED"}]
    click.echo(f"cuts, oldest first: {', '.join(map(short_id, receipt.cuts)) or 'none was published'}")
    if receipt.without:
        click.echo(f"without site metrics: {', '.join(map(short_id, receipt.without))}")
    print_table(
        ["site", "metric", "unit", "trend"], [(one.siteid, one.metric, one.unit, one.in_words) for one in wanted]
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
    click.echo(f"inbox    {receipt.inbox}", err=True)
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
