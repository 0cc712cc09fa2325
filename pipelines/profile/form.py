"""What kind of file a sample is, by its first bytes and, where they say nothing, by its name."""

from __future__ import annotations

import codecs
import contextlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePath

from pipelines.land.archives import unpacked

_STARTS = (
    (b"HEADER RECORD*", "xpt"),
    (bytes(12) + bytes.fromhex("c2ea8160b31411cf"), "sas7bdat"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "xlsx"),
    # The container of older and of encrypted workbooks: their reader says what is wrong.
    (bytes.fromhex("d0cf11e0a1b11ae1"), "xlsx"),
    (b"{", "dataset_json"),
    (b"<", "odm"),
)
_SUFFIXES = {
    **dict.fromkeys((".xpt", ".xpt5", ".xpt8", ".v5xpt", ".v8xpt"), "xpt"),
    **dict.fromkeys((".json", ".ndjson", ".dsjc"), "dataset_json"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls"), "xlsx"),
    ".sas7bdat": "sas7bdat",
    ".parquet": "parquet",
    ".xml": "odm",
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A web page is no ODM: the reader of delimited text knows it for what it is.
_PAGES = (b"<!doctype html", b"<html")


def type_of(start: bytes, name: str) -> str:
    """Returns the `type` of the format whose reader can say most of the file."""
    text = start.decode("utf-16", "ignore").encode() if start.startswith(_UTF16) else start
    text = text.removeprefix(codecs.BOM_UTF8)
    if text.lstrip().lower().startswith(_PAGES):
        return "delimited"
    for mark, kind in _STARTS:
        if text.startswith(mark) or (len(mark) == 1 and text.lstrip().startswith(mark)):
            return kind
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "delimited")


@contextlib.contextmanager
def opened(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yields the name that the layout gives the sample, and a copy in `folder` of what it holds, unpacked.

    Raises:
        RefusedError: it is packed and cannot be unpacked, as in landing.
    """
    copy = folder / "sample"
    shutil.copyfile(path, copy)
    name = path.name
    if path.suffix == ".gz":
        name = path.stem
    elif path.suffix == ".zip":
        inner = _inner_name(copy)
        # `visits.csv.zip` and `visits.zip` are the export `visits.csv`; another name is the zip's own.
        name = inner if inner and path.stem in {inner, PurePath(inner).stem} else path.name
    expected = path.name if path.suffix == ".zip" else name
    with unpacked(copy, path.name, expected, type_of(b"", name), folder) as content:
        yield name, content


def _inner_name(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # Unpacking says what is wrong with it.
        return ""
    return names[0] if len(names) == 1 else ""
