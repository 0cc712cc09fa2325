"""A parser of a complex format runs in a child process: it may crash, hang or eat memory, and landing goes on.

A module of such a format has, beside `read`, a generator `parse(path, form, columns)` that yields tables of text with
one schema. Only `parse` runs in the child. What comes back is an Arrow file, which the parent maps: no row is copied.

Rule    a crash is F_PARSE, a hang F_TIMEOUT; nothing that the parser prints is kept, since it may quote a value
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.core.source import ROOT
from pipelines.land.contract import Contract
from pipelines.land.readers.text_rows import Fault, TextRows
from pipelines.land.receipts import REASONS, RefusedError
from pipelines.land.store import open_vault
from pipelines.study.layout import Settings, spread

_REFUSED, _NO_MEMORY = 3, 4
_FAULTS = b"afterglow.faults"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a parser may use; each is far above what the largest real export needed."""

    memory_bytes: int = 4 << 30
    seconds: int = 600


LIMITS = Limits()


def parse_in_child(parser: str, path: Path, contract: Contract, form: Settings) -> TextRows:
    """Returns the rows that `parse` of the module `parser` reads from `path`; the header is not checked yet.

    Raises:
        RefusedError: what the parser refuses, or F_PARSE, F_TOO_WIDE or F_TIMEOUT where it does not end well.
    """
    open_vault(contract.study.folder)
    # In the vault, as landing's own workspace: until its contract is checked, a delivery may hold anything.
    with tempfile.TemporaryDirectory(prefix=".landing-", dir=contract.study.folder.vault) as workspace:
        result = Path(workspace) / "rows.arrow"
        job = {
            "parser": parser,
            "path": str(path.resolve()),
            "form": form.model_dump(mode="json"),
            "columns": [name for pattern in contract.export.columns for name in spread(pattern)],
            "result": str(result),
            **asdict(LIMITS),
        }
        _run(job, result)
        try:
            table = pa.ipc.open_file(pa.memory_map(str(result))).read_all()
        except (pa.ArrowInvalid, OSError):
            raise RefusedError("F_PARSE", "Its reader ended without a result.") from None
    metadata = table.schema.metadata or {}
    faults = tuple(Fault(*fault) for fault in json.loads(metadata.get(_FAULTS, b"[]")))
    codes = () if table.num_rows else ("W_NO_ROWS",)
    return TextRows(table=table.replace_schema_metadata(None), codes=codes, faults=faults)


def text_table(header: list[str], columns: list[list[str]], faults: list[Fault] | None = None) -> pa.Table:
    """Returns columns of text as a table, with the faults of its rows; a name may stand twice, as in the file."""
    metadata = {_FAULTS: json.dumps([list(fault) for fault in faults])} if faults else None
    schema = pa.schema([pa.field(name, pa.string()) for name in header], metadata=metadata)
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], schema=schema)


def _run(job: dict[str, Any], result: Path) -> None:
    # Nothing of the environment but what Python needs: no key of a study is within a parser's reach.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    environment = kept | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    seconds = job["seconds"]
    try:
        child.communicate(json.dumps(job).encode(), timeout=seconds + 5)
    except subprocess.TimeoutExpired:
        raise RefusedError("F_TIMEOUT", f"Allowed are {seconds} s.") from None
    finally:
        child.kill()
        child.wait()
    _check_end(child.returncode, job, result)


def _check_end(status: int, job: dict[str, Any], result: Path) -> None:
    if status in {-signal.SIGALRM, -signal.SIGXCPU}:
        raise RefusedError("F_TIMEOUT", f"Allowed are {job['seconds']} s.")
    if status == _REFUSED:
        refusal = json.loads(result.with_suffix(".json").read_bytes())
        raise RefusedError(refusal["code"] if refusal["code"] in REASONS else "F_PARSE", refusal["detail"])
    if status == _NO_MEMORY:
        raise RefusedError("F_PARSE", f"To read it takes more than {job['memory_bytes'] >> 20} MiB of memory.")
    if status < 0:
        raise RefusedError("F_PARSE", f"Its reader was ended by signal {-status}.")
    if status:
        raise RefusedError("F_PARSE", "Its reader failed.")


def main() -> int:
    """Runs one parser under its limits, as the job on standard input says; returns the exit status."""
    import importlib
    import resource

    job = json.load(sys.stdin)
    seconds = job["seconds"]
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The parent waits for as long; should it die, the child still ends.
    signal.alarm(seconds)
    result = Path(job["result"])
    try:
        parse = importlib.import_module(job["parser"]).parse
        _write(result, parse(Path(job["path"]), job["form"], job["columns"]))
    except RefusedError as refusal:
        result.with_suffix(".json").write_text(json.dumps({"code": refusal.code, "detail": refusal.detail}))
        return _REFUSED
    except MemoryError:
        return _NO_MEMORY
    return 0


def _write(result: Path, tables: Any) -> None:
    writer = None
    for table in tables:
        if writer is None:
            writer = pa.ipc.new_file(str(result), table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    sys.exit(main())
