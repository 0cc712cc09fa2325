"""What a column is likely to be, from its name, its label and its values: a proposal for the study file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipelines.land.blinding import tells_arm
from pipelines.land.coding import coded
from pipelines.land.identifiers import identifier_in_header, identifiers_in
from pipelines.profile.sample import Description
from pipelines.profile.scales import Score, allowed
from pipelines.profile.values import Values, uses_other_mark

_SUBJECT = re.compile(
    r"(usubjid|subj(ect)?_?(id|no|nr|num|number|key|code)?|participant(_?(id|no|nr|code))?"
    r"|patient(_?(id|no|nr|num|number|code))?|pat_?(id|no|nr)|pid|record_?id|study_id|screening_(no|number)|id)"
)
_VISIT = re.compile(
    r"(visit(_?(id|code|cd|name|label|num|no|nr|number))?|avisitn?|session(_?id)?|(redcap_)?event(_?name)?"
    r"|study_?event_?oid|time_?(point)?|wave|occasion|assessment|week|month)"
)
_SITE = re.compile(
    r"(site(_?(id|no|nr|number|oid))?|cent(er|re)(_?(id|no|nr))?|redcap_data_access_group"
    r"|(pool)?_?inv(estigator)?(_?(id|no|nr))?|clinic(_?id)?)"
)
_ARM = re.compile(
    r"(act)?arm(_?cd)?|treatment(_(arm|group|name))?|trt(_?(grp|group|cd|name|0?1?[ap]))?|therapy|allocation"
    r"|randomi[sz](ed|ation)(_(arm|group|to))?|(study_)?drug"
)
_OF_PERIOD = re.compile(r"(?:infusion|treatment|trt|drug|arm|period)_?([1-4])")
_TREATMENTS = re.compile(
    r"\b(placebo|saline|sham|verum|treatment as usual|tau|(es|ar|r-|s-)?ketamine|midazolam|psilocybin)\b",
    re.IGNORECASE,
)
_YES_NO = {"yes", "no", "y", "n", "true", "false"}
_DATES = (
    (re.compile(r"consent|icf|rfic"), "dm.rficdtc"),
    (re.compile(r"death|died|dth"), "dm.dthdtc"),
    (re.compile(r"dos(e|ing)|infusion|exst|administ"), "ex.exstdtc"),
    (re.compile(r"(^|_)(date|day|dt|dtc)(_|$)|date|dtc$|(seen|done)_on"), "date"),
)
_OF_PERSON = {
    **dict.fromkeys(("sex", "gender"), "sex"),
    "race": "race",
    **dict.fromkeys(("ethnic", "ethnicity"), "ethnic"),
    "country": "country",
    **dict.fromkeys(("dx", "diagnosis", "diag"), "dx"),
}
_SEXES = {"m": "M", "male": "M", "man": "M", "f": "F", "female": "F", "woman": "F"}
_VITALS = {
    **dict.fromkeys(("weight", "body_weight", "wt"), "WEIGHT"),
    **dict.fromkeys(("height", "body_height"), "HEIGHT"),
    "bmi": "BMI",
    **dict.fromkeys(("sbp", "sysbp", "systolic", "bp_systolic", "systolic_bp"), "SYSBP"),
    **dict.fromkeys(("dbp", "diabp", "diastolic", "bp_diastolic", "diastolic_bp"), "DIABP"),
    **dict.fromkeys(("pulse", "heart_rate", "hr"), "PULSE"),
}
_UNITS = {"kg": "kg", "lb": "lb", "cm": "cm", "mmhg": "mmHg", "bpm": "beats/min", "kg_m2": "kg/m2"}
_UNIT = re.compile(rf"_({'|'.join(_UNITS)})$")
_DROPPED = ("named like the arm or the kit, so it is kept in the vault and in no table",)
_VAULT = ("looks like the arm, so it goes to the vault",)
_CLOCK = re.compile("[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")
_MOST_CODES = 12
_MOST_VISITS = 60
_NINES = re.compile(r"-?(99|999|9999|88|888|777)(\.0*)?")


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A column's settings; what was made of it (`notes`), and what a person must decide (`todos`)."""

    settings: dict[str, Any]
    notes: tuple[str, ...] = ()
    todos: tuple[str, ...] = ()


def normalised(name: str) -> str:
    """Returns a column's name as words in lower case, joined by underscores; what ODM puts before each is left out."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").removeprefix("it_").removeprefix("item_")


def propose(name: str, values: Values, described: Description, score: Score | None) -> Proposed:
    """Returns what one column is likely to be; `score` is what it holds of a rating scale."""
    if kind := _identifier(name, values, described):
        return Proposed(settings={"class": "drop"}, notes=(f"looks like an identifier ({kind}), so it is dropped",))
    if described.codes and set(values.counts) <= set(described.codes):
        return _labelled(name, values, described)
    words = normalised(name)
    if score:
        return _score(values, score)
    settings, remarks = values.kind()
    if settings["type"] == "text" and uses_other_mark(values.counts, values.decimal):
        return Proposed(settings={}, todos=("its decimal mark is not the file's, so it stays text",))
    found = _key(words, settings, values) or _person(words, settings, values) or _result(words, settings, described)
    if found is None and tells_arm(name):
        found = Proposed(settings={"class": "drop"}, notes=_DROPPED)
    found = found or _other(words, settings, values)
    return Proposed(settings=found.settings, notes=found.notes, todos=(*remarks, *found.todos))


def _identifier(name: str, values: Values, described: Description) -> str | None:
    """Returns the class of identifier that a column holds by its name, its label or its values, or None."""
    if _SUBJECT.fullmatch(normalised(name)) or _SITE.fullmatch(normalised(name)):
        return None
    if kind := identifier_in_header(name) or (described.label and identifier_in_header(described.label)):
        return kind
    found = list(identifiers_in(coded(pa.array(list(values.counts), pa.string())), None, None))
    return found[0][0] if found else None


def _key(words: str, kind: dict[str, Any], values: Values) -> Proposed | None:
    codes = values.codes if values.repeated else []
    if _SUBJECT.fullmatch(words):
        target = "usubjid" if words == "usubjid" else "subject"
        return Proposed(settings={"class": "pseudonym", "to": target})
    if _SITE.fullmatch(words):
        listed = {"codes": codes} if 0 < len(codes) <= _MOST_VISITS else {}
        return Proposed(settings={"class": "pseudonym", "to": "site"} | listed)
    clock = any(_CLOCK.fullmatch(code) for code in codes)
    if _VISIT.fullmatch(words) and kind["type"] != "date" and 0 < len(codes) <= _MOST_VISITS and not clock:
        return Proposed(settings={"to": "visit", "required": True, "codes": codes})
    return _arm(words, codes) if 1 < len(codes) <= _MOST_CODES else None


def _arm(words: str, codes: list[str]) -> Proposed | None:
    if {code.lower() for code in codes} <= _YES_NO:
        return None
    if (period := _OF_PERIOD.fullmatch(words)) and not all(code.isdigit() and int(code) > 9 for code in codes):
        settings = {"class": "treatment", "codes": codes, "to": "ex.arm", "period": int(period.group(1))}
        return Proposed(settings=settings, notes=_VAULT)
    named = _ARM.fullmatch(words) or tells_arm(words)
    if named or any(_TREATMENTS.search(code) for code in codes):
        return Proposed(settings={"class": "treatment", "codes": codes, "to": "dm.arm"}, notes=_VAULT)
    return None


def _person(words: str, kind: dict[str, Any], values: Values) -> Proposed | None:
    if words in {"age", "age_years"} and kind["type"] in {"integer", "number"}:
        return Proposed(settings={"class": "quasi", **kind, "to": "dm.age"})
    variable = _OF_PERSON.get(words)
    if variable is None or not 0 < len(values.counts) <= _MOST_CODES:
        return None
    settings = {"class": "quasi" if variable != "dx" else "clinical", "codes": values.codes, "to": f"dm.{variable}"}
    if variable == "dx":
        del settings["class"]
    if variable == "sex":
        if all(code.lower() in _SEXES for code in values.codes):
            mapped = {code: _SEXES[code.lower()] for code in values.codes}
            return Proposed(settings=settings | ({"codes": mapped} if set(mapped) != set(mapped.values()) else {}))
        return Proposed(settings=settings, todos=("which code is F, which M? Write {code: F, ...}",))
    return Proposed(settings=settings)


def _result(words: str, kind: dict[str, Any], described: Description) -> Proposed | None:
    if kind["type"] not in {"integer", "number"}:
        return None
    unit = _UNIT.search(words)
    test = _VITALS.get(_UNIT.sub("", words)) or _VITALS.get(normalised(described.label))
    if test is None:
        return None
    settings = {"type": "number"} | ({"unit": _UNITS[unit.group(1)]} if unit else {}) | {"to": f"vs.{test}"}
    return Proposed(settings=settings)


def _other(words: str, kind: dict[str, Any], values: Values) -> Proposed:
    if kind["type"] == "date":
        target = next((target for pattern, target in _DATES if pattern.search(words)), None)
        return Proposed(settings=kind | ({"to": target} if target else {}))
    if kind["type"] != "text":
        return Proposed(settings=kind)
    if not values.counts:
        return Proposed(settings={}, notes=("holds nothing in this sample",))
    if values.repeated and len(values.counts) <= _MOST_CODES:
        return Proposed(settings={"codes": values.codes})
    return Proposed(settings={"class": "free_text"}, notes=("free text: kept in the store, and in no table",))


def _score(values: Values, score: Score) -> Proposed:
    kind, todos = values.kind()
    notes = []
    settings: dict[str, Any] = {"type": "integer" if kind["type"] == "integer" else "number", "to": score.target}
    if score.visit:
        settings["visit"] = score.visit
    low, high = allowed(score)
    outside = {value: rows for value, rows in values.counts.items() if _outside(value, values, low, high)}
    if outside and all(_NINES.fullmatch(value) for value in outside):
        settings["missing"] = sorted(outside)
        notes.append("values outside the scale are taken as codes for missing")
    elif outside:
        todos.append(f"{sum(outside.values())} of {values.rows} rows lie outside {low} to {high}")
    return Proposed(settings=settings, notes=tuple(notes), todos=tuple(todos))


def _outside(value: str, values: Values, low: float, high: float) -> bool:
    numbers = Values(counts={value: 1}, decimal=values.decimal).numbers()
    return bool(numbers) and not low <= numbers[0] <= high


def _labelled(name: str, values: Values, described: Description) -> Proposed:
    """Returns a column whose value labels are known: each code becomes its label."""
    words = normalised(name)
    settings: dict[str, Any] = {"codes": dict(described.codes)}
    if variable := _OF_PERSON.get(words):
        settings |= {"to": f"dm.{variable}"} if variable == "dx" else {"class": "quasi", "to": f"dm.{variable}"}
    elif (
        _ARM.fullmatch(words) or tells_arm(name) or any(_TREATMENTS.search(label) for label in described.codes.values())
    ):
        return Proposed(settings={"class": "treatment", **settings, "to": "dm.arm"}, notes=_VAULT)
    elif _VISIT.fullmatch(words) and len(values.counts) <= _MOST_VISITS:
        settings = {"to": "visit", "required": True, "codes": sorted(described.codes)}
    return Proposed(settings=settings)
