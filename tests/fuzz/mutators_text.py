"""Mutations of delimited text: fields, rows, headers, quotes, line ends, encodings and values."""

from __future__ import annotations

import csv
import io
from random import Random

from tests.fuzz.seeds import Seed

VALUES = (
    *(
        "",
        " ",
        "NA",
        "n/a",
        ".",
        "-9",
        "0",
        "-1",
        "61",
        "5.6",
        "1e5",
        "1e400",
        "NaN",
        "inf",
        "0x1F",
        "1_000",
        "007",
        "1,5",
    ),
    *("\u0663", "\uff13", "+5", "--5", "9" * 30, "2024-02-30", "2024-05", "03/04/2024", "0000-00-00", "9999-12-31"),
    *("2024-01-01T25:00", "\u0410-001", "a\u200bb", "\u202eabc", "e\u0301", "\U0001f600", "kap-001", "KAP-001"),
    *(
        "=HYPERLINK(1)",
        "<script>",
        "{{ 7*7 }}",
        "$(id)",
        "'; drop table x --",
        "\x1b[31m",
        "a\nb",
        "a\r\nb",
        'a"b',
        '"',
    ),
    *("\ufeff", "\x85", "\u2028", "\x1c", "\x0b", "\\", "\\N", "%s", "null", "true", "-", "@", "\t", ",", ";", "|"),
)


def _encoding(seed: Seed) -> str:
    return str(seed.form.get("encoding", "utf-8"))


def _delimiter(seed: Seed) -> str:
    return str(seed.form.get("delimiter", ","))


def _table(content: bytes, seed: Seed) -> list[list[str]]:
    text = content.decode(_encoding(seed))
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(seed)))


def _written(table: list[list[str]], seed: Seed, quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=_delimiter(seed), lineterminator="\n", quoting=quoting)  # type: ignore[arg-type]
    writer.writerows(table)
    return target.getvalue().encode(_encoding(seed))


def value(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Puts another value into a field, quoted where it must be."""
    table = _table(content, seed)
    for _ in range(rng.choice((1, 1, 3))):
        row = table[rng.randrange(1, len(table))]
        row[rng.randrange(len(row))] = rng.choice(VALUES)
    return _written(table, seed, rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))


def drop_field(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Takes a field out of a row, or a column out of the file."""
    table = _table(content, seed)
    if rng.random() < 0.2:
        column = rng.randrange(len(table[0]))
        return _written([row[:column] + row[column + 1 :] for row in table], seed)
    row = rng.choice(table)
    del row[rng.randrange(len(row))]
    return _written(table, seed)


def add_field(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Puts a field into a row."""
    table = _table(content, seed)
    row = rng.choice(table)
    row.insert(rng.randrange(len(row) + 1), rng.choice(VALUES))
    return _written(table, seed)


def rows(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Doubles, drops, moves or empties whole rows; repeats the header among them."""
    header, *table = _table(content, seed)
    one, other = rng.randrange(len(table)), rng.randrange(len(table))
    match rng.randrange(7):
        case 0:
            table.insert(one, table[other])
        case 1:
            del table[one]
        case 2:
            table[one], table[other] = table[other], table[one]
        case 3:
            table.insert(one, [])
        case 4:
            table.insert(one, header)
        case 5:
            table.insert(one, [""] * len(header))
        case _:
            table = table * rng.choice((2, 20))
    return _written([header, *table], seed)


def header(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Takes the header away, doubles or renames a column, or lets columns change places with or without their data."""
    names, *table = _table(content, seed)
    one, other = rng.randrange(len(names)), rng.randrange(len(names))
    match rng.randrange(6):
        case 0:
            return _written(table, seed)
        case 1:
            names[one] = names[other]
        case 2:
            names[one] = rng.choice((*VALUES, "patient_name", "dob", names[one].lower(), f" {names[one]}"))
        case 3:
            names[one], names[other] = names[other], names[one]
        case 4:
            order = rng.sample(range(len(names)), len(names))
            return _written([[row[i] for i in order] for row in [names, *table]], seed)
        case _:
            names = [name.lower() for name in names]
    return _written([names, *table], seed)


def line_ends(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Changes some or all line ends, or leaves the last one out."""
    text = content.decode(_encoding(seed))
    end = rng.choice(("\r\n", "\r", "\n\n", "\n\r", " \n", "\x85", "\u2028", ""))
    lines = text.split("\n")
    if rng.random() < 0.5:
        return end.join(lines).encode(_encoding(seed), errors="replace")
    position = rng.randrange(len(lines) - 1)
    first, rest = "\n".join(lines[: position + 1]), "\n".join(lines[position + 1 :])
    return (first + end + rest).encode(_encoding(seed), errors="replace")


def delimiter(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Puts another delimiter in place of the declared one: everywhere, or once."""
    old, new = _delimiter(seed).encode(), rng.choice(",;\t|:").encode()
    return content.replace(old, new, rng.choice((-1, 1, 3)))


def quotes(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Puts quotation marks where they do harm: within fields, around some, one alone, doubled."""
    text = content.decode(_encoding(seed))
    for _ in range(rng.choice((1, 2, 2, 4))):
        position = rng.randrange(len(text) + 1)
        if rng.random() < 0.6:
            # At the start or the end of a field, where a quotation mark means something.
            found = text.find(rng.choice((_delimiter(seed), "\n")), position)
            position = found + rng.randrange(2) if found >= 0 else position
        text = text[:position] + rng.choice(('"', '"', '""', "'")) + text[position:]
    return text.encode(_encoding(seed))


def encoding(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Writes the text in another encoding, or puts in what a strict decoder must stumble over."""
    text = content.decode(_encoding(seed))
    position = rng.randrange(len(content) + 1)
    match rng.randrange(4):
        case 0:
            return text.encode(rng.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-7")))
        case 1:
            bad = rng.choice((b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\xf5", b"\x81", b"\xc0\xaf", b"\xff\xfe"))
            return content[:position] + bad + content[position:]
        case 2:
            return text.replace(rng.choice("aeiCD"), rng.choice("éü€\u2028\x85"), 3).encode(_encoding(seed), "replace")
        case _:
            return content[:position] + b"\0" + content[position:]


def huge_field(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Makes a field of up to a megabyte, or a row of many fields."""
    table = _table(content, seed)
    row = rng.choice(table)
    if rng.random() < 0.3:
        row += ["x"] * rng.choice((10, 10_000))
    else:
        row[rng.randrange(len(row))] = rng.choice(("x", "1", "\n", "é")) * rng.choice(
            (5_000, 5_000, 5_000, 70_000, 70_000, 1_000_000)
        )
    return _written(table, seed)
