"""The metadata of CDISC ODM-XML 1.3 (a MetaDataVersion, Define-XML's too): one column an ItemDef, and ODM's own keys.

Rule    a coded value stays what it is, since CDISC's coded values are the values; a soft range check warns whoever
        types, and is none here
"""

from __future__ import annotations

import io
import math
from typing import Any

from pipelines.core.xml_guard import XmlError, local_name, xml_events
from pipelines.study.layout import ODM_KEYS
from pipelines.study.metadata.fields import Fields, Mistake, Settings, unreadable

_NAMESPACE = "http://www.cdisc.org/ns/odm/v1."
_TEXT = (
    *("text", "string", "time", "partialTime", "incompleteTime", "incompleteDate", "incompleteDatetime"),
    *("durationDatetime", "intervalDatetime", "URI", "hexBinary", "base64Binary", "hexFloat", "base64Float"),
)
_TYPES: dict[str, Settings] = {
    **{name: {} for name in _TEXT},
    "integer": {"type": "integer"},
    **{name: {"type": "number"} for name in ("float", "double")},
    **{name: {"type": "date"} for name in ("date", "datetime", "partialDate", "partialDatetime")},
    "boolean": {"codes": ["true", "false", "1", "0"]},
}
_UNSAFE = {
    "F_DTD": "it brings a document type or entities of its own. Export it without.",
    "F_DEPTH": "its elements are nested more than 64 deep.",
    "F_PARSE": "it is no well-formed XML. Export it again.",
}


def read(content: bytes, told: frozenset[str]) -> Fields:
    """Returns the columns of clinical data under this metadata; `SubjectKey` is the subject's key.

    An item whose type or codes the study file says (`told`) may have a data type or a code list that is not known here.
    """
    reading = _Reading()
    try:
        for event, element, depth in xml_events(io.BytesIO(content)):
            name = local_name(element.tag)
            if depth == 1 and not (name == "ODM" and _NAMESPACE in element.tag):
                return unreadable(1, "no ODM of version 1: its root must be ODM, in that version's namespace.")
            getattr(reading, f"{event}_{name}", _nothing)(element)
    except XmlError as error:
        return unreadable(1, f"{_UNSAFE[error.code]} {error.detail}".rstrip())
    if reading.versions != 1:
        return unreadable(
            1, f"it has {reading.versions} MetaDataVersion with items; one is needed. Export the study's current one."
        )
    columns: dict[str, Settings] = {key: {"optional": True} for key in ODM_KEYS}
    columns["TransactionType"]["codes"] = ["Insert", "Update", "Remove", "Upsert", "Context"]
    columns["SubjectKey"] = {"class": "pseudonym", "to": "subject", "required": True}
    for oid, item in reading.items.items():
        columns[oid] = {"optional": True, **reading.settings_of(oid, item, told)}
    return Fields(columns=columns, key="SubjectKey", mistakes=tuple(sorted(reading.mistakes)))


def _nothing(element: Any) -> None:
    """Most elements say nothing about columns."""


class _Reading:
    """What was read so far; a method for each element that says something, by event and name."""

    def __init__(self) -> None:
        self.versions = 0
        self.items: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, list[str]] = {}
        self.units: dict[str, str] = {}
        self.mistakes: list[Mistake] = []
        self._counted = False
        self._item: dict[str, Any] = {}
        self._list: list[str] = []
        self._unit = ""

    def wrong(self, line: int, field: str, text: str) -> None:
        self.mistakes.append(Mistake(line, field, text))

    def start_MetaDataVersion(self, _: Any) -> None:  # noqa: N802 - as the element
        self._counted = False

    def start_Include(self, element: Any) -> None:  # noqa: N802
        self.wrong(element.sourceline, "", "it takes in another version (Include). Export one with all its items.")

    def start_ItemDef(self, element: Any) -> None:  # noqa: N802
        self.versions += not self._counted
        self._counted = True
        oid = element.get("OID", "")
        self._item = {"line": element.sourceline, "type": element.get("DataType", ""), "units": [], "checks": []}
        if not oid or oid in self.items or oid in ODM_KEYS:
            self.wrong(element.sourceline, oid, "an ItemDef needs an OID of its own.")
        self.items.setdefault(oid, self._item)

    def end_CodeListRef(self, element: Any) -> None:  # noqa: N802
        self._item["codes"] = element.get("CodeListOID", "")

    def end_MeasurementUnitRef(self, element: Any) -> None:  # noqa: N802
        # A range check names the unit of its own limit.
        if local_name(element.getparent().tag) == "ItemDef":
            self._item["units"].append(element.get("MeasurementUnitOID", ""))

    def end_RangeCheck(self, element: Any) -> None:  # noqa: N802
        values = [child.text or "" for child in element if local_name(child.tag) == "CheckValue"]
        if element.get("SoftHard") == "Hard" and element.get("Comparator") in {"GT", "GE", "LT", "LE"} and values:
            self._item.get("checks", []).append((element.sourceline, element.get("Comparator"), values[0].strip()))

    def start_CodeList(self, element: Any) -> None:  # noqa: N802
        self._list = []
        oid = element.get("OID", "")
        if not oid or oid in self.codes:
            self.wrong(element.sourceline, oid, "a CodeList needs an OID of its own.")
        self.codes.setdefault(oid, self._list)

    def end_CodeListItem(self, element: Any) -> None:  # noqa: N802
        code = element.get("CodedValue")
        if code is None or code in self._list:
            self.wrong(element.sourceline, code or "", "an item of a CodeList needs a CodedValue of its own.")
        else:
            self._list.append(code)

    end_EnumeratedItem = end_CodeListItem  # noqa: N815

    def start_MeasurementUnit(self, element: Any) -> None:  # noqa: N802
        self._unit = element.get("OID", "")

    def end_Symbol(self, element: Any) -> None:  # noqa: N802
        texts = [child.text or "" for child in element if local_name(child.tag) == "TranslatedText"]
        self.units[self._unit] = texts[0].strip() if texts else ""

    def settings_of(self, oid: str, item: dict[str, Any], told: frozenset[str]) -> Settings:
        settings = dict(_TYPES.get(item["type"], {}))
        if item["type"] not in _TYPES and oid not in told:
            remedy = f"Say in the study file what it holds: {oid}: {{type: text}}."
            self.wrong(item["line"], oid, f"no data type '{item['type']}' is known. {remedy}")
        if (code_list := item.get("codes")) is not None:
            if code_list not in self.codes and oid not in told:
                remedy = "Export the metadata whole, or say the item's `codes` in the study file."
                self.wrong(item["line"], oid, f"there is no CodeList '{code_list}'. {remedy}")
            # An external dictionary (MedDRA) lists no codes here.
            if codes := self.codes.get(code_list):
                settings["codes"] = codes
        # Of several units only the data says which; one that has no symbol is none.
        if len(item["units"]) == 1 and (unit := self.units.get(item["units"][0])):
            settings["unit"] = unit
        if settings.get("type") in {"integer", "number"} and item["checks"]:
            settings["range"] = self._range(oid, item["checks"])
        return settings

    def _range(self, oid: str, checks: list[tuple[int, str, str]]) -> list[float | None]:
        limits: list[float | None] = [None, None]
        for line, comparator, text in checks:
            try:
                value = float(text)
            except ValueError:
                self.wrong(line, oid, f"the check value '{text}' is no number.")
                continue
            # The number next to a limit that is itself not allowed.
            lower = comparator in {"GT", "GE"}
            if comparator in {"GT", "LT"}:
                value = math.nextafter(value, math.inf if lower else -math.inf)
            known = limits[0 if lower else 1]
            limits[0 if lower else 1] = value if known is None else max(known, value) if lower else min(known, value)
        return limits
