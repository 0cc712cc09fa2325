"""Speed of the whole way on the simulated trial: each figure beside what it is measured against, in one run.

Run     make bench
Writes  benchmarks/results/demo.md
Targets S5 a run of all steps <= 10 s · S6 nothing new <= 0.08 x that · S7 --help <= 0.4 s, status <= 1 s
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "demo.md"
RUNS = 3


def main() -> None:
    """Measures, prints the table and writes it down."""
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as name:
        study = Path(name) / "kap_demo"
        study.mkdir()
        shutil.copy(ROOT / "studies" / "kap_demo" / "study.yml", study)
        simulate = _median(lambda: _afterglow("simulate", study))
        python = _median(lambda: _run(sys.executable, "-c", "pass"))
        whole = _median(lambda: _afterglow("run", study), before=lambda: _forget(study))
        again = _median(lambda: _afterglow("run", study))
        _forget(study)
        land = _median(lambda: _afterglow("land", study, allowed=10), before=lambda: _forget(study))
        status = _median(lambda: _afterglow("status", study))
        help_text = _median(lambda: _afterglow("--help"))
    rows = [
        ("S5", "afterglow run kap_demo, all steps", whole, "10 s", f"{whole:.1f} s"),
        ("S6", "afterglow run kap_demo, nothing new", again, "0.08 x the run above", f"{again / whole:.2f} x"),
        ("S7", "afterglow --help", help_text, "0.4 s", f"{help_text:.2f} s; python itself {python:.2f} s"),
        ("S7", "afterglow status kap_demo", status, "1 s", f"{status:.2f} s"),
        ("", "afterglow land kap_demo, 86 files", land, "", f"{land / whole:.2f} x the whole run"),
        ("", "afterglow simulate", simulate, "", f"{simulate:.1f} s"),
    ]
    lines = [
        "# Speed of the demo study",
        "",
        f"Median of {RUNS} runs, whole processes; {os.cpu_count()} processors, Python {platform.python_version()}.",
        "`make bench` measures again.",
        "",
        "| target | command | seconds | asked | measured |",
        "|---|---|---|---|---|",
        *(f"| {row[0]} | `{row[1]}` | {row[2]:.2f} | {row[3]} | {row[4]} |" for row in rows),
    ]
    text = "\n".join([*lines, ""])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _median(measured: Callable[[], None], *, before: Callable[[], None] | None = None) -> float:
    seconds = []
    for _ in range(RUNS):
        if before:
            before()
        start = time.perf_counter()
        measured()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _forget(study: Path) -> None:
    for part in ("store", "cuts", "published", "vault"):
        shutil.rmtree(study / part, ignore_errors=True)


def _afterglow(*arguments: str | Path, allowed: int = 0) -> None:
    _run(str(Path(sys.executable).with_name("afterglow")), *map(str, arguments), allowed=allowed)


def _run(*command: str, allowed: int = 0) -> None:
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)  # noqa: S603  (our own commands)
    if done.returncode not in {0, allowed}:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)


if __name__ == "__main__":
    main()
