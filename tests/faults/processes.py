"""Runs of the command line in processes of their own, forked from one that has imported everything."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.cli import main
from pipelines.core import fail_points


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended: its exit code, or the signal as a negative number; and what it wrote to standard error."""

    code: int
    said: str


def run_forked(
    act: Callable[[], object],
    log: Path,
    *,
    point: str = "",
    action: str = "kill",
    kill_after: tuple[float, ...] = (),
    before: Callable[[], object] = int,
    around: contextlib.AbstractContextManager[object] | None = None,
) -> Ended:
    """Runs `act` in a process of its own, `before` in it before that, and within `around`.

    At the fail point `point` happens `action`. `kill_after` are seconds to wait: before SIGKILL, or, of two, before
    SIGTERM and then before SIGKILL.
    """

    def inside() -> None:
        before()
        with around or contextlib.nullcontext():
            act()

    process = start_forked(inside, log, point=point, action=action)
    for number, seconds in enumerate(kill_after):
        # Under libfaketime `time.sleep` refuses a few microseconds.
        select.select([], [], [], seconds)
        first_of_two = len(kill_after) == 2 and number == 0
        os.kill(process, signal.SIGTERM if first_of_two else signal.SIGKILL)
    return wait_for(process, log)


def start_forked(act: Callable[[], object], log: Path, *, point: str = "", action: str = "kill") -> int:
    """Starts `act` in a process of its own and returns its number; with the action `stop`, once it stands there."""
    process = os.fork()
    if process == 0:
        _act_and_exit(act, log, point, action)
    if action == "stop":
        _, status = os.waitpid(process, os.WUNTRACED)
        assert os.WIFSTOPPED(status), log.read_text()
    return process


def wait_for(process: int, log: Path) -> Ended:
    """Returns how the process ended."""
    _, status = os.waitpid(process, 0)
    return Ended(code=os.waitstatus_to_exitcode(status), said=log.read_text(errors="replace") if log.exists() else "")


def _act_and_exit(act: Callable[[], object], log: Path, point: str, action: str) -> None:
    code = 70
    try:
        os.setpgid(0, 0)
        # What the process it was forked from does at its end is not this one's to do.
        atexit._clear()
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for standard in (1, 2):
            os.dup2(descriptor, standard)
        # A test's own capture holds other objects under these names.
        sys.stdout = sys.stderr = os.fdopen(descriptor, "w", buffering=1)
        if point:
            os.environ.update({fail_points.POINT: point, fail_points.ACTION: action})
        try:
            act()
        finally:
            # As the end of the interpreter does.
            atexit._run_exitfuncs()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - nothing may get past the fork
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


def command(*arguments: str) -> Callable[[], object]:
    """Returns the command line's call with these arguments."""
    return lambda: main.main(args=list(arguments), prog_name="afterglow")
