"""Mutations inside binary formats: footers, headers, descriptions of variables, pages, rows."""

from __future__ import annotations

import io
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.fuzz.mutators_parts import within
from tests.fuzz.mutators_text import VALUES
from tests.fuzz.seeds import Seed


def parquet_footer(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes the metadata at the end."""
    size = int.from_bytes(content[-8:-4], "little") + 8
    return within(rng, content, len(content) - size, size)


def parquet_page(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes pages: their headers stand between the values."""
    size = int.from_bytes(content[-8:-4], "little") + 8
    return within(rng, content, 4, len(content) - size - 4)


def parquet_written(rng: Random, content: bytes, _: Seed) -> bytes:
    """Writes the table again: other types, columns, names, rows or settings."""
    table = pq.read_table(io.BytesIO(content))
    position = rng.randrange(table.num_columns)
    name, column = table.column_names[position], table.column(position)
    match rng.randrange(6):
        case 0:
            table = table.set_column(position, name, pa.array([rng.choice(VALUES) for _ in column], pa.string()))
        case 1:
            table = table.set_column(position, rng.choice((*VALUES, *table.column_names)), column)
        case 2:
            table = pa.concat_tables([table] * (rng.choice((2, 50)) if len(table) < 100 else 1))
        case 3:
            kinds = (pa.binary(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.string()))
            kind = rng.choice(kinds)
            changed = pa.array([[text] for text in column.to_pylist()], kind) if kind == kinds[3] else column.cast(kind)
            table = table.set_column(position, name, changed)
        case 4:
            gone = pc.if_else(pa.array([rng.random() < 0.2 for _ in column]), pa.scalar(None, column.type), column)
            table = table.set_column(position, name, gone)
        case _:
            table = table.slice(rng.randrange(len(table)), rng.randrange(len(table)))
    target = io.BytesIO()
    pq.write_table(
        table,
        target,
        compression=rng.choice(("none", "snappy", "zstd", "gzip", "brotli", "lz4")),
        use_dictionary=rng.random() < 0.5,
        row_group_size=rng.choice((1, 7, 1000)),
        data_page_version=rng.choice(("1.0", "2.0")),
        write_page_checksum=rng.random() < 0.7,
    )
    return target.getvalue()


# --- SAS ----------------------------------------------------------------------------------------------------------


def xpt_header(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes the records before the variables: names, versions, sizes, counts."""
    return within(rng, content, 80 * rng.randrange(8), 80)


def xpt_namestr(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Changes the description of a variable: its type, width, place, name."""
    number = rng.randrange(len(seed.header))
    return within(rng, content, 640 + 140 * number, rng.choice((8, 16, 88, 140)))


def xpt_rows(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes the rows, in whole records or byte by byte."""
    start = max(content.find(b"HEADER RECORD*******OBS"), 0) + 80
    records = [content[at : at + 80] for at in range(start, len(content), 80)]
    position = rng.randrange(len(records))
    match rng.randrange(5):
        case 0:
            records.insert(position, rng.choice((records[position], b" " * 80, bytes(80))))
        case 1:
            del records[position]
        case 2:
            records[position] = b" " * 80
        case 3:
            records.append(rng.choice((b" " * 80, bytes(80), records[-1])))
        case _:
            return within(rng, content, start, len(content) - start)
    return content[:start] + b"".join(records)


def sas_header(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes the header of a SAS data set: alignment, order of bytes, encoding, sizes, counts."""
    return within(rng, content, *rng.choice(((32, 8), (64, 30), (156, 100), (0, 320))))


def _page(rng: Random, content: bytes) -> int:
    size = int.from_bytes(content[200:204], "little")
    starts = list(range(int.from_bytes(content[196:200], "little"), len(content), size)) if size >= 64 else []
    return rng.choice(starts or [min(1024, len(content) - 1)])


def sas_page(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes the head of a page: its type, counts and the list of its parts."""
    return within(rng, content, _page(rng, content) + rng.choice((0, 16, 24)), rng.choice((16, 64, 400)))


def sas_row(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes anything in a page, where it holds something."""
    start = _page(rng, content)
    filled = [at for at in range(start, min(len(content), start + 65536)) if content[at]]
    return within(rng, content, rng.choice(filled) - rng.randrange(8), rng.choice((8, 32)))
