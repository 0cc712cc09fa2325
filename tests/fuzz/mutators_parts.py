"""Mutations inside a format of text: JSON keys and values, XML elements; and of archives, and the parts of a zip."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from random import Random
from typing import Any

from lxml import etree

from tests.fuzz.mutators_text import VALUES
from tests.fuzz.seeds import Seed, zipped

_JSON_VALUES: tuple[Any, ...] = (
    *VALUES,
    0,
    -1,
    1.5,
    10**30,
    1e300,
    True,
    None,
    [],
    {},
    [1],
    {"a": 1},
    float("nan"),
    "\0",
)


def chaos(rng: Random, content: bytes, most: int = 4) -> bytes:
    """Changes a few bytes."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, most)):
        changed[rng.randrange(len(changed))] = rng.choice((0, 1, 2, 0x20, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed)


def within(rng: Random, content: bytes, start: int, size: int) -> bytes:
    """Changes bytes of the given piece only."""
    start = max(0, start)
    return content[:start] + chaos(rng, content[start : start + size]) + content[start + size :]


# --- JSON ---------------------------------------------------------------------------------------------------------


def _json_row(rng: Random, row: list[Any]) -> None:
    position = rng.randrange(len(row))
    match rng.randrange(5):
        case 0:
            del row[position]
        case 1:
            row.insert(position, rng.choice(_JSON_VALUES))
        case _:
            row[position] = rng.choice(_JSON_VALUES)


def _json_metadata(rng: Random, document: dict[str, Any]) -> None:
    key = rng.choice(("records", "columns", "datasetJSONVersion", rng.choice(list(document))))
    match rng.randrange(5):
        case 0:
            document.pop(key, None)
        case 1:
            document["records"] = rng.choice((document["records"] + rng.choice((-1, 1, 1000)), "18", None, 1e3, -1))
        case 2:
            rng.choice(document["columns"])["name"] = rng.choice(_JSON_VALUES)
        case 3:
            rng.shuffle(document["columns"])
        case _:
            document[key] = rng.choice(_JSON_VALUES)


def _json_rows(rng: Random, rows: list[Any], metadata: dict[str, Any]) -> None:
    position = rng.randrange(len(rows))
    kind = rng.randrange(6)
    if kind == 0:
        rows.insert(position, copy.deepcopy(rng.choice(rows)))
    elif kind == 1:
        del rows[position]
    elif kind == 2:
        rows[position] = rng.choice(_JSON_VALUES)
    else:
        _json_row(rng, rows[position])
    # Most of the time the count is put right, so that the case gets past it.
    if kind < 2 and rng.random() < 0.6 and isinstance(metadata.get("records"), int):
        metadata["records"] = len(rows)


def json_document(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes keys, values and rows of one document, or how it is written."""
    document = json.loads(content)
    if rng.random() < 0.3:
        _json_metadata(rng, document)
    else:
        _json_rows(rng, document["rows"], document)
    layout: dict[str, Any] = rng.choice(({}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}))
    return json.dumps(document, **layout).encode()


def json_lines(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes keys, values and lines of NDJSON, or its line ends."""
    metadata, *rows = [json.loads(line) for line in content.splitlines()]
    if rng.random() < 0.3:
        _json_metadata(rng, metadata)
    else:
        _json_rows(rng, rows, metadata)
    end = rng.choice(("\n", "\n", "\n", "\r\n", "\n\n", " \n"))
    return (end.join(json.dumps(line) for line in (metadata, *rows)) + rng.choice((end, end, ""))).encode()


def json_text(rng: Random, content: bytes, _: Seed) -> bytes:
    """Puts a piece of JSON in, or takes a mark out, anywhere."""
    position = rng.randrange(len(content))
    piece = rng.choice(
        (b"[", b"]", b"{", b"}", b",", b'"', b"null", b"NaN", b"\\u0000", b"\\ud800", b"[" * 5000, b"1e9")
    )
    match rng.randrange(3):
        case 0:
            return content[:position] + piece + content[position:]
        case 1:
            mark = rng.choice((b",", b'"', b"]", b"\n", b"[", b"}"))
            found = max(0, content.find(mark, position))
            return content[:found] + content[found + 1 :]
        case _:
            return content.replace(b'"records"', b'"records":1,"records"', 1)


def json_compressed(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Changes what a compressed Dataset-JSON holds, and compresses it again."""
    text = gzip.decompress(content)
    return gzip.compress(rng.choice((json_lines, json_text))(rng, text, seed), mtime=0)


# --- Archives -----------------------------------------------------------------------------------------------------


def gz_header(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes the header or the checksum and size at the end of a gzip."""
    return within(rng, content, *rng.choice(((0, 12), (len(content) - 8, 8))))


def gz_members(rng: Random, content: bytes, _: Seed) -> bytes:
    """Packs twice, adds a member, or packs something that unpacks to very much."""
    return rng.choice((
        gzip.compress(content, mtime=0),
        content + content,
        content + gzip.compress(b"", mtime=0),
        content + gzip.compress(bytes(1 << 22), mtime=0),
    ))  # fmt: skip


def zip_records(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes local headers, the list of members, or the end record."""
    marks = [mark for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") if mark in content]
    mark = rng.choice(marks)
    starts = [at for at in range(len(content)) if content.startswith(mark, at)]
    return within(rng, content, rng.choice(starts) + rng.choice((0, 4)), rng.choice((30, 46)))


def zip_members(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Renames, doubles or adds members."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name, inner = next(iter(members.items()))
    bad = rng.choice(("../x.csv", "/x.csv", "a\\b.csv", f"folder/{name}", "x.zip", name.upper(), "other.csv"))
    return rng.choice((
        zipped({bad: inner}),
        zipped({name: inner, bad: inner}),
        zipped({name: content}),
        zipped({name: b""}),
        zipped({f"{name.partition('_')[0]}": inner, name: inner}),
    ))  # fmt: skip


# --- XML ----------------------------------------------------------------------------------------------------------


def _element(rng: Random, content: bytes, names: tuple[str, ...]) -> bytes:
    """Takes out, doubles, empties, renames or nests an element, or changes one of its attributes or its text."""
    root = etree.fromstring(content)
    found = [element for element in root.iter() if isinstance(element.tag, str)]
    wanted = [element for element in found if element.tag.rpartition("}")[2] in names]
    element = rng.choice(wanted if wanted and rng.random() < 0.8 else found)
    parent = element.getparent()
    match rng.randrange(8):
        case 0 if parent is not None:
            parent.remove(element)
        case 1 if parent is not None:
            parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(element))
        case 2 if element.attrib:
            del element.attrib[rng.choice(sorted(element.attrib))]
        case 3 if element.attrib:
            element.set(rng.choice(sorted(element.attrib)), _xml_text(rng))
        case 4:
            element.tag = rng.choice((rng.choice(found).tag, "other"))
        case 5:
            element.text = _xml_text(rng)
        case 6 if parent is not None:
            for _ in range(rng.choice((1, 70))):
                parent.replace(element, outer := etree.Element(parent.tag))
                outer.append(element)
                parent = outer
        case _:
            element.set(rng.choice(("r", "t", "s", "IsNull", "TransactionType", "Value", "x")), _xml_text(rng))
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _xml_text(rng: Random) -> str:
    choices = (*VALUES, "A1", "XFD1048576", "A1:B2", "s", "e", "b", "str", "inlineStr", "d", "n", "99", "Remove", "Yes")
    text = rng.choice(choices)
    return "".join(letter for letter in text if letter.isprintable())


_ODM_NAMES = ("SubjectData", "StudyEventData", "FormData", "ItemGroupData", "ItemData", "ClinicalData")


def odm_elements(rng: Random, content: bytes, _: Seed) -> bytes:
    """Changes an element of clinical data."""
    return _element(rng, content, _ODM_NAMES)


def odm_text(rng: Random, content: bytes, _: Seed) -> bytes:
    """Puts a document type, an entity, a character reference, deep nesting or a mark into the text of the XML."""
    piece = rng.choice((b"&x;", b"&#0;", b"&#x41;", b"<a>" * 200, b"<!DOCTYPE ODM [<!ENTITY x 'y'>]>", b"<![CDATA[x]]>",
                        b"<!-- -->", b"<?pi?>", b"]]>", b"<", b"&", b"\xff"))  # fmt: skip
    places = [at for at, byte in enumerate(content) if byte == 0x3C]
    position = rng.choice(places) if rng.random() < 0.8 else rng.randrange(len(content))
    return content[:position] + piece + content[position:]


_XLSX_NAMES = ("c", "row", "v", "is", "t", "sheet", "Relationship", "workbookPr", "sheetData", "Override")


def xlsx_part(rng: Random, content: bytes, seed: Seed) -> bytes:
    """Changes the XML of a part of the workbook and packs it again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice((*parts, *["xl/worksheets/sheet1.xml"] * 8))
    match rng.randrange(10):
        case 0:
            parts[name] = odm_text(rng, parts[name], seed)
        case 1:
            parts[name] = chaos(rng, parts[name])
        case 2:
            del parts[name]
        case _:
            parts[name] = _element(rng, parts[name], _XLSX_NAMES)
    return zipped(parts)
