"""What a sample says of its own columns beside their values: labels, formats, value labels, sheets.

It runs in the readers' child process, as their parsers do, and yields a table of (what, name, text).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.land.readers.child import text_table
from pipelines.land.readers.dataset_json import metadata
from pipelines.land.readers.xml_guard import local_name, xml_events
from pipelines.land.receipts import RefusedError
from pipelines.study.metadata.sas_labels import format_name, labels_of

Said = Iterator[tuple[str, str, str]]
# The header of a sheet stands in its first rows, below a title perhaps.
_FIRST_ROWS = 30


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - none are known
    """Yields what the file says of itself; runs in the child process."""
    said = list(_SAYING[form["type"]](path, form)) if form["type"] in _SAYING else []
    yield text_table(["what", "name", "text"], [list(part) for part in zip(*said, strict=True)] or [[], [], []])


def code_of(text: str) -> tuple[str, str]:
    """Returns the code and its label that `text` of a "code" stands for."""
    code, label = json.loads(text)
    return code, label


def _sas(path: Path, form: dict[str, Any]) -> Said:
    import pyreadstat

    named = form["encoding"].upper().replace("CP", "WINDOWS-")
    encoding = None if named == "FILE" else named
    try:
        if form["type"] == "xpt":
            meta = pyreadstat.read_xport(str(path), metadataonly=True, encoding=encoding)[1]
        else:
            meta = pyreadstat.read_sas7bdat(str(path), metadataonly=True, encoding=encoding)[1]
        labels = labels_of(Path(form["catalogue"]).read_bytes()) if form["catalogue"] else {}
    except (pyreadstat.ReadstatError, UnicodeDecodeError, ValueError):
        # The library's message may quote the file.
        raise RefusedError("F_PARSE", "Its labels cannot be read.") from None
    yield "dataset", meta.table_name or "", meta.file_label or ""
    for name in meta.column_names:
        yield "label", name, meta.column_names_to_labels.get(name) or ""
        sas_format = meta.original_variable_types.get(name) or ""
        yield "format", name, sas_format
        for code, label in labels.get(format_name(sas_format), {}).items():
            yield "code", name, json.dumps([code, label])


def _parquet(path: Path, form: dict[str, Any]) -> Said:  # noqa: ARG001 - nothing to set
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, ValueError):
        raise RefusedError("F_PARSE") from None
    for field in schema:
        notes = {key.decode("utf-8", "replace").lower(): text for key, text in (field.metadata or {}).items()}
        for key in ("label", "description", "comment"):
            if key in notes:
                yield "label", field.name, notes[key].decode("utf-8", "replace")
                break


def _dataset_json(path: Path, form: dict[str, Any]) -> Said:  # noqa: ARG001 - nothing to set
    document = metadata(path)
    yield "dataset", str(document.get("name", "")), str(document.get("label", ""))
    for column in document.get("columns", []):
        yield "label", str(column.get("name", "")), str(column.get("label", ""))
        yield "format", str(column.get("name", "")), str(column.get("displayFormat", ""))


def _odm(path: Path, form: dict[str, Any]) -> Said:  # noqa: ARG001 - nothing to set
    items: dict[str, None] = {}
    with path.open("rb") as source:
        for event, element, _ in xml_events(source):
            name = local_name(element.tag)
            if event == "start" and name == "ItemDef":
                yield "label", element.get("OID", ""), element.get("Name", "")
            elif event == "start" and name.startswith("ItemData") and element.get("ItemOID"):
                items[element.get("ItemOID")] = None
    for item in items:
        yield "column", item, ""


def _xlsx(path: Path, form: dict[str, Any]) -> Said:  # noqa: ARG001 - nothing to set
    import python_calamine

    try:
        workbook = python_calamine.load_workbook(str(path))
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=_FIRST_ROWS)
            if header := _header_row(rows):
                yield "sheet", name, str(header)
    except python_calamine.CalamineError:
        raise RefusedError("F_PARSE") from None


def _header_row(rows: list[list[Any]]) -> int | None:
    """Returns the number of the first row that fills the sheet's width with texts of their own; None for no data."""
    filled = [[cell for cell in row if cell not in ("", None)] for row in rows]
    if len([row for row in filled if row]) < 2:
        return None
    width = max(map(len, filled))
    for number, cells in enumerate(filled, start=1):
        texts = {cell.strip().casefold() for cell in cells if isinstance(cell, str)}
        if len(texts) == len(cells) == width:
            return number
    return next(number for number, cells in enumerate(filled, start=1) if cells)


_SAYING: dict[str, Callable[[Path, dict[str, Any]], Said]] = {
    "xpt": _sas,
    "sas7bdat": _sas,
    "parquet": _parquet,
    "dataset_json": _dataset_json,
    "odm": _odm,
    "xlsx": _xlsx,
}
