"""The command `afterglow`: one verb for each step, each a call of the function with that name.

Rule    results go to standard output, progress and errors to standard error; `--json` prints the receipt
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.core.errors import AfterglowError, InputRefusedError

if TYPE_CHECKING:
    from pipelines.study import Study

# Steps are imported in the commands that call them: `--help` and `status` must not wait for dbt or Great Expectations.


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AfterglowError as error:
            click.echo(f"{type(error).__name__.removesuffix('Error')}: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="afterglow")
def main() -> None:
    """Multi-site trial exports to checked tables and published reports.

    STUDY is a study's folder, or its name below ./studies (or $AFTERGLOW_STUDIES).

    Exit codes: 0 done, 10 input refused, 11 study file wrong, 12 gate failed, 13 not signed or not allowed,
    14 integrity broken, 15 busy.
    """


def _study(name: str) -> Study:
    from pipelines.study.load import find_study

    return find_study(name, Path(os.environ.get("AFTERGLOW_STUDIES", "studies")))


def _cut_id(study: Study, prefix: str | None) -> str:
    from pipelines.cut import find_cut, latest_cut

    return find_cut(study, prefix).cut_id if prefix else latest_cut(study).cut_id


study_argument = click.argument("study_name", metavar="STUDY")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
cut_option = click.option(
    "--cut", "cut", metavar="ID", help="A cut's id or its first digits; the newest cut by default."
)


def cut_inputs_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say which cut is meant."""
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option(
            "--blinded/--open", "blinded", default=None, help="Pool the arms, or not; as the study file says."
        ),
        click.option("--data-cutoff", type=day, help="Leave out what happened after this day."),
        click.option("--as-of", type=day, help="Use only deliveries exported up to this day."),
    ):
        command = option(command)
    return command


@main.command("land")
@study_argument
@click.option("--site", "sites", multiple=True, help="Only this site (may be given several times).")
@json_option
def land_command(study_name: str, sites: tuple[str, ...], as_json: bool) -> None:
    """Land what lies in the inbox: typed rows, and what is wrong set aside with its reason."""
    from pipelines.land import land

    receipt = land(_study(study_name), sites=sites or None)
    if as_json:
        for delivery in receipt.deliveries:
            _print_json(delivery)
    else:
        _print_table(
            ("site", "file", "outcome", "rows", "accepted", "quarantined", "codes"),
            (
                (d.site, d.file, d.outcome, d.rows_in, d.rows_accepted, d.rows_quarantined, " ".join(d.codes))
                for d in receipt.deliveries
            ),
        )
    if refused := [delivery for delivery in receipt.refused if delivery.new]:
        raise InputRefusedError("\n".join(f"{d.site}/{d.file}: {d.detail}" for d in refused))


@main.command("build")
@study_argument
@cut_inputs_options
@json_option
def build_command(study_name: str, as_json: bool, **inputs: Any) -> None:
    """Build a candidate cut: one dbt build into its own database, and its tables as Parquet."""
    from pipelines.build import build

    receipt = build(_study(study_name), **_days(inputs))
    if as_json:
        _print_json(receipt)
    else:
        click.echo(f"cut {receipt.cut_id}{' (was there)' if receipt.reused else ''}")
        _print_table(("table", "rows"), receipt.rows.items())


@main.command("gate")
@study_argument
@cut_option
@json_option
def gate_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Check what landed, what was derived and what would be published."""
    from pipelines.core.errors import GateFailedError
    from pipelines.cut import Cut
    from pipelines.gate import gate, read_verdict

    study = _study(study_name)
    receipt = gate(study, _cut_id(study, cut))
    verdict = read_verdict(Cut(study.folder, receipt.cut_id))
    if as_json:
        _print_json(receipt)
    else:
        counts = ", ".join(f"{number} {name}" for name, number in verdict.counts.items() if number)
        click.echo(f"cut {receipt.cut_id[:12]}: {verdict.verdict}; {verdict.checks} checks: {counts}")
        for check in verdict.failed:
            click.echo(f"  {check}")
    if verdict.blocking:
        blockers = ", ".join(verdict.blocked_by) or "having no check"
        msg = f"{study.name}: cut {receipt.cut_id[:12]} is blocked by {blockers}."
        raise GateFailedError(msg)


@main.command("report")
@study_argument
@cut_option
@json_option
def report_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Write the static report pages of a cut."""
    from pipelines.report import report

    study = _study(study_name)
    receipt = report(study, _cut_id(study, cut))
    _print_json(receipt) if as_json else click.echo(receipt.path)


@main.command("sign")
@study_argument
@cut_option
@click.option("--name", required=True, help="The signer's printed name.")
@click.option("--role", required=True, help="One of the roles that the study file asks for.")
@click.option("--meaning", type=click.Choice(["author", "review", "approve", "reject"]), default="approve")
@click.option("--reason", default="", help="Why; asked for with a rejection.")
@json_option
def sign_command(study_name: str, cut: str | None, as_json: bool, **signature: Any) -> None:
    """Sign a cut, or reject it: name, role, meaning and time, bound to its manifest."""
    from pipelines.sign import sign

    study = _study(study_name)
    given = sign(study, _cut_id(study, cut), method="cli", **signature)
    if as_json:
        _print_json(given)
    else:
        click.echo(f"cut {given.cut_id[:12]}: {given.meaning} by {given.name} ({given.role}) at {given.signed_at}")


@main.command("publish")
@study_argument
@cut_option
@json_option
def publish_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Publish a cut that passed its gates and carries its signatures."""
    from pipelines.publish import publish

    study = _study(study_name)
    receipt = publish(study, _cut_id(study, cut))
    _print_json(receipt) if as_json else click.echo(f"published cut {receipt.cut_id[:12]}: {receipt.report}")


@main.command("verify")
@study_argument
@cut_option
@json_option
def verify_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Hash everything that was published again, and name what differs."""
    from pipelines.cut import find_cut
    from pipelines.verify import verify

    study = _study(study_name)
    receipt = verify(study, find_cut(study, cut).cut_id if cut else None)
    if as_json:
        _print_json(receipt)
    else:
        click.echo(
            f"verified {len(receipt.cuts)} cut(s), {receipt.files} files, {receipt.deliveries} deliveries: as recorded"
        )


@main.command("status")
@study_argument
@json_option
def status_command(study_name: str, as_json: bool) -> None:
    """Show per site what came and what became of it, and which cuts there are."""
    from pipelines.status import status

    receipt = status(_study(study_name))
    if as_json:
        _print_json(receipt)
        return
    _print_table(
        ("site", "deliveries", "last export", "accepted", "quarantined", "refused", "to land"),
        (
            (s.site, s.deliveries, s.last_export or "-", s.rows_accepted, s.rows_quarantined, s.refused, s.to_land)
            for s in receipt.sites
        ),
    )
    click.echo()
    _print_table(
        ("cut", "state", "verdict", "blinded", "published"),
        (
            (c.cut_id[:12], c.state, c.verdict or "-", "yes" if c.blinded else "no", c.published_at or "-")
            for c in receipt.cuts
        ),
    )


@main.command("run")
@study_argument
@cut_inputs_options
@json_option
def run_command(study_name: str, as_json: bool, **inputs: Any) -> None:
    """Do all steps: land, build, gate, report, sign (a demo only) and publish."""
    from pipelines.run import run

    receipt = run(_study(study_name), **_days(inputs), progress=lambda line: click.echo(line, err=True))
    for delivery in receipt.land.refused:
        click.echo(f"refused  {delivery.site}/{delivery.file}: {delivery.detail}", err=True)
    _print_json(receipt) if as_json else click.echo(receipt.report)


@main.command("simulate")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=None, help="Another seed gives another trial.")
@json_option
def simulate_command(target: Path, seed: int | None, as_json: bool) -> None:
    """Write the exports of a simulated trial into the inbox of the study folder TARGET."""
    from pipelines.simulate import simulate

    receipt = simulate(target) if seed is None else simulate(target, seed=seed)
    if as_json:
        _print_json(receipt)
    else:
        click.echo(
            f"{receipt.files} files, {receipt.subjects} subjects, {receipt.rows} rows, "
            f"{receipt.defects} planted defects"
        )


def _days(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value.date() if isinstance(value, dt.datetime) else value for name, value in inputs.items()}


def _print_json(receipt: Any) -> None:
    click.echo(json.dumps(dataclasses.asdict(receipt), default=str, ensure_ascii=False))


def _print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *lines]) for i in range(len(header))]
    numeric = [bool(lines) and all(line[i].isdigit() for line in lines) for i in range(len(header))]
    for line in [list(header), *lines]:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


if __name__ == "__main__":
    sys.exit(main())
