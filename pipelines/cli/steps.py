"""The verbs of the data's way: each a call of the step with its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.command import (
    cut_inputs_options,
    cut_of,
    cut_option,
    days,
    json_option,
    main,
    print_json,
    print_table,
    study_argument,
    study_named,
)
from pipelines.core.errors import InputRefusedError, NotAllowedError, UsageError

if TYPE_CHECKING:
    from pipelines.land import DeliveryReceipt
    from pipelines.ledger import Head
    from pipelines.study import Study


@main.command("land")
@study_argument
@click.option("--site", "sites", multiple=True, help="Only this site (may be given several times).")
@json_option
def land_command(study_name: str, sites: tuple[str, ...], as_json: bool) -> None:
    """Land what lies in the inbox: typed rows, and what is wrong set aside with its reason."""
    from pipelines.cut import check_held
    from pipelines.land import land

    study = study_named(study_name)
    receipt = land(study, sites=sites or None)
    if as_json:
        for delivery in receipt.deliveries:
            print_json(delivery)
    else:
        print_table(
            ("site", "file", "outcome", "rows", "accepted", "quarantined", "codes"),
            (
                (d.site, d.file, d.outcome, d.rows_in, d.rows_accepted, d.rows_quarantined, " ".join(d.codes))
                for d in receipt.deliveries
            ),
        )
        counts = f"{len(receipt.new)} new, {len(receipt.refused)} refused, {len(receipt.held)} held"
        number = len(receipt.deliveries)
        click.echo(f"\n{number} deliver{'y' if number == 1 else 'ies'}: {counts}")
        _print_drift(receipt.new)
    for name in receipt.ignored:
        click.echo(f"ignored  {name}", err=True)
    for d in receipt.held:
        click.echo(f"held     {d.site}/{d.file}: {d.detail}", err=True)
    # Said at each landing, not only at the first: nothing goes on until it is put right.
    check_held(study)
    if refused := [delivery for delivery in receipt.refused if delivery.new]:
        raise InputRefusedError("\n".join(f"{d.site}/{d.file}: {d.detail}" for d in refused))


def _print_drift(deliveries: tuple[DeliveryReceipt, ...]) -> None:
    from pipelines.land.drift import lines

    for delivery in deliveries:
        if delivery.drift:
            click.echo(f"\n{delivery.site}/{delivery.file} differs from its layout ({delivery.layout_file}):")
            for line in lines(delivery.drift):
                click.echo(f"  {line}")


@main.command("build")
@study_argument
@cut_inputs_options
@json_option
def build_command(study_name: str, as_json: bool, **inputs: Any) -> None:
    """Build a candidate cut: one dbt build into its own database, and its tables as Parquet."""
    from pipelines.build import build

    receipt = build(study_named(study_name), **days(inputs))
    if as_json:
        print_json(receipt)
    else:
        click.echo(f"cut {receipt.cut_id}{' (was there)' if receipt.reused else ''}")
        print_table(("table", "rows"), receipt.rows.items())


@main.command("gate")
@study_argument
@cut_option
@json_option
def gate_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Check what landed, what was derived and what would be published."""
    from pipelines.gate import check_gate, gate, read_verdict

    study = study_named(study_name)
    chosen = cut_of(study, cut)
    receipt = gate(study, chosen.cut_id)
    verdict = read_verdict(chosen)
    if as_json:
        print_json(receipt)
    else:
        counts = ", ".join(f"{number} {name}" for name, number in verdict.counts.items() if number)
        click.echo(f"cut {chosen.short_id}: {verdict.verdict}; {verdict.checks} checks: {counts}")
        for check in verdict.failed:
            click.echo(f"  {check}")
    for check in check_gate(study, chosen).waived:
        click.echo(f"waived by a signed record: {check}", err=True)


@main.command("report")
@study_argument
@cut_option
@json_option
def report_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Write the static report pages of a cut."""
    from pipelines.report import report

    study = study_named(study_name)
    receipt = report(study, cut_of(study, cut).cut_id)
    print_json(receipt) if as_json else click.echo(receipt.path)


@main.command("publish")
@study_argument
@cut_option
@json_option
def publish_command(study_name: str, cut: str | None, as_json: bool) -> None:
    """Publish a cut that passed its gates and carries its signatures."""
    from pipelines.publish import publish

    study = study_named(study_name)
    chosen = cut_of(study, cut)
    if cut is None and chosen.inputs.get("as_of"):
        msg = (
            f"{study.name}: the newest cut, {chosen.short_id}, is as known on {chosen.inputs['as_of']}. "
            f"To publish that earlier state, name it: `afterglow publish {study.name} --cut {chosen.short_id}`."
        )
        raise NotAllowedError(msg)
    receipt = publish(study, chosen.cut_id)
    print_json(receipt) if as_json else click.echo(f"published cut {chosen.short_id}: {receipt.report}")


@main.command("verify")
@study_argument
@cut_option
@click.option(
    "--ledger-head",
    "noted",
    multiple=True,
    metavar="SEQ:SHA",
    help="A head that `audit --head` printed (more than one).",
)
@click.option(
    "--package",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Verify the validation package in this folder instead, with this study's register.",
)
@json_option
def verify_command(
    study_name: str, cut: str | None, noted: tuple[str, ...], package: Path | None, as_json: bool
) -> None:
    """Hash everything that was published again, and name what differs."""
    from pipelines.cut import find_cut
    from pipelines.verify import verify

    study = study_named(study_name)
    if package is not None:
        _verify_package(study, package, as_json=as_json)
        return
    heads = [("the head given", _head(text)) for text in noted]
    receipt = verify(study, find_cut(study, cut).cut_id if cut else None, heads=heads)
    if as_json:
        print_json(receipt)
    else:
        click.echo(
            f"verified {len(receipt.cuts)} cut(s), {receipt.files} files, {receipt.deliveries} deliveries, "
            f"{receipt.signatures} signatures, {receipt.events} events of the audit trail: as recorded"
        )
        if receipt.left_out:
            click.echo(f"not here, and not hashed: {receipt.left_out} deliveries in the vault that was not backed up")
        for notice in receipt.notices:
            click.echo(f"notice: {notice}")


def _verify_package(study: Study, package: Path, *, as_json: bool) -> None:
    from pipelines.validate.signing import verify_package

    receipt = verify_package(study, package)
    if as_json:
        print_json(receipt)
        return
    signed = ", ".join(f"{one.meaning} by {one.name} ({one.role})" for one in receipt.signatures)
    click.echo(f"verified {receipt.files} files of the validation package ({receipt.verdict}): as recorded")
    click.echo(f"signed: {signed or 'by nobody'}")


def _head(text: str) -> Head:
    from pipelines.ledger import Head

    seq, _, sha256 = text.strip().partition(":")
    if not (seq.isascii() and seq.isdigit()) or not re.fullmatch("[0-9a-f]{64}", sha256):
        msg = (
            "--ledger-head: give the number, a colon and the 64 digits, as `afterglow audit STUDY --head` prints them."
        )
        raise UsageError(msg)
    return Head(seq=int(seq), sha256=sha256)


@main.command("run")
@study_argument
@cut_inputs_options
@click.option("--publish-as-of", is_flag=True, help="Publish a cut --as-of a day too; otherwise it stays a candidate.")
@json_option
def run_command(study_name: str, as_json: bool, **inputs: Any) -> None:
    """Do all steps: land, build, gate, report, sign (a demo only) and publish."""
    from pipelines.run import run

    receipt = run(study_named(study_name), **days(inputs), progress=lambda line: click.echo(line, err=True))
    print_json(receipt) if as_json else click.echo(receipt.report)
