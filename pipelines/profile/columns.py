"""What a column is likely to be, from its name and its values: a proposal for the study file."""

from __future__ import annotations

import re
from typing import Any

from pipelines.land.identifiers import identifier_in_header
from pipelines.study.catalogue import catalogue

_SUBJECT = re.compile(r"(usubjid|subj(ect)?(_?id|_?no|_?nr)?|participant(_id)?|patient(_id|_no)?|record_id|id)")
_VISIT = re.compile(r"(visit(_?(id|code|name|num))?|session(_id)?|(redcap_)?event(_name)?|time(point)?|week|month)")
_ARM = re.compile(r"(arm|treatment|trt(01[ap])?|therapy|allocation|randomi[sz]ed(_arm)?|drug)")
_SITE = re.compile(r"(site(_?id)?|cent(er|re)(_?id)?|redcap_data_access_group)")
_DATE_NAME = re.compile(r"(^|_)(date|day|dt|dtc)(_|$)|date$|dtc$")
_VITALS = {
    "weight": "WEIGHT",
    "bmi": "BMI",
    "sbp": "SYSBP",
    "sysbp": "SYSBP",
    "dbp": "DIABP",
    "diabp": "DIABP",
    "pulse": "PULSE",
}
_SCALES = (
    (re.compile(r"madrs"), "MADRS"),
    (re.compile(r"ham_?d?_?(17|dtl17)|hamd(?!_?6)|hdrs"), "HAMD17"),
    (re.compile(r"ham_?d_?6"), "HAMD6"),
    (re.compile(r"phq_?9"), "PHQ9"),
    (re.compile(r"bdi(_?(2|ii))?"), "BDI2"),
    (re.compile(r"cadss"), "CADSS"),
    (re.compile(r"cgi_?s?"), "CGIS"),
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{4,8})?")
_LOCAL_DATE = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-][0-9]{4}")
_MOST_CODES = 12
_MOST_VISITS = 60


def normalised(name: str) -> str:
    """Returns a column's name as words in lower case, joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def propose(name: str, values: list[str]) -> dict[str, Any]:
    """Returns the proposed settings of one column; `values` holds no missing codes."""
    words = normalised(name)
    kind = _kind(values)
    codes = sorted(set(values))
    repeated = 0 < len(codes) < len(values)
    if identifier_in_header(name):
        return {"class": "drop"}
    key = _key(words, kind, codes if repeated else [])
    return key or _result(words, kind, codes, values) or _other(words, kind, codes if repeated else [])


def _key(words: str, kind: dict[str, Any], codes: list[str]) -> dict[str, Any] | None:
    if _SUBJECT.fullmatch(words):
        return {"class": "pseudonym", "to": "usubjid" if words == "usubjid" else "subject"}
    if _SITE.fullmatch(words):
        return {"class": "pseudonym", "to": "site"}
    if _VISIT.fullmatch(words) and kind["type"] != "date" and 0 < len(codes) <= _MOST_VISITS:
        return {"to": "visit", "required": True, "codes": codes}
    if _ARM.fullmatch(words) and 0 < len(codes) <= _MOST_CODES:
        return {"class": "treatment", "codes": codes, "to": "dm.arm"}
    return None


def _result(words: str, kind: dict[str, Any], codes: list[str], values: list[str]) -> dict[str, Any] | None:
    number = kind["type"] in {"integer", "number"}
    if number and (score := _score(words)):
        return {"type": kind["type"], "to": score}
    if words == "age" and number:
        return {"class": "quasi", **kind, "to": "dm.age"}
    if words in {"sex", "gender"} and values:
        return {"class": "quasi", "codes": codes, "to": "dm.sex"}
    vital = _VITALS.get(re.sub(r"_(kg|mmhg|bpm|kg_m2)$", "", words))
    return {"type": "number", "to": f"vs.{vital}"} if number and vital else None


def _other(words: str, kind: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    if kind["type"] == "date":
        return {**kind, "to": "date"} if _DATE_NAME.search(words) else kind
    if kind["type"] != "text":
        return kind
    return {"codes": codes} if 0 < len(codes) <= _MOST_CODES else {"class": "free_text"}


def _kind(values: list[str]) -> dict[str, Any]:
    def every(pattern: re.Pattern[str]) -> bool:
        return bool(values) and all(pattern.fullmatch(value) for value in values)

    if every(_INTEGER):
        return {"type": "integer"}
    if every(_NUMBER) or every(_DECIMAL_COMMA):
        return {"type": "number"}
    if every(_ISO_DATE):
        return {"type": "date"}
    if every(_LOCAL_DATE):
        first = max(int(value.replace("/", ".").replace("-", ".").split(".")[0]) for value in values)
        # Of 03/04/2026 nobody can tell: only a day above 12 does, somewhere in the column.
        return {"type": "date", "date_order": "dmy" if first > 12 else "mdy"}
    return {"type": "text"}


def _score(words: str) -> str | None:
    """Returns the target of a scale's item or total, by the column's name."""
    for pattern, code in _SCALES:
        match = pattern.search(words)
        if match is None:
            continue
        rest = (words[: match.start()] + "_" + words[match.end() :]).strip("_")
        if rest in {"", "total", "tot", "sum", "score", "total_score", "sum_score"}:
            return f"qs.{code}.total"
        item = re.fullmatch(r"(?:item|q|i)?_?([0-9]{1,2})", rest)
        if item and 1 <= int(item.group(1)) <= len(catalogue()[code].item_ranges):
            return f"qs.{code}.{int(item.group(1)):02d}"
    return None
