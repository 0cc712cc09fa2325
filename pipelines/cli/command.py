"""The command `afterglow`: one verb for each step, each a call of the function with that name.

Rule    results go to standard output, progress and errors to standard error; `--json` prints the receipt
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.core.errors import AfterglowError, NotAllowedError
from pipelines.core.machine import refusal

if TYPE_CHECKING:
    from pipelines.cut import Cut
    from pipelines.study import Study

# Steps are imported in the commands that call them: `--help` and `status` must not wait for dbt or Great Expectations.


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _cleaned_up_when_terminated():
                return super().invoke(ctx)
        except AfterglowError as error:
            click.echo(f"{type(error).__name__.removesuffix('Error')}: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # Whoever reads the output has read enough: click ends quietly.
            raise
        except Exception as failure:
            refused = refusal(failure)
            if refused is None and isinstance(failure, OSError) and failure.filename:
                refused = NotAllowedError(f"{failure.filename}: {failure.strerror}. Correct that, then run it again.")
            if refused is None:
                raise
            click.echo(f"{type(refused).__name__.removesuffix('Error')}: {refused}", err=True)
            ctx.exit(refused.exit_code)


@contextlib.contextmanager
def _cleaned_up_when_terminated() -> Iterator[None]:
    """Lets SIGTERM end the command as an exception does: working folders, which may hold anything, go at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="afterglow")
def main() -> None:
    """Multi-site trial exports to checked tables and published reports.

    STUDY is a study's folder, or its name below ./studies (or $AFTERGLOW_STUDIES).

    Exit codes: 0 done, 10 input refused, 11 study file wrong, 12 gate failed, 13 not signed or not allowed,
    14 integrity broken, 15 busy.
    """


def study_named(name: str) -> Study:
    """Returns the study in that folder, or of that name among the studies.

    Raises:
        NotAllowedError: the register of signers gives the user no role that may run this command.
    """
    from pipelines.roles import check_command
    from pipelines.study.load import find_study

    study = find_study(name, Path(os.environ.get("AFTERGLOW_STUDIES", "studies")))
    if (context := click.get_current_context(silent=True)) is not None:
        check_command(study, _verb(context))
    return study


def _verb(context: click.Context) -> str:
    # `signer add` is a verb of `signer`.
    while context.parent is not None and context.parent.parent is not None:
        context = context.parent
    return context.command.name or ""


def cut_of(study: Study, prefix: str | None) -> Cut:
    """Returns the cut whose id starts with `prefix`, or the newest one.

    Raises:
        NotAllowedError: it is an unblinded one, and the user's roles are blinded.
    """
    from pipelines.cut import find_cut, latest_cut
    from pipelines.roles import check_readable

    cut = find_cut(study, prefix) if prefix else latest_cut(study)
    check_readable(study, cut)
    return cut


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


def days(inputs: dict[str, Any]) -> dict[str, Any]:
    """Returns the options with days where click gives points in time."""
    return {name: value.date() if isinstance(value, dt.datetime) else value for name, value in inputs.items()}


def print_json(receipt: Any) -> None:
    """Prints a receipt as one line of JSON."""
    click.echo(json.dumps(dataclasses.asdict(receipt), default=str, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints rows in columns, whole numbers to the right."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *lines]) for i in range(len(header))]
    numeric = [bool(lines) and all(line[i].isdigit() for line in lines) for i in range(len(header))]
    for line in [list(header), *lines]:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        click.echo("  ".join(cells).rstrip())
