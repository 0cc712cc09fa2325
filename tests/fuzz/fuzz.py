"""Fuzz landing: real files of every format, mutated, through the code that lands them.

Run     make fuzz (FUZZ_CASES, FUZZ_SECONDS, FUZZ_SEED), or one case alone: make fuzz FUZZ_CASE=1234 FUZZ_SEED=1
Writes  benchmarks/results/fuzz.md where asked to (FUZZ_WRITE=1); a case with a fault goes to .fuzz/
Rule    no crash, no hang, no row lost, no text changed, no value told; memory bounded. Otherwise the exit status is 1.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from tests.fuzz.bench import Bench, Verdict, make_case
from tests.fuzz.figures import Figures
from tests.fuzz.seeds import CANARY, ROOT
from tests.soaks import write_figure

BATCH = 60
# A case alone takes some ten milliseconds; so long is a hang even on a machine that is busy with something else.
HANG_SECONDS = 120
MEMORY_BYTES = 4 << 30
KEPT = ROOT / ".fuzz"


def work(pipe: Any, current: Any, run: int, root: str) -> None:
    """Runs the batches that come through the pipe; everything that is printed goes into a file and is looked at."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    printed = Path(root) / "printed"
    descriptor = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)

    def note(number: int) -> None:
        current[0], current[1] = number, time.monotonic()

    bench = Bench(Path(root) / "study", note)
    while numbers := pipe.recv():
        cases = []
        for number in numbers:
            note(number)
            cases.append(make_case(run, number))
        verdicts = bench.run(cases)
        current[1] = 0
        if CANARY.encode() in printed.read_bytes():
            verdicts[0].fault = verdicts[0].fault or "leak: a subject's value was printed in this batch"
        os.truncate(printed, 0)
        peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        pipe.send((verdicts, max(peaks) >> 10))


class Worker:
    """A process that runs batches, and what it was given."""

    def __init__(self, run: int, root: Path) -> None:
        self.run = run
        self.root = Path(tempfile.mkdtemp(dir=root))
        self.start()

    def start(self) -> None:
        """Starts the process anew."""
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.current = context.Array("d", 2)
        self.process = context.Process(target=work, args=(other, self.current, self.run, str(self.root)), daemon=True)
        self.process.start()
        other.close()
        self.numbers: list[int] = []

    def give(self, numbers: list[int]) -> None:
        """Gives it a batch."""
        self.numbers = numbers
        self.pipe.send(numbers)

    @property
    def hangs(self) -> bool:
        """Whether one case has taken too long."""
        since = float(self.current[1])
        return since > 0 and time.monotonic() - since > HANG_SECONDS


def alone(run: int, number: int, skip: frozenset[int] = frozenset()) -> Verdict:
    """Runs one case in a process of its own, its parser in a child."""
    command = [sys.executable, "-m", "tests.fuzz.fuzz", "--seed", str(run), "--case", str(number), "--json"]
    command += [part for mutation in sorted(skip) for part in ("--skip", str(mutation))]
    case = make_case(run, number, skip)
    lost = Verdict(number=number, seed=case.seed.name, mutations=case.mutations, file=case.file,
                   path_of=case.path_of, outcome="", codes=[], rows=0)  # fmt: skip
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=2 * HANG_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return replace(lost, fault="hang")
    if done.returncode not in {0, 1}:
        return replace(lost, fault=f"crash: the process ended with {done.returncode}")
    return Verdict(**json.loads(done.stdout))


def run_alone(run: int, number: int, skip: frozenset[int]) -> Verdict:
    """Runs one case in this process."""
    with tempfile.TemporaryDirectory(prefix="afterglow-fuzz-") as name:
        return Bench(Path(name), quick=False).run([make_case(run, number, skip)])[0]


def minimised(run: int, verdict: Verdict) -> Verdict:
    """Leaves out mutations without which the fault is still there; keeps the file."""
    skip: frozenset[int] = frozenset()
    for number in range(len(verdict.mutations)):
        fewer = skip | {number}
        again = alone(run, verdict.number, fewer)
        if again.fault.partition(":")[0] == verdict.fault.partition(":")[0]:
            skip, verdict = fewer, again
    KEPT.mkdir(exist_ok=True)
    path = KEPT / f"{run}-{verdict.number}-{verdict.file}"
    path.write_bytes(make_case(run, verdict.number, skip).delivered)
    return replace(verdict, file=str(path.relative_to(ROOT)))


def fuzz(run: int, cases: int, seconds: float) -> Figures:
    """Runs the cases 1, 2, 3 ... on two workers until there are enough of them or the time is over."""
    figures = Figures(run=run)
    shared_memory = Path("/dev/shm")  # noqa: S108 - a file system in memory spares the disk all the flushing
    place = shared_memory if os.access(shared_memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="afterglow-fuzz-", dir=place) as name:
        workers = [Worker(run, Path(name)) for _ in range(2)]
        following = 1
        waiting: list[list[int]] = []
        told = time.monotonic()
        while True:
            for worker in workers:
                over = following > cases or figures.seconds > seconds
                if not worker.numbers and (waiting or not over):
                    batch = waiting.pop() if waiting else list(range(following, min(following + BATCH, cases + 1)))
                    following = max(following, batch[-1] + 1)
                    worker.give(batch)
            busy = [worker for worker in workers if worker.numbers]
            if not busy:
                break
            multiprocessing.connection.wait([worker.pipe for worker in busy], timeout=1)
            for worker in busy:
                if worker.pipe.poll():
                    try:
                        verdicts, peak = worker.pipe.recv()
                    except EOFError:
                        waiting += _ended(worker, run, figures)
                        continue
                    worker.numbers = []
                    figures.add(verdicts, peak)
                    _tell(verdicts)
                elif worker.hangs or not worker.process.is_alive():
                    waiting += _ended(worker, run, figures)
            if time.monotonic() - told > 30:
                told = time.monotonic()
                click.echo(figures.line(), err=True)
        for worker in workers:
            worker.pipe.send([])
            worker.process.join()
    figures.faults = [
        minimised(run, verdict) if number < 20 else verdict for number, verdict in enumerate(figures.faults)
    ]
    return figures


def _tell(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.fault:
            click.echo(f"case {verdict.number}, {verdict.seed}: {verdict.fault}", err=True)


def _ended(worker: Worker, run: int, figures: Figures) -> list[list[int]]:
    """Tries the case that ended a worker alone; returns the rest of its batch to be run again."""
    worker.process.kill()
    worker.process.join()
    number = int(worker.current[0])
    verdict = alone(run, number)
    verdict.contained = verdict.contained or "ended the fuzzing process, and not its child's parent"
    figures.add([verdict], 0)
    rest = [other for other in worker.numbers if other != number]
    worker.start()
    return [rest] if rest else []


@click.command()
@click.option("--cases", default=20_000, envvar="FUZZ_CASES", show_default=True, help="how many cases")
@click.option("--seconds", default=600.0, envvar="FUZZ_SECONDS", show_default=True, help="for how long at most")
@click.option("--seed", "run", default=1, envvar="FUZZ_SEED", show_default=True, help="names the run")
@click.option("--case", type=int, envvar="FUZZ_CASE", help="this case alone")
@click.option("--skip", type=int, multiple=True, help="leave this mutation of the case out")
@click.option("--json", "as_json", is_flag=True, help="print the case's verdict for programs")
@click.option("--write", is_flag=True, envvar="FUZZ_WRITE", help="write benchmarks/results/fuzz.md")
def main(
    run: int,
    cases: int,
    seconds: float,
    case: int | None,
    skip: tuple[int, ...],
    as_json: bool,
    write: bool,
) -> None:
    """Fuzz landing."""
    if case is not None:
        verdict = run_alone(run, case, frozenset(skip))
        click.echo(json.dumps(asdict(verdict), indent=None if as_json else 1))
        sys.exit(1 if verdict.fault else 0)
    figures = fuzz(run, cases, seconds)
    click.echo(figures.table())
    for verdict in figures.faults:
        click.echo(
            f"FAULT case {verdict.number} ({', '.join(verdict.mutations)}): {verdict.fault}. Kept: {verdict.file}"
        )
    click.echo(figures.line())
    write_figure("fuzz", count=figures.cases, failed=len(figures.faults) + figures.lost, seed=run)
    if write:
        (ROOT / "benchmarks" / "results" / "fuzz.md").write_text(figures.page(), encoding="utf-8")
    sys.exit(1 if figures.faults else 0)


if __name__ == "__main__":
    main()
