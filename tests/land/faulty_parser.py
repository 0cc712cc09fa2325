"""A parser that goes wrong as its form's `missing` says; the child process runs it by its name."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.land.readers.child import text_table


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:
    fault = form["missing"][0]
    if fault == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "hang":
        time.sleep(60)
    if fault == "loop":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while True:
            pass
    if fault == "memory":
        yield text_table(["a"], [["x" * (1 << 33)]])
    if fault == "error":
        sys.stderr.write("the patient's name")
        raise KeyError(path.read_text())
    if fault == "nothing":
        return
    yield text_table(["a"], [[os.environ.get("AFTERGLOW_KEY", "no key")]])
