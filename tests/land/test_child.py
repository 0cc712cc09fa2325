"""A parser that crashes, hangs or eats memory is a reason code, and landing goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from pipelines.core.source import ROOT
from pipelines.land.contract import Contract, contract_for
from pipelines.land.readers import child
from pipelines.land.readers.text_rows import TextRows
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Xpt
from tests.small_study import make_study

# Seconds until something is said never to come; a machine that does other work is slow.
WAITED = 300
T = TypeVar("T")


def contract(folder: Path) -> Contract:
    matched = contract_for(make_study(folder), "S01", "scores_2026-02-01.csv")
    assert matched is not None
    return matched[0]


def run(folder: Path, fault: str) -> TextRows:
    delivered = folder / "delivered"
    delivered.write_text("Jane Doe")
    form = Xpt(type="xpt", missing=(fault,))
    return child.parse_in_child("tests.land.faulty_parser", delivered, contract(folder), form)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("crash", "F_PARSE", "signal 11"),
        ("hang", "F_TIMEOUT", "3 s"),
        ("loop", "F_TIMEOUT", "3 s"),
        ("memory", "F_PARSE", "MiB of memory"),
        ("error", "F_PARSE", "failed"),
        ("nothing", "F_PARSE", "without a result"),
    ],
)
def test_a_parser_that_goes_wrong_is_a_reason_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, code: str, said: str
) -> None:
    if code == "F_TIMEOUT":
        monkeypatch.setattr(child, "LIMITS", child.Limits(seconds=3))
    with pytest.raises(RefusedError) as caught:
        run(tmp_path, fault)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert "Jane Doe" not in str(caught.value)
    assert not list((tmp_path / "vault").glob(".landing-*")) or fault == ""


def test_a_parser_gives_its_rows_back_and_sees_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERGLOW_KEY", "secret")
    text = in_thread(lambda: run(tmp_path, "none"))
    assert text.table["id"][0].as_py() == "no key"
    assert not list(tmp_path.rglob(".landing-*"))


def server_of(text: TextRows) -> int:
    return int(text.table["id"][1].as_py())


def in_thread(call: Callable[[], T]) -> T:
    """Returns what a thread of its own gives, which has no process that parses yet."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def ends(process: int) -> bool:
    deadline = time.monotonic() + WAITED
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(process)


@pytest.mark.parametrize("fault", ["crash", "memory", "error", "refused"])
def test_files_after_one_that_went_wrong_are_read_by_the_process_that_was_there(tmp_path: Path, fault: str) -> None:
    before = server_of(run(tmp_path, "none"))
    with pytest.raises(RefusedError):
        run(tmp_path, fault)
    assert server_of(run(tmp_path, "none")) == before


def test_a_parser_that_its_own_limit_does_not_end_is_ended_with_its_process_and_the_next_file_has_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = server_of(run(tmp_path, "none"))
    monkeypatch.setattr(child, "LIMITS", child.Limits(seconds=1))
    monkeypatch.setattr(child, "_GRACE_SECONDS", 1)
    with pytest.raises(RefusedError, match="F_TIMEOUT"):
        run(tmp_path, "stubborn")
    assert ends(before)
    monkeypatch.undo()
    assert server_of(run(tmp_path, "none")) != before


def test_a_process_that_parses_ends_with_its_thread(tmp_path: Path) -> None:
    assert ends(server_of(in_thread(lambda: run(tmp_path, "none"))))


def test_what_is_wrong_with_the_header_is_said_before_what_is_wrong_with_the_rows(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="F_CONTRACT"):
        run(tmp_path, "refused")


ORPHAN = """
import sys
from pathlib import Path
from tests.land.test_child import run, server_of
folder = Path(sys.argv[1])
print(server_of(run(folder, "none")), flush=True)
run(folder, "stubborn")
"""


def test_nothing_is_left_running_when_landing_is_killed(tmp_path: Path) -> None:
    landing = subprocess.Popen([sys.executable, "-c", ORPHAN, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert landing.stdout is not None
    server = int(landing.stdout.readline())
    # Until its parser is there, and neither reads its input nor minds an alarm.
    children = Path(f"/proc/{server}/task/{server}/children")
    deadline = time.monotonic() + WAITED
    while not children.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    parser = int(children.read_text())
    landing.kill()
    landing.communicate()
    assert ends(server)
    assert ends(parser)
