"""What is done to a file: mutations of bytes, and of each format's own structure so that many get past the first check.

A mutator takes a source of chance, the content and its seed, and returns other content. It may fail on content that
an earlier mutator broke; then the case goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz import mutators_binary, mutators_parts, mutators_text
from tests.fuzz.seeds import Seed

Mutator = Callable[[Random, bytes, Seed], bytes]

_INTERESTING = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b'"',
    b"\n",
    b"\r",
    b"<",
    b"{",
    b"\xef\xbb\xbf",
    b"PK\x03\x04",
    b" ",
)


def _span(rng: Random, content: bytes, most: int) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.randint(1, most))


def flip(rng: Random, content: bytes, _: Seed) -> bytes:
    """Flips a few bits."""
    changed = bytearray(content)
    for _bit in range(rng.choice((1, 1, 2, 8))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(rng: Random, content: bytes, _: Seed) -> bytes:
    """Writes bytes that mean something over others."""
    start = rng.randrange(len(content) + 1)
    new = rng.choice((*_INTERESTING, rng.randbytes(rng.randint(1, 8)), bytes(rng.randint(1, 64))))
    return content[:start] + new + content[start + len(new) :]


def cut(rng: Random, content: bytes, _: Seed) -> bytes:
    """Cuts the end off."""
    return content[: rng.randrange(len(content) + 1)]


def take_out(rng: Random, content: bytes, _: Seed) -> bytes:
    """Takes bytes out."""
    start, end = _span(rng, content, 200)
    return content[:start] + content[end:]


def insert(rng: Random, content: bytes, _: Seed) -> bytes:
    """Puts bytes in."""
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.choice((*_INTERESTING, rng.randbytes(rng.randint(1, 99)))) + content[start:]


def repeat(rng: Random, content: bytes, _: Seed) -> bytes:
    """Repeats a piece."""
    start, end = _span(rng, content, 2000)
    return content[:end] + content[start:end] * rng.randint(1, 3) + content[end:]


def swap(rng: Random, content: bytes, _: Seed) -> bytes:
    """Lets two blocks change places."""
    size = rng.choice((1, 16, 80, 512))
    blocks = [content[start : start + size] for start in range(0, len(content), size)]
    one, other = rng.randrange(len(blocks)), rng.randrange(len(blocks))
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks)


def append(rng: Random, content: bytes, _: Seed) -> bytes:
    """Puts something behind the end."""
    start, end = _span(rng, content, 300)
    return content + rng.choice((rng.randbytes(rng.randint(1, 99)), b" " * 80, bytes(80), b"\n", content[start:end]))


BYTES: tuple[Mutator, ...] = (flip, overwrite, cut, take_out, insert, repeat, swap, append)
TEXT: tuple[Mutator, ...] = (
    *(mutators_text.value, mutators_text.value, mutators_text.drop_field, mutators_text.add_field),
    *(mutators_text.rows, mutators_text.header, mutators_text.line_ends, mutators_text.delimiter),
    *(mutators_text.quotes, mutators_text.encoding, mutators_text.huge_field),
)
PARTS: dict[str, tuple[Mutator, ...]] = {
    "text": TEXT,
    "json": (mutators_parts.json_document, mutators_parts.json_text),
    "ndjson": (mutators_parts.json_lines, mutators_parts.json_text),
    "dsjc": (mutators_parts.json_compressed, mutators_parts.gz_header),
    "parquet": (mutators_binary.parquet_footer, mutators_binary.parquet_written, mutators_binary.parquet_page),
    "xlsx": (mutators_parts.xlsx_part, mutators_parts.xlsx_part, mutators_parts.zip_records),
    "odm": (mutators_parts.odm_elements, mutators_parts.odm_elements, mutators_parts.odm_text),
    "xpt": (
        mutators_binary.xpt_header,
        mutators_binary.xpt_namestr,
        mutators_binary.xpt_rows,
        mutators_binary.xpt_rows,
    ),
    "sas7bdat": (mutators_binary.sas_header, mutators_binary.sas_page, mutators_binary.sas_row),
}
ARCHIVES: dict[str, tuple[Mutator, ...]] = {
    ".gz": (mutators_parts.gz_header, mutators_parts.gz_members),
    ".zip": (mutators_parts.zip_records, mutators_parts.zip_members),
}


def mutated(seed: Seed, case: str, day: str, skip: frozenset[int] = frozenset()) -> tuple[bytes, list[str]]:
    """Returns what is delivered in a case, and the names of the mutations.

    The same case of the same day is the same bytes at any time; `skip` leaves mutations out by their number.
    """
    rng = Random(case)  # noqa: S311 - a fuzz is to be repeated
    content, names = seed.content, []
    # Half of the cases change the structure only, so that enough of them get past the outer check.
    kinds = rng.choices((PARTS[seed.kind], BYTES), (rng.choice((1, 4, 4, 4)), 1), k=rng.choice((1, 1, 1, 2, 2, 3)))
    chosen = [rng.choice(kind) for kind in kinds]
    for number, mutate in enumerate(chosen):
        chance = Random(f"{case}/{number}")  # noqa: S311
        if number not in skip:
            content = _applied(mutate, chance, content, seed)
            names.append(mutate.__name__)
    delivered = seed.packed(content, day)
    if seed.packing and rng.random() < 0.4 and len(chosen) not in skip:
        mutate = rng.choice((*ARCHIVES[seed.packing], *ARCHIVES[seed.packing], *BYTES))
        delivered = _applied(mutate, rng, delivered, seed)
        names.append(f"archive {mutate.__name__}")
    return delivered, names


def _applied(mutate: Mutator, rng: Random, content: bytes, seed: Seed) -> bytes:
    try:
        return mutate(rng, content, seed)
    except Exception:  # noqa: BLE001 - it met content that another one broke; libraries raise what they like
        return content
