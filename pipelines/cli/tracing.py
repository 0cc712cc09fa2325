"""The verb `trace`, and how a chain is read on a terminal: a tree, 100 columns wide.

Rule    values of a subject go to standard output only, to the person who asked
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.command import cut_of, json_option, main, print_json, study_argument, study_named
from pipelines.core.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from pipelines.trace import Source, Step, TraceReceipt

_WIDTH = 100
# Said by the links below, or the same for all rows.
_UNTOLD = ("studyid", "delivery_id", "source_file", "srcseq", "srcdom")


@main.command("trace")
@study_argument
@click.option("--table", required=True, help="A table of the cut: response, durability, adsl ...")
@click.option("--usubjid", help="The subject; needed for every table of subjects.")
@click.option("--avisit", help="The analysis visit.")
@click.option("--paramcd", help="The instrument or parameter.")
@click.option("--endpoint", help="The endpoint; the study file's first by default.")
@click.option("--estimand", help="The estimand; the study file's first by default.")
@click.option("--missing-rule", help="The rule for missing data; the study file's first by default.")
@click.option("--aperiod", help="The treatment period.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Any other column (may be given several times).")
@click.option("--cut", metavar="ID", help="A cut's id or its first digits; the published cut by default.")
@json_option
def trace_command(
    study_name: str,
    table: str,
    usubjid: str | None,
    where: tuple[str, ...],
    cut: str | None,
    as_json: bool,
    **keys: str | None,
) -> None:
    """Show where a row of a table came from, down to the delivered rows. Shows values of a subject."""
    from pipelines.trace import trace

    filters = {name: value for name, value in keys.items() if value is not None} | dict(_pair(text) for text in where)
    study = study_named(study_name)
    # Who is blinded names no unblinded cut; the published one of a blinded study is blinded.
    chosen = cut_of(study, cut).cut_id if cut else None
    receipt = trace(study, table, usubjid=usubjid, filters=filters, cut=chosen)
    if as_json:
        print_json(receipt)
    else:
        for line in lines(receipt):
            click.echo(line)
    if receipt.wrong:
        raise IntegrityError("\n".join(["The chain is not whole:", *receipt.wrong]))
    if receipt.row is None:
        msg = f"{receipt.matched} rows of {table} match. Name one by {', '.join(map(_option, receipt.choices))}."
        raise UsageError(msg)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        msg = f"--where {text}: write COLUMN=VALUE, or COLUMN=null."
        raise UsageError(msg)
    return name, value


def _option(column: str) -> str:
    named = ("avisit", "paramcd", "endpoint", "estimand", "missing_rule", "aperiod")
    return f"--{column.replace('_', '-')}" if column in named else f"--where {column}=..."


def lines(receipt: TraceReceipt) -> Iterator[str]:
    """Yields a chain, or the choices that are left, as lines."""
    state = "published" if receipt.published else "candidate"
    blinded = ", blinded" if receipt.blinded else ""
    yield f"{receipt.study}, cut {receipt.cut_id[:12]} ({state}{blinded})"
    if receipt.assumed:
        taken = ", ".join(f"{name} {value}" for name, value in receipt.assumed.items())
        yield from _wrapped(f"none was named, so the study file's first: {taken}", "")
    if receipt.row is None:
        for name, values in receipt.choices.items():
            yield from _wrapped(f"{name}: {', '.join(values)}", "  ")
        return
    yield from _step(receipt.row, "", "", untold=_UNTOLD)


def _step(step: Step, first: str, rest: str, untold: Sequence[str] = ()) -> Iterator[str]:
    yield f"{first}{step.what}"
    inner = f"{rest}{'│  ' if step.steps else '   '}"
    told = [f"{name} {_text(value)}" for name, value in step.values.items() if value is not None and name not in untold]
    if told:
        yield from _wrapped("; ".join(told), inner)
    for rule in step.rules:
        section = f" [protocol {rule.section}]" if rule.section else ""
        yield from _wrapped(f"rule: {rule.text}{section}", inner)
    yield from _records(step.records, inner)
    for change in step.changes:
        yield from _change(change, inner)
    for delivery, same in groupby(step.sources, key=lambda one: (one.delivery_id, one.file)):
        yield from _delivery(delivery[1], list(same), inner)
    for number, below in enumerate(step.steps, start=1):
        is_last = number == len(step.steps)
        yield from _step(below, f"{rest}{'└─ ' if is_last else '├─ '}", f"{rest}{'   ' if is_last else '│  '}")


def _records(records: Sequence[dict[str, Any]], indent: str) -> Iterator[str]:
    """Yields records as a table; where that is too wide, each as a line of its own."""
    names = [name for name in dict.fromkeys(name for one in records for name in one) if name != "file"]
    names = [name for name in names if any(one.get(name) is not None for one in records)]
    cells = [names, *([_text(one.get(name)) for name in names] for one in records)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    if len(indent) + sum(widths) + 2 * len(widths) <= _WIDTH and len(records) > 1:
        for row in cells:
            yield (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        return
    for one in records:
        told = (f"{name} {_text(one[name])}" for name in names if one.get(name) is not None)
        yield from _wrapped("record: " + "; ".join(told), indent)


def _change(change: dict[str, Any], indent: str) -> Iterator[str]:
    what = f"{change['variable']} {_text(change['old_value'])} became {_text(change['new_value'])}"
    if change["change"] != "changed":
        what = str(change["change"])
    old = f"{change['old_source_file']} row {change['old_source_row']}"
    new = f"{change['new_source_file']} row {change['new_source_row']}"
    about = f"{change['record_key']}: " if change["record_key"] else ""
    yield from _wrapped(f"corrected: {about}{what}, on {change['seen_on']} ({old}; {new})", indent)


def _delivery(file: str, rows: Sequence[Source], indent: str) -> Iterator[str]:
    """Yields the rows of one delivered file: where it came from once, then each row as delivered."""
    first = rows[0]
    day = f", delivered {first.delivered_on}" if first.delivered_on else ""
    numbers = f"row {first.row}" if len(rows) == 1 else f"rows {', '.join(str(one.row) for one in rows)}"
    yield from _wrapped(f"from: {first.siteid} {file}, {numbers}{day}", indent)
    yield f"{indent}  SHA-256 {first.delivery_id}"
    place = f" (in the {first.stored_in})" if first.stored_in else ""
    yield f"{indent}  stored bytes: {first.stored}{place}"
    for one in rows:
        text = "; ".join(f"{name}={value}" for name, value in one.text.items() if value != "")
        told = text or one.text_withheld or "nothing that may be shown"
        yield from _wrapped(f"row {one.row} as delivered: {told}", f"{indent}  ")


def _wrapped(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
