"""dbt or Great Expectations that fail, or are killed, halfway: of runs whose steps are the real ones."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tests.faults import invariants
from tests.faults.cases import Range

# Statements of one `dbt build`, and checks of one gate: what is beyond them does not happen, and the run ends well.
_STATEMENTS, _CHECKS = 400, 60


@dataclass(frozen=True, kw_only=True)
class Halfway:
    """What fails at the how manieth statement or check: `dbt raises`, `dbt is killed` or `a check raises`."""

    kind: str
    at: int


def halfways(chance: random.Random) -> Iterator[Halfway]:
    """Yields such failures without end."""
    while True:
        yield Halfway(kind="dbt raises", at=chance.randrange(1, _STATEMENTS))
        yield Halfway(kind="a check raises", at=chance.randrange(1, _CHECKS))
        yield Halfway(kind="dbt is killed", at=chance.randrange(1, _STATEMENTS))


def play_halfway(place: Range, one: Halfway) -> None:
    """Plays one case, from the first state.

    Raises:
        BrokenError: an invariant does not hold.
    """
    before = place.begin("first")
    ended = place.run(around=_failing(one))
    allowed = {0, -9} if one.kind == "dbt is killed" else {0, 1, 12}
    invariants.check_it_was_loud(ended, ended.code if ended.code in allowed else 1)
    place.check(before)
    place.check_rerun(before, told=one.kind != "a check raises")


def _failing(one: Halfway) -> contextlib.AbstractContextManager[object]:
    if one.kind == "a check raises":
        return _check_raises(one.at)
    return _dbt_fails(one.at, _killed if one.kind == "dbt is killed" else _raised)


@contextlib.contextmanager
def _dbt_fails(at: int, fail: Callable[[], None]) -> Iterator[None]:
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    execute: Any = DuckDBCursorWrapper.execute
    count = iter(range(1, 1 << 30))

    def counted(self: Any, *arguments: Any) -> Any:
        if next(count) == at:
            fail()
        return execute(self, *arguments)

    with patch.object(DuckDBCursorWrapper, "execute", counted):
        yield


@contextlib.contextmanager
def _check_raises(at: int) -> Iterator[None]:
    from pipelines.gate.library import great_expectations

    great_expectations()
    from pipelines.gate.failing_rows import FailingRows

    count = iter(range(1, 1 << 30))
    validate = FailingRows._validate

    def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        # And all after it: one alone is run again by the gate itself, each rule by itself.
        if next(count) >= at:
            _raised()
        return validate(self, *arguments, **named)

    with patch.object(FailingRows, "_validate", counted):
        yield


def _raised() -> None:
    msg = "something fell over"
    raise RuntimeError(msg)


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
