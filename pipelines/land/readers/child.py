"""A parser runs in a child process: it may crash, hang or eat memory, and landing goes on.

A module of a format has, beside `read`, a generator `parse(path, form, columns)` that yields tables of text with one
schema. Only `parse` runs in the child. What comes back is an Arrow file, which the parent maps: no row is copied, and
neither process holds the whole table in its own memory.

Rule    a crash is F_PARSE, a hang F_TIMEOUT; nothing that the parser prints is kept, since it may quote a value
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from pipelines.core.leftovers import owned_directory
from pipelines.core.machine import raise_refusal
from pipelines.core.source import ROOT
from pipelines.land.contract import Contract
from pipelines.land.readers.forking import NO_MEMORY, REFUSED
from pipelines.land.readers.text_rows import Fault, TextRows, check_header
from pipelines.land.receipts import REASONS, RefusedError
from pipelines.land.store import WORKSPACE, open_vault
from pipelines.study.layout import Settings, spread

_FAULTS, _CODES = b"afterglow.faults", b"afterglow.codes"
# A parser ends itself at its limit; what does not is ended so much later.
_GRACE_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the parser of one file may use; each is far above what the largest real export needed."""

    memory_bytes: int = 4 << 30
    seconds: int = 600


LIMITS = Limits()


def parse_in_child(parser: str, path: Path, contract: Contract, form: Settings) -> TextRows:
    """Returns the rows that `parse` of the module `parser` reads from `path`, their header checked.

    Raises:
        RefusedError: what the parser refuses, F_HEADER or F_CONTRACT, or F_PARSE or F_TIMEOUT where it does not end
            well.
    """
    open_vault(contract.study.folder)
    # In the vault, as landing's own workspace: until its contract is checked, a delivery may hold anything.
    with owned_directory(contract.study.folder.vault, WORKSPACE) as workspace:
        result = workspace / "rows.arrow"
        job = {
            "parser": parser,
            "path": str(path.resolve()),
            "form": form.model_dump(mode="json"),
            "columns": [name for pattern in contract.export.columns for name in spread(pattern)],
            "result": str(result),
            **asdict(LIMITS),
        }
        _check_end(_server().run(job), job, result, contract)
        try:
            table = pa.ipc.open_file(pa.memory_map(str(result))).read_all()
        except (pa.ArrowInvalid, OSError) as error:
            raise_refusal(error)
            raise RefusedError("F_PARSE", "Its reader ended without a result.") from None
    check_header(table.column_names, contract)
    metadata = table.schema.metadata or {}
    faults = tuple(Fault(*fault) for fault in json.loads(metadata.get(_FAULTS, b"[]")))
    codes = (*json.loads(metadata.get(_CODES, b"[]")), *(() if table.num_rows else ("W_NO_ROWS",)))
    return TextRows(table=table.replace_schema_metadata(None), codes=codes, faults=faults)


def text_schema(header: list[str], *, faults: list[Fault] | None = None, codes: list[str] | None = None) -> pa.Schema:
    """Returns the schema of a parser's tables, with what it says of the file beside the rows.

    A name may stand twice, as in the file.
    """
    said = {_FAULTS: faults or [], _CODES: codes or []}
    metadata = {key: json.dumps(value) for key, value in said.items() if value}
    return pa.schema([pa.field(name, pa.string()) for name in header], metadata=metadata or None)


def text_table(header: list[str], columns: list[list[str]], faults: list[Fault] | None = None) -> pa.Table:
    """Returns columns of text as a table, with the faults of its rows."""
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.Table.from_arrays(arrays, schema=text_schema(header, faults=faults))


def _check_end(status: int, job: dict[str, Any], result: Path, contract: Contract) -> None:
    if status in {-signal.SIGALRM, -signal.SIGXCPU}:
        raise RefusedError("F_TIMEOUT", f"Allowed are {job['seconds']} s.")
    if status == REFUSED:
        refusal = json.loads(result.with_suffix(".json").read_bytes())
        if refusal["header"] is not None:
            # What is wrong with the header is said before what is wrong with the rows below it.
            check_header(refusal["header"], contract)
        raise RefusedError(refusal["code"] if refusal["code"] in REASONS else "F_PARSE", refusal["detail"])
    if status == NO_MEMORY:
        raise RefusedError("F_PARSE", f"To read it takes more than {job['memory_bytes'] >> 20} MiB of memory.")
    if status < 0:
        raise RefusedError("F_PARSE", f"Its reader was ended by signal {-status}.")
    if status:
        raise RefusedError("F_PARSE", "Its reader failed.")


class _Server:
    """The process `forking` of this thread: it lives until its thread ends, or a parser had to be ended by force."""

    def __init__(self) -> None:
        # Nothing of the environment but what Python needs: no key of a study is within a parser's reach.
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        self.owner = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            [sys.executable, "-P", "-m", "pipelines.land.readers.forking", str(self.owner)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"},
            start_new_session=True,
        )
        self.end = weakref.finalize(self, _end, self.process)

    def run(self, job: dict[str, Any]) -> int:
        """Returns the exit status of the parser, negative where a signal ended it."""
        jobs, answers = cast("IO[bytes]", self.process.stdin), cast("IO[bytes]", self.process.stdout)
        answer = b""
        try:
            with contextlib.suppress(BrokenPipeError):
                jobs.write(json.dumps(job).encode() + b"\n")
                jobs.flush()
            ready, _, _ = select.select([answers], [], [], job["seconds"] + _GRACE_SECONDS)
            if not ready:
                return -signal.SIGALRM
            answer = os.read(answers.fileno(), 64)
        finally:
            if not answer:
                self.end()
        return int(answer or b"1")


def _end(process: subprocess.Popen[bytes]) -> None:
    # The parser that it forked is of its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(BrokenPipeError):
        process.communicate()


# One for each thread: Linux ends a process with the thread that started it.
_of_this_thread = threading.local()


def _server() -> _Server:
    server: _Server | None = getattr(_of_this_thread, "server", None)
    # A fork of this process has the pipes of its parent's server, but may not use them.
    if server is None or server.owner != os.getpid() or server.process.poll() is not None:
        server = _of_this_thread.server = _Server()
    return server
