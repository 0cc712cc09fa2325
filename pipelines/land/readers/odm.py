"""CDISC ODM-XML 1.3: each item group of the clinical data is a row, with the keys of where it was collected.

Keys    SubjectKey, SiteOID (the SiteRef's LocationOID), StudyEventOID, StudyEventRepeatKey, FormOID, FormRepeatKey,
        ItemGroupOID, ItemGroupRepeatKey, TransactionType
Rule    a key that holds anything and every ItemOID must be declared, as the columns of any file; Remove is a value of
        TransactionType and removes nothing
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_table
from pipelines.land.readers.text_rows import TextRows, shown_names
from pipelines.land.readers.xml_guard import local_name, xml_events
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import ODM_KEYS, Odm

# The elements that a row lies within, and which of their attributes is which key.
_LEVELS = {
    "SubjectData": {"SubjectKey": "SubjectKey"},
    "StudyEventData": {"StudyEventOID": "StudyEventOID", "StudyEventRepeatKey": "StudyEventRepeatKey"},
    "FormData": {"FormOID": "FormOID", "FormRepeatKey": "FormRepeatKey"},
    "ItemGroupData": {"ItemGroupOID": "ItemGroupOID", "ItemGroupRepeatKey": "ItemGroupRepeatKey"},
}
_DEPTHS = {name: depth for depth, name in enumerate(_LEVELS)}
_NAMESPACE = "http://www.cdisc.org/ns/odm/v1."
_BATCH = 10_000


def read(path: Path, contract: Contract, form: Odm) -> TextRows:
    """Returns the clinical data of an ODM file as text; an item that was not collected is empty.

    Raises:
        RefusedError: F_DTD, F_DEPTH, F_MAGIC, F_PARSE, F_TIMEOUT, F_NO_CLINICAL_DATA, F_HEADER or F_CONTRACT.
    """
    text = parse_in_child(__name__, path, contract, form)
    return replace(text, table=_without_absent(text.table, contract))


def _without_absent(table: pa.Table, contract: Contract) -> pa.Table:
    """Returns the table without optional columns that hold nothing: metadata names the items of all forms."""
    optional = {rule.name for rule in contract.rules(table.column_names) if rule.column.optional}
    return table.drop_columns([name for name in sorted(optional) if not pc.max(pc.binary_length(table[name])).as_py()])


def parse(path: Path, form: dict[str, Any], columns: list[str]) -> Iterator[pa.Table]:  # noqa: ARG001 - nothing to set
    """Yields the rows as text; runs in the child process."""
    undeclared: dict[str, None] = {}
    batch: list[dict[str, str]] = []
    with path.open("rb") as source:
        for row in _rows(source):
            undeclared.update(dict.fromkeys(name for name in row if name not in columns))
            batch.append(row)
            if len(batch) == _BATCH:
                yield _table(columns, batch)
                batch = []
    if undeclared:
        detail = f"Missing: none. Undeclared: {shown_names(sorted(undeclared))}. "
        raise RefusedError("F_CONTRACT", detail + "Change the layout in the study file.")
    yield _table(columns, batch)


def _table(columns: list[str], rows: list[dict[str, str]]) -> pa.Table:
    return text_table(columns, [[row.get(name, "") for row in rows] for name in columns])


def _rows(source: Any) -> Iterator[dict[str, str]]:
    """Yields each row as its keys and items, only those that hold something."""
    reading = _Reading()
    for event, element, depth in xml_events(source):
        name = local_name(element.tag)
        if event == "start":
            if depth == 1:
                _check_root(element, name)
            reading.open(name, element)
        elif (row := reading.close(name, element)) is not None:
            yield row
    if not reading.clinical:
        raise RefusedError("F_NO_CLINICAL_DATA")


class _Reading:
    """Where in the file the reader stands: the levels that are open, within clinical data."""

    def __init__(self) -> None:
        self.clinical = self.inside = False
        self.levels: list[_Level] = []

    def open(self, name: str, element: Any) -> None:
        # What stands out of its place would be no row, or end the clinical data too early: nothing is passed over.
        if name == "ClinicalData":
            _check_place(element, right=not self.inside)
            self.inside = self.clinical = True
        elif self.inside and name in _LEVELS:
            _check_place(element, right=not self.levels or _DEPTHS[self.levels[-1].name] < _DEPTHS[name])
            self.levels.append(_Level(name, element))
        elif self.inside and name.startswith("ItemData"):
            _check_place(element, right=bool(self.levels) and self.levels[-1].name == "ItemGroupData")

    def close(self, name: str, element: Any) -> dict[str, str] | None:
        """Returns the row that ends with this element, or None."""
        if name == "ClinicalData":
            self.inside = False
        elif not self.levels:
            return None
        elif name == "SiteRef" and local_name(element.getparent().tag) == "SubjectData":
            self.levels[0].keys["SiteOID"] = element.get("LocationOID", "")
        elif name.startswith("ItemData"):
            self.levels[-1].add_item(name, element)
        elif name in _LEVELS:
            return self._close_level(name)
        return None

    def _close_level(self, name: str) -> dict[str, str] | None:
        level = self.levels.pop()
        # What is removed above item groups has none below: its row is its keys.
        is_row = name == "ItemGroupData" or (level.transaction == "Remove" and not level.had_rows)
        if is_row or level.had_rows:
            for above in self.levels:
                above.had_rows = True
        return _row([*self.levels, level]) if is_row else None


class _Level:
    """An element that a row lies within, as far as it has been read."""

    def __init__(self, name: str, element: Any) -> None:
        self.name = name
        self.keys = {key: element.get(attribute, "") for attribute, key in _LEVELS[name].items()}
        self.transaction = element.get("TransactionType", "")
        self.items: dict[str, str] = {}
        self.had_rows = False

    def add_item(self, name: str, element: Any) -> None:
        item = element.get("ItemOID", "")
        if not item or item in self.items or item in ODM_KEYS:
            raise RefusedError("F_PARSE", f"Line {element.sourceline}: an item without a name of its own.")
        # ItemData has its value in an attribute, ItemDataString and its like as their text.
        value = element.get("Value") if name == "ItemData" else element.text
        self.items[item] = "" if element.get("IsNull") == "Yes" else value or ""


def _row(levels: list[_Level]) -> dict[str, str]:
    keys = {key: value for level in levels for key, value in level.keys.items() if value}
    given = [level.transaction for level in levels if level.transaction]
    if given:
        # What is removed above is removed here too; else the innermost says.
        keys["TransactionType"] = "Remove" if "Remove" in given else given[-1]
    return keys | levels[-1].items


def _check_place(element: Any, *, right: bool) -> None:
    if not right:
        raise RefusedError("F_PARSE", f"Line {element.sourceline}: {local_name(element.tag)} stands out of its place.")


def _check_root(element: Any, name: str) -> None:
    if name != "ODM":
        raise RefusedError("F_MAGIC", "An ODM file is expected.")
    namespace = element.tag.rpartition("}")[0].lstrip("{")
    if not namespace.startswith(_NAMESPACE):
        raise RefusedError("F_MAGIC", "ODM of version 1 is expected.")
