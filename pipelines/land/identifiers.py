"""Identifiers at the door: the classes of HIPAA's Safe Harbor, looked for in every header and in every value.

Rule    a hit refuses the file before anything of it is written outside the vault; column, class and count are told,
        never the value. What a column that is dropped holds is written nowhere, so it is not looked at.
Source  45 CFR 164.514(b)(2)(i). Its class of dates is looked for as dates of birth only: a trial lives on its dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.land.coding import Coded, coded
from pipelines.land.contract import Contract
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Column

# Words of a header, side by side and in this order: `date of birth` is found in `subject_date_of_birth`. `=` before
# them: they must be the whole header, since they are harmless beside others (`site_name`, `phone_visit`, `plate_id`).
_HEADERS = {
    "IP address": "=ip|ip address|ipaddress|ip addr|ipaddr|ipv4|ipv 4|ipv 6",
    "device": "device serial|device id|device identifier|serial number|serial no|imei|mac address|device sn|udi",
    "name": "=name|=names|=initials|first name|last name|middle name|full name|sur name|surname|given name|family name"
    "|maiden name|forename|fore name|firstname|lastname|fullname|name first|name last|name middle|name full|nickname"
    "|patient name|patientname|subject name|participant name|pt name|person name|mother name|father name|spouse name"
    "|next of kin|emergency contact|vorname|nachname|patient initials|subject initials",
    "address": "address|=city|=town|=addr|=county|=street|street address|street name|street no|street number"
    "|city of residence|zip|zipcode|postcode|post code|postal code|postalcode"
    "|plz|gps|latitude|longitude",
    "date of birth": "dob|birth date|birthdate|birthday|date birth|date of birth|brthdtc|brthdt|birth dt|geburtsdatum"
    "|birth day",
    "telephone number": "phone|telephone|=mobile|=cell|=tel|mobile number|mobile no|cellphone|homephone|workphone"
    "|phonenumber|contact number|contact no",
    "fax number": "fax|faxnumber",
    "e-mail address": "email|=mail|e mail|mail address|emailaddress",
    "social security number": "ssn|social security|social insurance|national id|national insurance|nino|personnummer"
    "|ahv|tax id|passport|passport no|aadhaar",
    "medical record number": "mrn|medical record|medical record number|medrecno|hospital number|hospital no|hospital id"
    "|chart number|chart no|nhs number|nhs no|patient file number",
    "health plan number": "health plan|insurance number|insurance no|insurance id|member number|beneficiary|medicare"
    "|medicaid|policy number|policy no",
    "account number": "=account|account number|account no|account id|bank account|iban|accountnumber|credit card",
    "certificate or licence number": "=license|=licence|license number|license no|licence number|licence no"
    "|drivers license|driver license|driving licence|driver s license|certificate number|certificate no",
    "vehicle": "=plate|=vehicle|license plate|licence plate|number plate|plate number|vehicle id|vehicle number"
    "|vehicle registration|vin",
    "web address": "=url|=website|=homepage|home page|web address|web site|profile url|=urls",
    "biometric": "fingerprint|finger print|voiceprint|voice print|retina scan|iris scan|biometric",
    "photograph": "=photo|=photograph|=picture|=selfie|patient photo|subject photo|face photo|photo file|photo url"
    "|photo id|face image|photograph file",
}
# Beside a word of these a header tells of a call, a reminder or a site, not of a person's number or address.
_HARMLESS = {
    "visit",
    "call",
    "done",
    "yn",
    "flag",
    "consent",
    "reminder",
    "sent",
    "attempts",
    "contacted",
    "used",
    "site",
    "clinic",
    "lab",
}
_CONTACTS = {"name", "address", "telephone number", "fax number", "e-mail address", "web address", "photograph"}

_OCTET = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_STREETS = "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Boulevard|Blvd|Way|Court|Ct|Place|Pl|Terrace|Square|Sq|Crescent"
# Found anywhere in a value. RE2: classes are ASCII, no look-around.
_VALUES = {
    "e-mail address": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "web address": r"(?i)\b(https?|ftp)://[^\s]|\bwww\.[a-z0-9-]+\.[a-z]",
    "social security number": r"(^|[^0-9A-Za-z-])[0-9]{3}-[0-9]{2}-[0-9]{4}($|[^0-9A-Za-z-])",
    "telephone number": r"(^|[^0-9A-Za-z.-])(\+?1[ .-]?)?(\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-]"
    r"[0-9]{4}($|[^0-9A-Za-z-])"
    r"|(^|[^0-9A-Za-z])\+[1-9][0-9]{0,2}[ ./-]?\(?[0-9]([ ()./-]{0,2}[0-9]){6,12}($|[^0-9A-Za-z])"
    r"|(^|[^0-9A-Za-z.-])0[1-9][0-9]{1,4}[ /-]([0-9]{6,8}|[0-9]{3,4}[ -][0-9]{3,4})($|[^0-9A-Za-z-])"
    r"|(?i)\b(tel|telephone|phone|mobile|cell|fax|call)\b[^0-9\n]{0,15}[0-9]([ ()./-]{0,2}[0-9]){6,14}",
    "IP address": rf"(^|[^0-9.])({_OCTET}\.){{3}}{_OCTET}($|[^0-9.])|([0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}",
    "device": r"(?i)\b([0-9A-F]{2}[:-]){5}[0-9A-F]{2}\b",
    "address": rf"\b[0-9]{{1,5}}[A-Za-z]? +([A-Z][A-Za-z.'-]* +([a-z] +)?){{1,4}}({_STREETS})\b"
    r"|\b[A-ZÄÖÜ][a-zäöüß]+(straße|strasse|gasse) [0-9]{1,4}\b",
    "date of birth": r"(?i)\b(dob|d\.o\.b\.?|born|birth ?date|date of birth)\b[^0-9\n]{0,12}[0-9]{1,4}[./-][0-9]{1,2}"
    r"[./-][0-9]{1,4}",
    "name": r"\b(Mr|Mrs|Ms|Miss|Herr|Frau)\.? [A-Z][a-z]+",
    "medical record number": r"(?i)\b(MRN|medical record (number|no\.?)|NHS (number|no\.?))[ :#]*[0-9][0-9 ]{3,}",
}
# A subject's key may have the form of a number to call; it is a key because the contract says so.
_KEY_VALUES = ("e-mail address", "web address", "address", "name")
# Nothing shorter than the shortest e-mail address can be an identifier that is found by its form.
_SHORTEST = 6
_BARE_TELEPHONE = "^[2-9][0-9]{2}[2-9][0-9]{6}$"
_FULL_DATE = "^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$"
# A column of a few is no pattern, and the youngest subjects of a trial of adults are born so many years before it.
_FEWEST, _SHARE, _YEARS = 3, 0.9, 16


class Hit(NamedTuple):
    """An identifier that was found: where, of which class, and in how many rows."""

    column: str
    kind: str
    rows: int


def words(header: str) -> list[str]:
    """Returns the words of a column's name: `PatientName2`, `patient-name_2` are `patient name 2`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", " ", header)
    return re.sub(r"[^0-9a-zà-ÿ]+", " ", spaced.casefold()).split()


# Every site's file has the same names: each is looked at once a process.
@lru_cache(maxsize=4096)
def identifier_in_header(header: str) -> str | None:
    """Returns the class of identifier that a column's name says it holds, or None."""
    # SDTM and spreadsheets write whole names in capitals, which are no words of their own.
    spellings = {" ".join(words(header)), " ".join(words(header.lower()))}
    for spelled in spellings:
        harmless = bool(_HARMLESS & set(spelled.split()))
        for kind, phrases in _HEADERS.items():
            if harmless and kind in _CONTACTS:
                continue
            for phrase in phrases.split("|"):
                whole = phrase.startswith("=")
                if spelled == phrase[1:] if whole else f" {phrase} " in f" {spelled} ":
                    return kind
    return None


def is_identifying(header: str) -> bool:
    """Whether a column's name says that it holds an identifier, or is one (a file without a header)."""
    return identifier_in_header(header) is not None or identifier_as_header(header) is not None


@lru_cache(maxsize=4096)
def identifier_as_header(header: str) -> str | None:
    """Returns the class of identifier that stands in place of a column's name, or None."""
    found = _found(coded(pa.array([header])), _VALUES)
    return found[0][0] if found else None


def check_identifiers(columns: dict[str, Coded], contract: Contract, exported_on: str | None) -> None:
    """Looks for identifiers in every column of delivered text.

    Raises:
        RefusedError: F_PII by a column's name, F_PII_TEXT by a value.
    """
    declared = {rule.name: rule.column for rule in contract.rules(list(columns))}
    named = list(_by_header(columns, declared))
    if named:
        raise RefusedError("F_PII", _told(named) + "Declare the column `drop`, or ask for an export without it.")
    found = list(_by_value(columns, declared, exported_on))
    if found:
        raise RefusedError("F_PII_TEXT", _told(found) + "Ask for a corrected export, or declare the column `drop`.")


def _by_header(columns: dict[str, Coded], declared: dict[str, Column]) -> Iterator[Hit]:
    for number, (name, values) in enumerate(columns.items(), start=1):
        if name in declared and declared[name].column_class in {"drop", "pseudonym"}:
            continue
        if kind := identifier_in_header(name):
            yield Hit(f"Column {name[:40]!a}", kind, _given(values))
        elif kind := identifier_as_header(name):
            # A file without a header has a row of data there: its name is a value.
            yield Hit(f"Column number {number}", kind, _given(values))


def _by_value(columns: dict[str, Coded], declared: dict[str, Column], exported_on: str | None) -> Iterator[Hit]:
    for name, values in columns.items():
        column = declared.get(name)
        if column is not None and column.column_class == "drop":
            continue
        for kind, rows in identifiers_in(values, column, exported_on):
            yield Hit(f"Column {name[:40]!a}", kind, rows)


def identifiers_in(values: Coded, column: Column | None, exported_on: str | None) -> Iterator[tuple[str, int]]:
    """Yields the classes of identifiers that a column's values are of, and in how many rows; no value."""
    if (pc.max(pc.binary_length(values.values)).as_py() or 0) < _SHORTEST:
        return
    is_key = column is not None and column.column_class == "pseudonym"
    found = _found(values, {kind: _VALUES[kind] for kind in _KEY_VALUES} if is_key else _VALUES)
    if not found and not is_key:
        found = list(_whole(values, column, exported_on))
    yield from found


def _found(values: Coded, forms: dict[str, str]) -> list[tuple[str, int]]:
    """Returns the classes that values are of by their form, and in how many rows."""
    # One pass for all forms together; which one it is matters only where there is something.
    any_form = "|".join(f"(?:{pattern})" for pattern in forms.values())
    if not _matching(values, any_form):
        return []
    counted = [(kind, _matching(values, pattern)) for kind, pattern in forms.items()]
    return [(kind, rows) for kind, rows in counted if rows]


def _matching(values: Coded, pattern: str) -> int:
    """Returns in how many rows the pattern is found; each value is looked at once, however often it stands."""
    return _rows(values, pc.match_substring_regex(values.values, pattern))


def _whole(values: Coded, column: Column | None, exported_on: str | None) -> Iterator[tuple[str, int]]:
    """Yields what values are that only together look like identifiers, under a name that does not say so."""
    enough = max(_FEWEST, _SHARE * _given(values))
    if column is None or column.type == "text":
        rows = _matching(values, _BARE_TELEPHONE)
        if rows >= enough:
            yield "telephone number", rows
    # A date that becomes a date of the trial is one; what is left over, and lies a lifetime back, is a birth.
    if exported_on and (column is None or column.to is None):
        flags = pc.match_substring_regex(values.values, _FULL_DATE)
        rows = _rows(values, flags)
        if rows >= enough:
            years = pc.min_max(pc.utf8_slice_codeunits(values.values.filter(flags), 0, 4)).as_py()
            first, last = int(years["min"]), int(years["max"])
            if last <= int(exported_on[:4]) - _YEARS and last - first >= _YEARS:
                yield "date of birth", rows


def _given(values: Coded) -> int:
    return _rows(values, pc.greater(pc.binary_length(values.values), 0))


def _rows(values: Coded, flags: pa.Array) -> int:
    told = pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False)
    return int(values.counts()[told].sum()) if told.any() else 0


def _told(hits: list[Hit]) -> str:
    shown = "; ".join(f"{hit.column}: {hit.kind}, {hit.rows} row(s)" for hit in hits[:20])
    more = f"; and {len(hits) - 20} more" if len(hits) > 20 else ""
    return f"{shown}{more}. "
