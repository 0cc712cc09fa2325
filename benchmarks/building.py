"""Speed and memory of building and gating, on synthetic item-level scores, beside one tuned SQL over the same rows.

Run     make bench, or benchmarks/building.py [rows] [repetitions]
Writes  benchmarks/results/building.md
Targets S2 build of response, remission, durability <= 2.0 x the tuned SQL, dbt's start-up (a build of an empty study)
        taken off; all marts <= 4 x · S3 gate <= 0.3 x (land + build) · S4 peak memory <= 1 GB, time grows as rows^1.1
        at most · S6 nothing new <= 0.08 x a full run and nothing is built, 1 of 20 sites changed <= 0.4 x

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

from item_study import SITES, write_site, write_study
from measuring import ROOT, Measured, measured, median_of, note, ratio_of

RESULTS = ROOT / "benchmarks" / "results" / "building.md"
# What a statistician would write for this one study, its numbers as constants: observed cases, one estimand.
_TUNED = """
import sys, duckdb, glob
connection = duckdb.connect(config={"threads": int(sys.argv[3])})
rows = sorted(glob.glob(f"{sys.argv[1]}/store/deliveries/*/*/rows/qs.parquet"))
connection.read_parquet(rows).create_view("qs")
connection.sql('''
create table totals as
    select usubjid, visit, cast(qsdtc as date) as adt,
        case when count(qsstresn) = 10 then sum(cast(qsstresn as decimal(9, 2))) end as aval
    from qs group by all;
create table scores as
    select totals.*, base.aval as base,
        totals.adt - base.adt + case when totals.adt >= base.adt then 1 else 0 end as ady
    from totals left join (select usubjid, adt, aval from totals where visit = 'BL') as base using (usubjid);
create table response as
    select *, aval - base as chg, (base - aval) * 100 >= 50 * base as response, aval <= 10 as remission
    from scores where ady > 1;
create table durability as
    with starts as (select usubjid, min(ady) as start_day from response where response group by usubjid),
    later as (
        select response.usubjid, start_day, ady, aval >= 22 as high,
            lag(aval >= 22) over subject as was_high, ady - lag(ady) over subject as gap
        from response join starts using (usubjid) where ady > start_day and aval is not null
        window subject as (partition by response.usubjid order by ady))
    select starts.usubjid, starts.start_day,
        min(case when high and was_high and gap between 5 and 15 then ady end) as relapse_day, max(ady) as last_day
    from starts left join later using (usubjid) group by all;
''')
connection.sql(f"copy response to '{sys.argv[2]}/response.parquet'")
connection.sql(f"copy durability to '{sys.argv[2]}/durability.parquet'")
"""
_STEP = """
import sys
from pathlib import Path
from pipelines.build import build
from pipelines.cut import cuts
from pipelines.gate import gate
from pipelines.land import land
from pipelines.run import run
from pipelines.study import load_study
if __name__ == "__main__":
    study = load_study(Path(sys.argv[1]))
    step = sys.argv[2]
    if step == "land":
        print(len(land(study).new))
    elif step == "build":
        print(build(study).reused)
    elif step == "gate":
        (cut,) = cuts(study.folder)
        print(gate(study, cut.cut_id).verdict)
    else:
        print(run(study).cut_id)
"""


def main() -> None:
    """Measures, prints the table and writes it down."""
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    repetitions = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    processors = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as name:
        large, small, empty = (Path(name) / size for size in ("large", "small", "empty"))
        for study, size in ((large, rows), (small, rows // 10), (empty, 1_200 * SITES)):
            write_study(study, size, subjects=True, missing_rules="observed")
        runs: dict[str, list[Measured]] = {}
        for repetition in range(repetitions):
            for study, label in ((empty, ", empty study"), (small, ", small"), (large, "")):
                _forget(study)
                for step in ("land", "build", "gate"):
                    note(runs, f"{step}{label}", measured(_STEP, study, step))
            out = Path(name) / "tuned"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            note(runs, "tuned SQL", measured(_TUNED, large, out, processors))
            _forget(large)
            note(runs, "run", measured(_STEP, large, "run"))
            note(runs, "nothing new", measured(_STEP, large, "run"))
            write_site(large, 1, rows // SITES, seed=SITES + 1 + repetition, subjects_too=True)
            note(runs, "one site", measured(_STEP, large, "run"))
        lines = _table(runs, rows, repetitions)
    text = "\n".join([*lines, ""])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _table(runs: dict[str, list[Measured]], rows: int, repetitions: int) -> list[str]:
    def ratio(label: str, base: str, field: str = "seconds") -> float:
        return ratio_of(runs[label], runs[base], field)

    def without_start_up(field: str) -> float:
        figures = zip(runs["build"], runs["build, empty study"], runs["tuned SQL"], strict=True)
        ratios = sorted(
            (getattr(one, field) - getattr(empty, field)) / getattr(tuned, field) for one, empty, tuned in figures
        )
        return ratios[len(ratios) // 2]

    landed_and_built = [
        one._replace(seconds=one.seconds + two.seconds) for one, two in zip(runs["land"], runs["build"], strict=True)
    ]
    table = [
        ("", "one tuned SQL: response, remission, durability", "tuned SQL", "", ""),
        ("", "build of an empty study", "build, empty study", "", ""),
        (
            "S2",
            "build of every table, less that",
            "build",
            "2.0 x the tuned SQL; all 4 x",
            f"{without_start_up('seconds'):.1f} x; of processor time {without_start_up('cpu'):.1f} x",
        ),
        ("S3", "gate", "gate", "0.3 x (land + build)", f"{ratio_of(runs['gate'], landed_and_built):.2f} x"),
        *(
            (
                "S4",
                f"{step}, {rows // 10:,} rows",
                f"{step}, small",
                "exponent 1.1",
                f"{math.log10(ratio(step, f'{step}, small')):.2f}",
            )
            for step in ("land", "build", "gate")
        ),
        ("", "run, all steps", "run", "", ""),
        ("S6", "run, nothing new", "nothing new", "0.08 x a full run", f"{ratio('nothing new', 'run'):.3f} x"),
        ("S6", "run, 1 of 20 sites changed", "one site", "0.4 x", f"{ratio('one site', 'run'):.2f} x"),
    ]
    return [
        "# Speed of building and gating",
        "",
        f"{rows:,} item rows of {SITES} sites, observed cases, one estimand; medians of {repetitions} interleaved",
        f"runs, each a process of its own; {os.cpu_count()} processors, Python {platform.python_version()}.",
        "`make bench` measures again.",
        "",
        "| target | what | seconds | processor seconds | peak MB of a process | asked | measured |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {target} | {what} | {median_of(runs[label]):.2f} | {median_of(runs[label], 'cpu'):.2f} "
            f"| {max(run.process_mb for run in runs[label])} | {asked} | {said} |"
            for target, what, label, asked, said in table
        ),
        "",
        "S4 asks for 1,000 MB at most in any step. Where one site changed, that site alone is landed, and the cut is",
        "built whole: a derived table is a function of all deliveries.",
    ]


def _forget(study: Path) -> None:
    for part in ("store", "vault", "cuts", "published"):
        shutil.rmtree(study / part, ignore_errors=True)


if __name__ == "__main__":
    main()
