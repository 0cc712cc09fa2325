"""What every benchmark does: run a script in a process of its own, and see its time and memory."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Measured(NamedTuple):
    """One run of a command: wall seconds, processor seconds, and peak memory of the whole tree and of one process."""

    seconds: float
    cpu: float
    tree_mb: int
    process_mb: int
    said: str


def note(runs: dict[str, list[Measured]], label: str, run: Measured) -> None:
    """Keeps a run under its label, and says how it went."""
    runs.setdefault(label, []).append(run)
    print(f"{label:20} {run.seconds:7.2f} s {run.cpu:7.2f} s cpu {run.process_mb:6} MB", file=sys.stderr)


def median_of(runs: list[Measured], field: str = "seconds") -> float:
    """Returns the median of one figure."""
    return float(statistics.median(getattr(run, field) for run in runs))


def ratio_of(runs: list[Measured], others: list[Measured], field: str = "seconds") -> float:
    """Returns the median of the ratios within each repetition, so that what else the machine does hits both alike."""
    pairs = zip(runs, others, strict=True)
    return float(statistics.median(getattr(one, field) / getattr(other, field) for one, other in pairs))


def measured(script: str, *arguments: object) -> Measured:
    """Runs `script` in a process of its own; raises CalledProcessError where it fails."""
    path = Path(tempfile.mkdtemp(prefix="afterglow-bench-")) / "script.py"
    path.write_text(script, encoding="utf-8")
    start, before = time.perf_counter(), os.times()
    child = subprocess.Popen(  # noqa: S603  (our own script)
        [sys.executable, str(path), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    peaks = [0, 0]
    watch = threading.Thread(target=_watch, args=(child, peaks))
    watch.start()
    said, _ = child.communicate()
    seconds, after = time.perf_counter() - start, os.times()
    watch.join()
    shutil.rmtree(path.parent)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, "measured script")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(seconds, cpu, peaks[0] >> 10, peaks[1] >> 10, said)


def _watch(child: subprocess.Popen[str], peaks: list[int]) -> None:
    while child.poll() is None:
        sizes = [_resident_kb(pid) for pid in _tree(child.pid)]
        peaks[0], peaks[1] = max(peaks[0], sum(sizes)), max(peaks[1], *sizes)
        time.sleep(0.02)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _resident_kb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * (
            os.sysconf("SC_PAGE_SIZE") >> 10
        )
    except OSError:
        return 0
