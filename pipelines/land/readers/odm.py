"""CDISC ODM-XML 1.3: each item group of the clinical data is a row, with the keys of where it was collected.

Keys    SubjectKey, SiteOID (the SiteRef's LocationOID), StudyEventOID, StudyEventRepeatKey, FormOID, FormRepeatKey,
        ItemGroupOID, ItemGroupRepeatKey, TransactionType
Rule    a key that holds anything and every ItemOID must be declared, as the columns of any file; Remove is a value of
        TransactionType: what it means for the rows before it is for `pipelines.land.transactions` to say
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.contract import Contract
from pipelines.land.readers.child import parse_in_child, text_table
from pipelines.land.readers.text_rows import TextRows, shown_names
from pipelines.land.readers.xml_guard import parse_xml
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
# ODM, ClinicalData, SubjectData, SiteRef; an audit record names places too.
_SITE_DEPTH = 4


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
    undeclared: set[str] = set()
    declared = frozenset(columns)
    with path.open("rb") as source:
        for rows in _rows(source):
            for row in rows:
                undeclared |= row.keys() - declared
            yield text_table(columns, [[row.get(name, "") for row in rows] for name in columns])
    if undeclared:
        detail = f"Missing: none. Undeclared: {shown_names(sorted(undeclared))}. "
        raise RefusedError("F_CONTRACT", detail + "Change the layout in the study file.")


def _rows(source: Any) -> Iterator[list[dict[str, str]]]:
    """Yields rows as their keys and items, only those that hold something; some at a time, at the end maybe none."""
    reading = _Reading()
    for parser in parse_xml(source, reading.open, reading.close):
        reading.parser = parser
        if len(reading.rows) >= _BATCH:
            yield reading.rows
            reading.rows = []
    if not reading.clinical:
        raise RefusedError("F_NO_CLINICAL_DATA")
    yield reading.rows


class _Reading:
    """Where in the file the reader stands: the levels that are open, within clinical data."""

    def __init__(self) -> None:
        self.clinical = self.inside = False
        self.levels: list[_Level] = []
        self.rows: list[dict[str, str]] = []
        self.parser: Any = None
        self._text: list[str] = []
        self._item: dict[str, str] = {}

    def open(self, tag: str, attributes: dict[str, str], depth: int) -> None:
        name = _local(tag)
        self.parser.CharacterDataHandler = None
        if depth == 1:
            _check_root(tag, attributes)
        elif name == "ClinicalData":
            self._check_place(name, right=not self.inside)
            self.inside = self.clinical = True
        elif not self.inside:
            return
        elif name in _LEVELS:
            self._check_place(name, right=not self.levels or _DEPTHS[self.levels[-1].name] < _DEPTHS[name])
            self.levels.append(_Level(name, attributes))
        elif name.startswith("ItemData"):
            self._check_place(name, right=bool(self.levels) and self.levels[-1].name == "ItemGroupData")
            if name == "ItemData":
                self._add_item(attributes, attributes.get("Value", ""))
            else:
                # ItemData has its value in an attribute, ItemDataString and its like as their text.
                self._item, self._text = attributes, []
                self.parser.CharacterDataHandler = self._text.append
        elif self.levels and name == "SiteRef" and depth == _SITE_DEPTH:
            self.levels[0].keys["SiteOID"] = attributes.get("LocationOID", "")

    def _check_place(self, name: str, *, right: bool) -> None:
        # What stands out of its place would be no row, or end the clinical data too early: nothing is passed over.
        if not right:
            line = self.parser.CurrentLineNumber
            raise RefusedError("F_PARSE", f"Line {line}: {name} stands out of its place.")

    def close(self, tag: str) -> None:
        name = _local(tag)
        self.parser.CharacterDataHandler = None
        if name == "ClinicalData":
            self.inside = False
        elif not self.levels:
            return
        elif name in _LEVELS:
            self._close_level(name)
        elif name.startswith("ItemData") and name != "ItemData":
            self._add_item(self._item, "".join(self._text))

    def _add_item(self, attributes: dict[str, str], value: str) -> None:
        items, item = self.levels[-1].items, attributes.get("ItemOID", "")
        if not item or item in items or item in ODM_KEYS:
            raise RefusedError("F_PARSE", f"Line {self.parser.CurrentLineNumber}: an item without a name of its own.")
        items[item] = "" if attributes.get("IsNull") == "Yes" else value

    def _close_level(self, name: str) -> None:
        level = self.levels.pop()
        # What is removed above item groups has none below: its row is its keys.
        is_row = name == "ItemGroupData" or (level.transaction == "Remove" and not level.had_rows)
        if is_row or level.had_rows:
            for above in self.levels:
                above.had_rows = True
        if is_row:
            self.rows.append(_row([*self.levels, level]))


class _Level:
    """An element that a row lies within, as far as it has been read."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.keys = {key: attributes.get(attribute, "") for attribute, key in _LEVELS[name].items()}
        self.transaction = attributes.get("TransactionType", "")
        self.items: dict[str, str] = {}
        self.had_rows = False


def _row(levels: list[_Level]) -> dict[str, str]:
    keys = {key: value for level in levels for key, value in level.keys.items() if value}
    given = [level.transaction for level in levels if level.transaction]
    if given:
        # What is removed above is removed here too; else the innermost says.
        keys["TransactionType"] = "Remove" if "Remove" in given else given[-1]
    return keys | levels[-1].items


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _check_root(tag: str, attributes: dict[str, str]) -> None:
    prefix, _, name = tag.rpartition(":")
    if name != "ODM":
        raise RefusedError("F_MAGIC", "An ODM file is expected.")
    if not attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "").startswith(_NAMESPACE):
        raise RefusedError("F_MAGIC", "ODM of version 1 is expected.")
