"""The real files that are mutated: one seed for each make of each format, all of them small and in the repository.

What is not delivered as a file of tests/data is written here from one of them, with no clock in it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests import small_workbook

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
NIMH = ROOT / "studies" / "nimh_ketamine" / "inbox" / "NIMH"
# It stands in a subject's field of every seed whose format lets one write it there.
CANARY = "Kanarie7"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Seed:
    """A file that lands, and what the study file says of it."""

    name: str
    kind: str
    suffix: str
    content: bytes
    header: tuple[str, ...]
    form: dict[str, Any]
    types: dict[str, dict[str, Any]] = field(default_factory=dict)
    packing: str = ""

    def file(self, day: str) -> str:
        """Returns the name under which it is delivered."""
        return f"{self.name}_{day}.{self.suffix}{self.packing}"

    def layout(self) -> dict[str, Any]:
        """Returns its entry in the study file."""
        key, *others = self.header
        columns = {key: {"class": "pseudonym", "to": "subject"}} | {name: {} for name in others}
        return {"file": self.file("{date}").removesuffix(self.packing), "format": self.form, "columns": columns | {
            name: columns[name] | kind for name, kind in self.types.items()
        }}  # fmt: skip

    def packed(self, content: bytes, day: str) -> bytes:
        """Returns the content as it is delivered."""
        if self.packing == ".gz":
            return gzip.compress(content, mtime=0)
        if self.packing == ".zip":
            return zipped({self.file(day).removesuffix(self.packing): content})
        return content


def zipped(members: dict[str, bytes]) -> bytes:
    """Returns a zip that is the same at any time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _domain(name: str) -> tuple[list[str], list[list[str]]]:
    document = json.loads((DATA / "dataset_json" / f"{name}.json").read_bytes())
    header = [column["name"] for column in document["columns"]]
    rows = [["" if value is None else str(value) for value in row] for row in document["rows"]]
    rows[0][0] = CANARY
    return header, rows[:40]


def _csv(delimiter: str, encoding: str, quoting: int, line_end: str) -> bytes:
    header, rows = _domain("ae")
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator=line_end)  # type: ignore[arg-type]
    writer.writerows([header[:9], *(row[:9] for row in rows)])
    return target.getvalue().encode(encoding)


def _parquet(**options: Any) -> bytes:
    header, rows = _domain("ds")
    columns: list[Any] = list(zip(*rows, strict=True))
    position = header.index("DSSEQ")
    columns[position] = [int(float(value)) for value in columns[position]]
    target = io.BytesIO()
    pq.write_table(pa.table(columns, names=header), target, **options)
    return target.getvalue()


def _xlsx() -> bytes:
    header, rows = _domain("cm")
    number = header.index("CMSEQ")
    lines = [small_workbook.row(1, *header[:7])]
    for position, row in enumerate(rows, start=2):
        cells = [small_workbook.value(text) if i == number else text for i, text in enumerate(row[:7])]
        lines.append(small_workbook.row(position, *cells))
    parts = small_workbook.parts("".join(lines))
    return zipped({name: text.encode() for name, text in parts.items()})


def _xpt_v8() -> bytes:
    """Returns a transport file of version 8; the library writes the clock into it, which is taken out."""
    import tempfile

    import pandas as pd
    import pyreadstat

    header, rows = _domain("dm")
    frame = pd.DataFrame(rows, columns=header).loc[:, header[:6]].assign(A_LONG_VARIABLE_NAME=range(len(rows)))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "v8.xpt"
        pyreadstat.write_xport(frame, path, file_format_version=8, table_name="DM")
        content = path.read_bytes()
    clock = content[144:160]
    return content.replace(clock, b"01JAN20:00:00:00")


def _planted(content: bytes, old: bytes, skip: int = 0) -> bytes:
    """Writes the canary over the first letters of `old`, after `skip` of them, where it stands first: nothing moves."""
    start = content.index(old) + skip
    return content[:start] + CANARY.encode() + content[start + len(CANARY) :]


def _of_dataset(name: str, suffix: str) -> bytes:
    return (DATA / "dataset_json" / f"{name}.{suffix}").read_bytes()


def _sas(source: str) -> bytes:
    return (DATA / "parser_files" / f"{source}.sas7bdat").read_bytes()


def _odm(name: str) -> bytes:
    return (DATA / "odm" / f"{name}.xml").read_bytes()


_TEXT = {"type": "delimited"}
_AE_TYPES: dict[str, dict[str, Any]] = {"AESEQ": {"type": "integer", "range": [1, 99]}}
_DM_TYPES: dict[str, dict[str, Any]] = {"BRTHDTC": {"class": "drop"}}
# name, kind, suffix, packing, format, types, content
_MADE: list[tuple[str, str, str, str, dict[str, Any], dict[str, dict[str, Any]], Callable[[], bytes]]] = [
    ("csv", "text", "csv", "", _TEXT, _AE_TYPES, lambda: _csv(",", "utf-8", csv.QUOTE_MINIMAL, "\n")),
    ("quoted", "text", "csv", "", _TEXT, _AE_TYPES, lambda: _csv(",", "utf-8", csv.QUOTE_ALL, "\r\n")),
    ("cp1252", "text", "csv", "", _TEXT | {"delimiter": ";", "encoding": "cp1252"}, {},
     lambda: _csv(";", "cp1252", csv.QUOTE_MINIMAL, "\r\n")),
    ("utf16", "text", "txt", "", _TEXT | {"delimiter": "\t", "encoding": "utf-16"}, {},
     lambda: _csv("\t", "utf-16", csv.QUOTE_MINIMAL, "\n")),
    ("tsv", "text", "tsv", "", _TEXT | {"delimiter": "\t"}, {"MADRS_Total": {"type": "integer", "missing": ["n/a"]}},
     lambda: _planted((NIMH / "phenotype.tsv").read_bytes(), b"sub-MOA101")),
    ("csvgz", "text", "csv", ".gz", _TEXT, _AE_TYPES, lambda: _csv(",", "utf-8", csv.QUOTE_MINIMAL, "\n")),
    ("csvzip", "text", "csv", ".zip", _TEXT, _AE_TYPES, lambda: _csv(",", "utf-8", csv.QUOTE_MINIMAL, "\n")),
    ("json", "json", "json", "", {"type": "dataset_json"}, _DM_TYPES,
     lambda: _planted(_of_dataset("dm", "json"), b'["CDISCPILOT01"', 2)),
    ("ndjson", "ndjson", "ndjson", "", {"type": "dataset_json"}, _AE_TYPES,
     lambda: _planted(_of_dataset("ae", "ndjson"), b'["CDISCPILOT01"', 2)),
    ("dsjc", "dsjc", "dsjc", "", {"type": "dataset_json"}, {}, lambda: _of_dataset("cm", "dsjc")),
    ("parquet", "parquet", "parquet", "", {"type": "parquet"}, {"DSSEQ": {"type": "integer"}},
     lambda: _parquet(write_page_checksum=True)),
    ("plainparquet", "parquet", "parquet", "", {"type": "parquet"}, {}, lambda: _parquet(
        compression="none", use_dictionary=False, row_group_size=16)),
    ("xlsx", "xlsx", "xlsx", "", {"type": "xlsx", "sheet": "Data"}, {"CMSEQ": {"type": "integer"}}, _xlsx),
    ("odm", "odm", "xml", "", {"type": "odm"}, {}, lambda: _planted(_odm("ae"), b"CDISC01.100008")),
    ("odmsnapshot", "odm", "xml", "", {"type": "odm"}, {}, lambda: _odm("odm-data-snapshot")),
    ("xpt", "xpt", "xpt", "", {"type": "xpt"}, {"AESEQ": {"type": "integer"}},
     lambda: _planted(_of_dataset("ae", "xpt"), b"CDISCPILOT01")),
    ("xptgz", "xpt", "xpt", ".gz", {"type": "xpt"}, _DM_TYPES,
     lambda: _planted(_of_dataset("dm", "xpt"), b"CDISCPILOT01")),
    ("xptv8", "xpt", "xpt", "", {"type": "xpt"}, {}, _xpt_v8),
    *(
        (source.replace("/", ""), "sas7bdat", "sas7bdat", "", {"type": "sas7bdat"}, {},
         lambda source=source: _sas(source))
        for source in ("haven/datetime", "saslib/airline", "saslib/ietest2", "saslib/binary",
                       "saslib/datetime")
    ),
]  # fmt: skip


@cache
def seeds() -> tuple[Seed, ...]:
    """Returns every seed; its columns are those that the independent reader of its format finds."""
    from tests.fuzz.second_readers import read_again

    made = []
    for name, kind, suffix, packing, form, types, content in _MADE:
        seed = Seed(
            name=name, kind=kind, suffix=suffix, packing=packing, form=form, types=types, content=content(), header=()
        )
        found = read_again(seed, seed.content)
        if found is None:
            msg = f"{name}: its second reader cannot read it"
            raise ValueError(msg)
        made.append(Seed(**(vars(seed) | {"header": tuple(found.header)})))
    return tuple(made)
