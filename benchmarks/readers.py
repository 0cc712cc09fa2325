"""Readers of binary and marked-up formats beside the fastest trustworthy reader of each, at two sizes.

Run     make bench
Writes  benchmarks/results/readers.md
Targets S9 bounded memory, <= 1.3 x the fastest trustworthy reader
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from reader_files import ITEMS, write_json, write_ndjson, write_odm, write_parquet, write_sas7bdat, write_xpt

RESULTS = Path(__file__).resolve().parent / "results" / "readers.md"
RUNS = 3
ROWS = (100_000, 400_000)
_ODM_KEYS = ["SubjectKey", "StudyEventOID", "FormOID", "ItemGroupOID"]


def main() -> None:
    """Measures, prints the table and writes it down."""
    lines = [
        "# Speed and memory of the readers",
        "",
        f"Processor seconds (median of {RUNS}) and peak memory, each of a process of its own, its libraries loaded;",
        f"{os.cpu_count()} processors, Python {platform.python_version()}. `make bench` measures again.",
        "Ours checks all and writes each value as text into an Arrow file; the one beside it only reads, into memory.",
        "SAS7BDAT: pages of data as SAS writes them, behind a small real file, since no library writes such a file.",
        "",
        "| format | rows | ours, s | MB | beside it | s | MB | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-") as name:
        for suffix, (form, beside, write) in FORMATS.items():
            # A row of ODM is an element with ten in it.
            for rows in (rows // 8 if form == "odm" else rows for rows in ROWS):
                path = Path(name) / f"{rows}.{suffix}"
                write(path, rows)
                ours, other = _measured(form, path), _measured(beside, path)
                label = f"{form} (document)" if suffix == "json" else form
                lines.append(
                    f"| {label} | {rows:,} | {ours[0]:.2f} | {ours[1]} | {BESIDE[beside][0]} | {other[0]:.2f} "
                    f"| {other[1]} | {ours[0] / other[0]:.2f} |"
                )
                path.unlink()
                print(lines[-1], flush=True)
    text = "\n".join([*lines, ""])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")


def _measured(reader: str, path: Path) -> tuple[float, int]:
    command = [sys.executable, __file__, reader, str(path)]
    runs = [
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)  # noqa: S603  (our own command)
        for _ in range(RUNS)
    ]
    return statistics.median(run[0] for run in runs), max(run[1] for run in runs)


def one(reader: str, path: Path) -> None:
    """Prints the processor seconds and the peak memory in MB of one reading, the libraries loaded before."""
    read = BESIDE[reader][1] if reader in BESIDE else _ours(reader)
    started = time.process_time()
    rows = read(path)
    seconds = time.process_time() - started
    expected = int(path.stem)
    if rows != expected:
        msg = f"{reader} read {rows} rows of {expected}"
        raise AssertionError(msg)
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10]))


def _ours(form: str) -> Callable[[Path], int]:
    import importlib

    from pipelines.land.readers.forking import Result

    parse = importlib.import_module(f"pipelines.land.readers.{form}").parse

    def read(path: Path) -> int:
        result, rows = Result(path.with_suffix(".arrow")), 0
        for table in parse(path, {"type": form}, [*_ODM_KEYS, *ITEMS]):
            result.write(table)
            rows += table.num_rows
        result.close()
        result.path.unlink()
        return rows

    return read


# --- What is measured beside ours: the least that gives the values ---------------------------------------------------


def _numpy_xpt(path: Path) -> int:
    from pipelines.land.readers.xpt_header import read_layout

    with path.open("rb") as source:
        layout = read_layout(source, "utf-8")
        kinds = [(v.name, ">u8" if v.is_number else f"S{v.width}") for v in layout.variables]
        source.seek(layout.first_byte)
        records = np.fromfile(source, np.dtype(kinds), layout.rows)
    values: list[np.ndarray] = []
    for variable in layout.variables:
        column = np.ascontiguousarray(records[variable.name])
        if variable.is_number:
            bits = column.astype(np.uint64)
            sign = np.where(bits >> np.uint64(63), -1.0, 1.0)
            power = 4 * ((bits >> np.uint64(56)) & np.uint64(127)).astype(np.int32) - 312
            column = sign * np.ldexp((bits & np.uint64((1 << 56) - 1)).astype(float), power)
        values.append(column)
    return len(values[0])


def _json_lines(path: Path) -> int:
    with path.open(encoding="utf-8") as source:
        next(source)
        rows = [json.loads(line) for line in source]
    return pa.table(
        [pa.array(column) for column in zip(*rows, strict=True)], names=list(map(str, range(len(rows[0]))))
    ).num_rows


def _json_document(path: Path) -> int:
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return pa.table(
        [pa.array(column) for column in zip(*rows, strict=True)], names=list(map(str, range(len(rows[0]))))
    ).num_rows


def _lxml_odm(path: Path) -> int:
    from lxml import etree

    rows = []
    for _, element in etree.iterparse(str(path), events=("end",)):
        if element.tag.endswith("}ItemGroupData"):
            rows.append([child.get("Value") for child in element])
        if len(element):
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return pa.table(
        [pa.array(column) for column in zip(*rows, strict=True)], names=list(map(str, range(len(rows[0]))))
    ).num_rows


def _pyreadstat_sas(path: Path) -> int:
    import pyreadstat

    columns, _ = pyreadstat.read_sas7bdat(str(path), output_format="dict")
    return len(next(iter(columns.values())))


def _arrow_parquet(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_table(path, use_threads=False).num_rows)


BESIDE: dict[str, tuple[str, Callable[[Path], int]]] = {
    "numpy": ("NumPy over the fixed records", _numpy_xpt),
    "lines": ("`json.loads` of each line, to Arrow", _json_lines),
    "document": ("`json.loads` of the whole, to Arrow", _json_document),
    "lxml": ("lxml `iterparse` with clearing, to Arrow", _lxml_odm),
    "pyreadstat": ("pyreadstat, to lists", _pyreadstat_sas),
    "pyarrow": ("PyArrow, typed", _arrow_parquet),
}
FORMATS = {
    "xpt": ("xpt", "numpy", write_xpt),
    "sas7bdat": ("sas7bdat", "pyreadstat", write_sas7bdat),
    "ndjson": ("dataset_json", "lines", write_ndjson),
    "json": ("dataset_json", "document", write_json),
    "xml": ("odm", "lxml", write_odm),
    "parquet": ("parquet", "pyarrow", write_parquet),
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        one(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
