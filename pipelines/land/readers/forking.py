"""The process that parses: it loads the libraries once, and forks for each file.

To start Python and the libraries takes half a second, a fork some milliseconds; and each file has memory, limits and
a fate of its own, so that what it is read as depends on no other file.

Reads   a job a line on standard input; see `child`
Writes  the parser's exit status, a line each, on standard output; rows and refusals to where the job says
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from pipelines.land.receipts import RefusedError

REFUSED, NO_MEMORY = 3, 4
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Runs one parser after another, each in a fork, until standard input ends or the landing process does."""
    _end_with(int(sys.argv[1]))
    # At its first array PyArrow loads pandas: here, once, and not in each fork.
    pa.array([""])
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    # What a library reads or prints is neither a job nor an answer.
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    for line in jobs:
        job = json.loads(line)
        module = _loaded(job["parser"])
        server = os.getpid()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(answers)
                _end_with(server)
                status = _parse(module, job)
            finally:
                # Neither a traceback, which may quote the file, nor anything that was to be done at this one's exit.
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        os.write(answers, b"%d\n" % os.waitstatus_to_exitcode(ended))


def _end_with(parent: int) -> None:
    """Has the kernel end this process with the one that started it, whatever it is doing then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _loaded(parser: str) -> ModuleType:
    module = importlib.import_module(parser)
    for library in getattr(module, "LIBRARIES", ()):
        importlib.import_module(library)
    return module


def _parse(module: ModuleType, job: dict[str, Any]) -> int:
    """Runs a parser under its limits; returns the exit status."""
    memory, seconds = job["memory_bytes"], job["seconds"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(seconds)
    result = Result(Path(job["result"]))
    try:
        with contextlib.closing(result):
            for table in module.parse(Path(job["path"]), job["form"], job["columns"]):
                result.write(table)
    except RefusedError as refusal:
        document = {"code": refusal.code, "detail": refusal.detail, "header": result.header}
        result.path.with_suffix(".json").write_text(json.dumps(document), encoding="utf-8")
        return REFUSED
    except MemoryError:
        return NO_MEMORY
    return 0


class Result:
    """The Arrow file of a parser's tables; there is none where there was no table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: list[str] | None = None
        self._writer: pa.RecordBatchFileWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Adds a table of the same columns."""
        if self._writer is None:
            self.header = table.column_names
            self._writer = pa.ipc.new_file(str(self.path), table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Completes the file."""
        if self._writer is not None:
            self._writer.close()


if __name__ == "__main__":
    main()
