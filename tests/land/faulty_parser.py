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
from pipelines.land.receipts import RefusedError


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:
    fault = form["missing"][0]
    if fault == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "hang":
        time.sleep(60)
    if fault in {"loop", "stubborn"}:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while True:
            time.sleep(0.01 if fault == "stubborn" else 0)
    if fault == "memory":
        yield text_table(["a"], [["x" * (1 << 33)]])
    if fault == "error":
        sys.stderr.write("the patient's name")
        raise KeyError(path.read_text())
    if fault == "nothing":
        return
    if fault == "refused":
        yield text_table(["unexpected"], [[]])
        raise RefusedError("F_ROWCOUNT")
    said = os.environ.get("AFTERGLOW_KEY", "no key")
    yield text_table(columns, [[said, str(os.getppid())]] * len(columns))
