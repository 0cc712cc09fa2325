"""Speed and memory of landing, on synthetic item-level scores: each figure beside its baseline, in one run.

Run     make bench, or benchmarks/landing.py [rows] [repetitions]
Writes  benchmarks/results/landing.md
Targets S1 landing <= 1.3 x DuckDB's plain typed CSV to Parquet, peak <= 600 MB · S4 time grows as rows^1.1 at most
        S6 one of 20 sites changed: that site alone is landed · S8 two workers >= 1.7 x one

Repetitions are interleaved, and ratios are taken within each, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import math
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from item_study import FILE, SITES, write_site, write_study
from measuring import ROOT, Measured, measured, median_of, note, ratio_of

RESULTS = ROOT / "benchmarks" / "results" / "landing.md"
_BASELINE = """
import sys, duckdb
from pathlib import Path
connection = duckdb.connect(config={"threads": int(sys.argv[3])})
types = {"subject": "varchar", "visit": "varchar", "assessed_on": "date", "item": "varchar", "score": "integer"}
for path in sorted(Path(sys.argv[1]).glob("*/*.csv")):
    rows = connection.read_csv(str(path), header=True, columns=types)
    rows.write_parquet(f"{sys.argv[2]}/{path.parent.name}.parquet")
"""
_LAND = """
import sys
from pathlib import Path
from pipelines.land import land
from pipelines.study import load_study
if __name__ == "__main__":
    receipt = land(load_study(Path(sys.argv[1])), workers=int(sys.argv[2]) or None)
    assert not receipt.refused and not receipt.held, receipt
    print(len(receipt.new), sum(one.rows_in for one in receipt.new))
"""


def main() -> None:
    """Measures, prints the table and writes it down."""
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    repetitions = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    processors = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as name:
        large, small = Path(name) / "large", Path(name) / "small"
        write_study(large, rows)
        write_study(small, rows // 10)
        runs: dict[str, list[Measured]] = {}
        for _ in range(repetitions):
            out = Path(name) / "baseline"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            note(runs, "baseline", measured(_BASELINE, large / "inbox", out, processors))
            for label, study, workers in (("land", large, 0), ("one worker", large, 1), ("small", small, 0)):
                _forget(study)
                note(runs, label, measured(_LAND, study, workers))
            _forget(large)
            measured(_LAND, large, 0)
            note(runs, "nothing new", measured(_LAND, large, 0))
            write_site(large, 1, rows // SITES, seed=SITES + len(runs["nothing new"]))
            note(runs, "one site", measured(_LAND, large, 0))
        size = sum(path.stat().st_size for path in large.glob(f"inbox/*/{FILE}"))
        lines = _table(runs, rows, size, repetitions)
    text = "\n".join([*lines, ""])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _table(runs: dict[str, list[Measured]], rows: int, size: int, repetitions: int) -> list[str]:
    def median(label: str, field: str = "seconds") -> float:
        return median_of(runs[label], field)

    def ratio(label: str, base: str, field: str = "seconds") -> float:
        return ratio_of(runs[label], runs[base], field)

    growth = math.log10(ratio("land", "small"))
    growth_cpu = math.log10(ratio("land", "small", "cpu"))
    peak = max(run.process_mb for run in runs["land"])
    table = [
        ("", "DuckDB, plain typed CSV to Parquet, ordered", "baseline", "", ""),
        ("S1", "land", "land", "1.3 x DuckDB", f"{ratio('land', 'baseline'):.2f} x"),
        ("S1", "its peak memory", "land", "600 MB", f"{peak} MB a process, {median('land', 'tree_mb'):.0f} MB in all"),
        ("S8", "land, one worker", "one worker", "two are 1.7 x", f"{ratio('one worker', 'land'):.2f} x"),
        ("S6", "land, nothing new", "nothing new", "", f"{ratio('nothing new', 'land'):.2f} x a full landing"),
        ("S6", "land, 1 of 20 sites changed", "one site", "that site alone", f"{ratio('one site', 'land'):.2f} x"),
        (
            "S4",
            f"land, {rows // 10:,} rows",
            "small",
            "exponent 1.1",
            f"{growth:.2f}; of processor time {growth_cpu:.2f}",
        ),
    ]
    if any(run.said.split()[0] != "1" for run in runs["one site"]):
        msg = "more than the one changed site was landed"
        raise AssertionError(msg)
    return [
        "# Speed of landing",
        "",
        f"{rows:,} item rows in {SITES} files, {size / 1e6:.0f} MB; medians of {repetitions} interleaved runs, each",
        f"a process of its own; {os.cpu_count()} processors, Python {platform.python_version()}.",
        "`make bench` measures again.",
        "",
        "| target | what | seconds | processor seconds | asked | measured |",
        "|---|---|---|---|---|---|",
        *(
            f"| {target} | {what} | {median(label):.2f} | {median(label, 'cpu'):.2f} | {asked} | {measured} |"
            for target, what, label, asked, measured in table
        ),
        "",
        "Memory is resident memory: the largest of any one process, and the largest sum over all of them at one time.",
    ]


def _forget(study: Path) -> None:
    for part in ("store", "vault"):
        shutil.rmtree(study / part, ignore_errors=True)


if __name__ == "__main__":
    main()
