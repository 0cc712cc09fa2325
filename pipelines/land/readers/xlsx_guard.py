"""What is looked at in a workbook before it is parsed: the zip it is, and the cells of the sheet that is read."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.land.readers.xml_guard import local_name, xml_events
from pipelines.land.receipts import RefusedError

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_LARGEST = 512 << 20
# A sheet of figures packs to a tenth, of zeros to a fiftieth; deflate's own limit is about a thousandth.
_HIGHEST_RATIO, _RATIO_FROM = 200, 8 << 20
# How deep the elements of a sheet stand.
_DEPTHS = {"sheetData": 2, "row": 3, "c": 4}
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
# Cells that the sheet's rectangle may have where most of it is empty.
_SPARSE_CELLS, _SPARSE_RATIO = 1_000_000, 50


@dataclass
class Sheet:
    """What the sheet's own XML says: `errors` and `formulas` by (row, column), the first being (1, 1)."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: list[tuple[int, int]] = field(default_factory=list)


def check_workbook(path: Path, sheet: str) -> Sheet:
    """Returns what is to be known of the sheet beside its values.

    Raises:
        RefusedError: F_ENCRYPTED, F_MAGIC, F_PARSE, F_BOMB, F_MACRO, F_DTD, F_DEPTH, F_MERGED or F_TOO_WIDE.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(_OLE):
        # An encrypted workbook lies in a container of the older format, in a stream of this name.
        encrypted = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        if encrypted:
            raise RefusedError("F_ENCRYPTED", "It opens with a password only.")
        raise RefusedError("F_MAGIC", "An xlsx is expected.")
    if not head.startswith(b"PK\x03\x04"):
        raise RefusedError("F_MAGIC", "An xlsx is expected.")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive)
            return _check_sheet(archive, _sheet_part(archive, sheet))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, ValueError, OSError):
        raise RefusedError("F_PARSE", "It is no whole zip of a workbook.") from None


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename.casefold() for member in members]
    if any(member.flag_bits & 1 for member in members):
        raise RefusedError("F_ENCRYPTED")
    if len(set(names)) < len(names):
        raise RefusedError("F_PARSE", "A part stands in it twice.")
    if sum(member.file_size for member in members) > _LARGEST:
        raise RefusedError("F_BOMB", f"At most {_LARGEST >> 20} MiB are read.")
    for member in members:
        if member.file_size > max(_RATIO_FROM, _HIGHEST_RATIO * member.compress_size):
            raise RefusedError("F_BOMB", f"A part is packed more than {_HIGHEST_RATIO} to 1.")
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise RefusedError("F_MACRO")
    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise RefusedError("F_MACRO")
    for member in members:
        if member.filename.casefold().endswith((".xml", ".rels", ".vml")):
            with archive.open(member) as source:
                # The document type stands before the root: the first event tells.
                next(xml_events(source), None)


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Returns the name of the part that holds the sheet."""
    relation = None
    with archive.open("xl/workbook.xml") as source:
        for event, element, _ in xml_events(source):
            if event == "start" and local_name(element.tag) == "sheet" and element.get("name") == sheet:
                relation = next(value for name, value in element.attrib.items() if local_name(name) == "id")
    if relation is None:
        raise RefusedError("F_PARSE", "It has no sheet of the declared name.")
    with archive.open("xl/_rels/workbook.xml.rels") as source:
        for event, element, _ in xml_events(source):
            if event == "start" and element.get("Id") == relation:
                return posixpath.normpath(posixpath.join("/xl", element.get("Target"))).lstrip("/")
    raise RefusedError("F_PARSE", "Its sheet has no part.")


def _check_sheet(archive: zipfile.ZipFile, part: str) -> Sheet:
    found = Sheet()
    cells, rows, columns = 0, 0, 0
    position = (0, 0)
    formula = value = ended = False
    with archive.open(part) as source:
        for event, element, depth in xml_events(source):
            name = local_name(element.tag)
            if event == "start" and name == "mergeCell":
                raise RefusedError("F_MERGED", f"The first: {_shown(element.get('ref', ''))}.")
            if event == "start" and name in _DEPTHS:
                following = _following(name, element, position)
                # A cell that stands twice or elsewhere would cover another one, or end the sheet before its last row.
                if depth != _DEPTHS[name] or (name != "sheetData" and following <= position) or ended:
                    raise RefusedError("F_PARSE", f"Line {element.sourceline}: {name} stands out of its place.")
                position, formula, value = following, False, False
            elif event == "end" and name == "sheetData":
                ended = True
            elif name == "f":
                formula = True
            elif event == "end" and name in {"v", "is"}:
                _check_value(element, name, had=value)
                value = True
                if local_name(element.getparent().tag) == "c" and element.getparent().get("t") == "e":
                    found.errors[position] = element.text or ""
            elif event == "end" and name == "c":
                if formula and not value:
                    found.formulas.append(position)
                if formula or value:
                    cells, rows, columns = cells + 1, max(rows, position[0]), max(columns, position[1])
                    _check_extent(cells, rows, columns, limit=1 << 30)
    _check_extent(cells, rows, columns, limit=_SPARSE_CELLS)
    return found


def _check_value(element: Any, name: str, *, had: bool) -> None:
    if had:
        raise RefusedError("F_PARSE", f"Line {element.sourceline}: a cell has two values.")
    # Its text would be left out, since the cell says that it is a number, or the other way about.
    if (name == "is") is not (element.getparent().get("t") == "inlineStr"):
        raise RefusedError("F_PARSE", f"Line {element.sourceline}: a cell's value is of another kind than it says.")


def _check_extent(cells: int, rows: int, columns: int, limit: int) -> None:
    if rows * columns > max(limit, _SPARSE_RATIO * cells):
        raise RefusedError("F_TOO_WIDE", f"Its {cells} cells span {rows} rows and {columns} columns.")


def _following(name: str, element: Any, position: tuple[int, int]) -> tuple[int, int]:
    """Returns the place of a row (its column is 0) or of a cell; a cell lies in the row that is open."""
    if name == "row":
        return int(element.get("r", position[0] + 1)), 0
    if name == "c":
        row, column = _position(element.get("r"), position)
        return (row, column) if row == position[0] else (0, 0)
    return position


def _position(reference: str | None, last: tuple[int, int]) -> tuple[int, int]:
    if reference is None:
        # Without a reference a cell follows the one before it.
        return last[0], last[1] + 1
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise RefusedError("F_PARSE", "A cell has no proper reference.")
    column = 0
    for letter in match.group(1):
        column = column * 26 + ord(letter) - 64
    return int(match.group(2)), column


def _shown(reference: str) -> str:
    return reference if re.fullmatch(r"[A-Z]{1,3}[0-9]{1,7}(:[A-Z]{1,3}[0-9]{1,7})?", reference) else "?"
