"""The allocation of a blinded trial, delivered wrongly in every format that landing reads, with unique words for arms.

Each case is one file: a list of who got what, mutated as `make fuzz` mutates. Whatever landing says of it, it may hold
no word for an arm.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.study import Study
from tests import small_workbook
from tests.blinded_trial import BLINDED
from tests.fuzz.mutators import mutated
from tests.fuzz.seeds import Seed, zipped
from tests.small_study import deliver, make_study

ARMS = ("QZARMONEZQ", "QZARMTWOZQ")
LABELS = ("Qzlabelonezq", "Qzlabeltwozq")
KITS = ("QZKITAAAZQ", "QZKITBBBZQ")
WORDS = (*ARMS, *LABELS, *KITS)
HEADER = ("site", "id", "arm", "kit", "day")
ROWS = [["S01", f"{number:03d}", ARMS[number % 2], KITS[number % 2], "2026-01-04"] for number in range(1, 9)]
COLUMNS: dict[str, dict[str, Any]] = {
    "site": {"class": "pseudonym", "to": "site"},
    "id": {"class": "pseudonym", "to": "subject"},
    "arm": {"class": "treatment", "codes": list(ARMS), "to": "ds.arm"},
    "kit": {"class": "drop"},
    "day": {"type": "date", "to": "ds.dsstdtc"},
}


def spellings(word: str) -> set[bytes]:
    """Returns the bytes by which a word could be told: as text in any encoding, packed, backwards, or by its hash."""
    said = {word, word.lower(), word.upper(), word[::-1], word[::-1].lower()}
    plain = {form.encode(coding) for form in said for coding in ("utf-8", "utf-16-le", "utf-16-be")}
    packed = {form.hex().encode() for form in plain} | {form.hex().upper().encode() for form in plain}
    for form in (word.encode(), word.lower().encode()):
        for shift in range(3):
            # In base64 a word has another spelling at each place modulo 3; what its neighbours touch is left out.
            packed.add(base64.b64encode(b"\0" * shift + form)[(0, 2, 3)[shift] : -4])
    hashed = {hashlib.sha256(form.encode()).hexdigest().encode() for form in said}
    return plain | packed | hashed


ALL_SPELLINGS = {word: spellings(word) for word in WORDS}


def told(content: bytes) -> set[str]:
    """Returns the words that the bytes hold in any spelling."""
    return {word for word, forms in ALL_SPELLINGS.items() if any(form in content for form in forms)}


def seeds() -> list[Seed]:
    """Returns the list in every format that can be written here."""
    text = _text(",")
    members = {"list.csv": text}
    return [
        _seed("csv", "text", "csv", text, {"type": "delimited"}),
        _seed("semi", "text", "csv", _text(";"), {"type": "delimited", "delimiter": ";", "encoding": "cp1252"}),
        _seed("wide", "text", "txt", _text("\t").decode().encode("utf-16"), {
            "type": "delimited", "delimiter": "\t", "encoding": "utf-16",
        }),
        _seed("gz", "text", "csv", text, {"type": "delimited"}, ".gz"),
        _seed("zip", "text", "csv", members["list.csv"], {"type": "delimited"}, ".zip"),
        _seed("sheet", "xlsx", "xlsx", _xlsx(), {"type": "xlsx", "sheet": "Data"}),
        _seed("column", "parquet", "parquet", _parquet(), {"type": "parquet"}),
        _seed("json", "json", "json", json.dumps(_dataset() | {"rows": ROWS}).encode(), {"type": "dataset_json"}),
        _seed("lines", "ndjson", "ndjson", "\n".join(
            [json.dumps(_dataset()), *(json.dumps(row) for row in ROWS), ""]
        ).encode(), {"type": "dataset_json"}),
        _seed("sas", "xpt", "xpt", _xpt(), {"type": "xpt"}),
    ]  # fmt: skip


def _seed(name: str, kind: str, suffix: str, content: bytes, form: dict[str, Any], packing: str = "") -> Seed:
    return Seed(
        name=name, kind=kind, suffix=suffix, content=content, header=HEADER, form=form, types=COLUMNS, packing=packing
    )


def _text(delimiter: str) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter, lineterminator="\n").writerows([HEADER, *ROWS])
    return target.getvalue().encode()


def _xlsx() -> bytes:
    lines = [small_workbook.row(number, *row) for number, row in enumerate([HEADER, *ROWS], start=1)]
    return zipped({name: text.encode() for name, text in small_workbook.parts("".join(lines)).items()})


def _parquet() -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table(list(zip(*ROWS, strict=True)), names=list(HEADER)), target)
    return target.getvalue()


def _dataset() -> dict[str, Any]:
    columns = [{"itemOID": name, "name": name, "label": name, "dataType": "string"} for name in HEADER]
    return {
        "datasetJSONCreationDateTime": "2026-03-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.A",
        "records": len(ROWS), "name": "A", "label": "A", "columns": columns,
    }  # fmt: skip


def _xpt() -> bytes:
    import pandas as pd
    import pyreadstat

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "list.xpt"
        frame = pd.DataFrame(ROWS, columns=list(HEADER))
        pyreadstat.write_xport(frame, path, file_format_version=5, table_name="LIST")
        return path.read_bytes()


def by_hand() -> Iterator[tuple[str, bytes]]:
    """Yields mistakes that sites make with such a list, as csv; each puts an arm where no arm belongs."""
    lines = _text(",").decode().splitlines()
    text = "\n".join
    first = lines[1].split(",")
    yield "without a header", text([*lines[1:], ""]).encode()
    yield "with a row above the header", text([lines[1], *lines, ""]).encode()
    yield "with arms as the header", text([",".join([*HEADER[:2], *ARMS, "day"]), *lines[1:], ""]).encode()
    yield "with a row of other columns", text([*lines, ",".join([*first, "x"]), ""]).encode()
    yield "with a short row", text([*lines, ",".join(first[:3]), ""]).encode()
    yield "without the last line's end", text(lines).encode()
    yield "with columns swapped", text(["site,id,day,kit,arm", *lines[1:], ""]).encode()
    yield "with arms as subjects", text(["site,arm,id,kit,day", *lines[1:], ""]).encode()
    for place, name in enumerate(HEADER):
        moved = [*first]
        moved[place], moved[2] = first[2], moved[place]
        moved[1] = moved[1] if place == 1 else "077"
        yield f"with one arm in {name}", text([*lines, ",".join(moved), ""]).encode()
    yield "with labels for codes", text(lines).replace(ARMS[0], LABELS[0]).encode() + b"\n"
    yield "with an open quotation mark", text([*lines, f'S01,099,"{ARMS[0]},K,2026-01-04', ""]).encode()
    yield "with a NUL", text([*lines, f"S01,099,{ARMS[0]}\0,K,2026-01-04", ""]).encode()
    yield "in another encoding", text([*lines, f"S01,099,{ARMS[0]}é,K,2026-01-04", ""]).encode("latin-1")
    yield "with a subject twice", text([*lines, f"S01,001,{ARMS[0]},K,2026-01-04", ""]).encode()
    yield "with a date beside it", text([*lines, f"S01,099,{ARMS[0]},K,04.01.2026 {ARMS[0]}", ""]).encode()
    yield "packed twice", gzip.compress(gzip.compress(text(lines).encode(), mtime=0), mtime=0)


def faulty_study(root: Path, cases: int) -> Study:
    """Returns a blinded study whose inbox holds each format, `cases` mutations of each, and the mistakes by hand."""
    text = BLINDED.replace("KET", ARMS[0]).replace("PBO", ARMS[1])
    text = text.replace("Ketamine", LABELS[0]).replace("Placebo", LABELS[1])
    made = seeds()
    layouts = "".join(
        f"    - {json.dumps(seed.layout() | {'constants': {'ds.dsdecod': 'RANDOMIZED'}})}\n" for seed in made
    )
    study = make_study(root, f"{text}{layouts}")
    deliver(study, "S01", "subjects_2026-03-01.csv", "id,age,consent,dose_date,ended,reason\n001,30,2026-01-02,,,\n")
    for seed in made:
        deliver(study, "IRT", seed.file("2026-02-01"), seed.packed(seed.content, "2026-02-01"))
        for number in range(cases):
            day = f"2026-03-{number + 1:02d}"
            deliver(study, "IRT", seed.file(day), mutated(seed, f"{seed.name}/{number}", day)[0])
    for number, (_, content) in enumerate(by_hand()):
        deliver(study, "IRT", f"csv_2026-04-{number + 1:02d}.csv", content)
    return study
