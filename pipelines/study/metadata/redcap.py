"""A REDCap data dictionary: one row a field, downloaded from the designer or exported through the API.

Source  REDCap's own column names and codes; exports are the raw ones (codes, not labels), whose dates are Y-M-D
        whatever the form shows
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from pipelines.study.metadata.fields import Fields, Mistake, Settings, unreadable

# By the name in the API: the name in the designer's download.
_HEADER = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "field_type": "Field Type",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "text_validation_min": "Text Validation Min",
    "text_validation_max": "Text Validation Max",
    "identifier": "Identifier?",
}
_DROPPED: Settings = {"class": "drop", "optional": True}
# Fields of these types and validations, whatever their marks say.
_TYPES: dict[str, Settings] = {
    "notes": {"class": "free_text"},
    "calc": {"type": "number", "decimal": "."},
    "yesno": {"codes": {"1": "Yes", "0": "No"}},
    "truefalse": {"codes": {"1": "True", "0": "False"}},
    "file": _DROPPED,
    "sql": {},
}
_VALIDATIONS: tuple[tuple[str, Settings], ...] = (
    ("", {}),
    (r"date(time(_seconds)?)?(_(ymd|dmy|mdy))?", {"type": "date"}),
    (r"int(eger)?", {"type": "integer"}),
    (r"float|number(_[1-4]dp)?", {"type": "number", "decimal": "."}),
    (r"number(_[1-4]dp)?_comma_decimal", {"type": "number", "decimal": ","}),
    (r"time(_hh_mm_ss|_mm_ss)?|alpha_only", {}),
    # What they check is a person's number or address.
    (r"email|phone(_[a-z]+)?|ssn|v?mrn(_[a-z0-9]+)?|zipcode|postalcode_[a-z]+", _DROPPED),
)
_CHOICES = ("radio", "dropdown", "checkbox")
_KNOWN_TYPES = (*_TYPES, *_CHOICES, "text", "slider", "descriptive")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Za-z0-9._-]+")
_LIMIT = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
# A limit may name another field, or the day on which somebody fills the form in.
_MOVING = re.compile(r"\[.*\]|today|now")
_STATES = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}


def is_dictionary(header: list[str]) -> bool:
    """Whether this is the header of a data dictionary."""
    return set(_HEADER) <= set(header) or set(_HEADER.values()) <= set(header)


def read(content: bytes, told: frozenset[str]) -> Fields:
    """Returns the columns of a raw export of this project; the first field is the subject's key.

    A field whose type or codes the study file says (`told`) may have a validation that is not known here.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return unreadable(1, f"byte {error.start} is not UTF-8. Download the data dictionary from REDCap again.")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        if not is_dictionary(header):
            return unreadable(1, f"no REDCap data dictionary: its header has {', '.join(_HEADER.values())}.")
        rows = list(_rows(lines, header))
    except csv.Error as error:
        return unreadable(lines.line_num, f"not valid CSV: {error}. Download the data dictionary from REDCap again.")
    if not rows:
        return unreadable(1, "it has no field.")
    reading = _Reading(told)
    key = rows[0][1]["field_name"]
    reading.add(rows[0][0], key, key, {"class": "pseudonym", "to": "subject", "required": True})
    reading.add_own_columns(sorted({row["form_name"] for _, row in rows}))
    for line, row in rows[1:]:
        reading.add_field(line, row)
    return Fields(columns=reading.columns, key=key, mistakes=tuple(reading.mistakes))


def _rows(lines: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    names = {label: name for name, label in _HEADER.items()} | {name: name for name in _HEADER}
    wanted = {position: names[label] for position, label in enumerate(header) if label in names}
    line = 2
    for row in lines:
        if len(row) not in {0, len(header)}:
            msg = f"a row has {len(row)} fields, the header {len(header)}"
            raise csv.Error(msg)
        if row:
            yield line, {name: row[position].strip() for position, name in wanted.items()}
        line = lines.line_num + 1  # type: ignore[attr-defined]  # csv's reader counts lines; its type does not say so


class _Reading:
    """The columns and mistakes found so far."""

    def __init__(self, told: frozenset[str]) -> None:
        self.told = told
        self.columns: dict[str, Settings] = {}
        self.mistakes: list[Mistake] = []

    def add(self, line: int, field: str, column: str, settings: Settings) -> None:
        if not _NAME.fullmatch(column):
            self.wrong(line, field, f"'{column}' is no name of REDCap's: small letters, digits and '_'.")
        elif column in self.columns:
            self.wrong(line, field, f"the column '{column}' stands twice. Each field, form and choice needs its own.")
        else:
            self.columns[column] = settings

    def wrong(self, line: int, field: str, text: str) -> None:
        self.mistakes.append(Mistake(line, field, text))

    def add_own_columns(self, forms: list[str]) -> None:
        """Adds what REDCap puts into an export besides the fields: which of it comes depends on the project."""
        optional = {"optional": True}
        self.columns |= {
            "redcap_event_name": optional,
            "redcap_repeat_instrument": {"codes": forms, **optional},
            "redcap_repeat_instance": {"type": "integer", **optional},
            "redcap_data_access_group": optional,
            "redcap_survey_identifier": _DROPPED,
        }
        for form in forms:
            self.add(1, form, f"{form}_complete", {"codes": _STATES, **optional})
            self.add(1, form, f"{form}_timestamp", {"type": "date", "missing": ["[not completed]"], **optional})

    def add_field(self, line: int, row: dict[str, str]) -> None:
        name, kind = row["field_name"], row["field_type"]
        mark = row["text_validation_type_or_show_slider_number"]
        if kind not in _KNOWN_TYPES:
            self.wrong(line, name, f"no field type '{kind}'. REDCap has {', '.join(sorted(_KNOWN_TYPES))}.")
            self.columns.setdefault(name, {})
            return
        settings = dict(_TYPES.get(kind, {}))
        if kind == "text":
            settings = self._validated(line, name, mark)
        if kind in _CHOICES:
            settings = {"codes": self._choices(line, name, row["select_choices_or_calculations"])}
        if kind == "slider":
            settings = {"type": "integer", "range": [0, 100]}
        if settings.get("type") in {"integer", "number"}:
            settings |= self._limits(line, row, settings)
        if row["identifier"].lower() == "y":
            settings |= _DROPPED
        if kind == "checkbox":
            for code in settings.pop("codes"):
                # As REDCap names them: `race___4`, and `race____99` for the code -99.
                column = f"{name}___{re.sub('[^a-z0-9_]', '_', code.lower())}"
                self.add(line, name, column, {"codes": ["0", "1"], **settings})
        elif kind != "descriptive":
            self.add(line, name, name, settings)

    def _validated(self, line: int, name: str, mark: str) -> Settings:
        for pattern, settings in _VALIDATIONS:
            if re.fullmatch(pattern, mark):
                return dict(settings)
        if name not in self.told:
            text = f"no text validation '{mark}' is known. Say in the study file what it holds: {name}: {{type: text}}."
            self.wrong(line, name, text)
        return {}

    def _choices(self, line: int, name: str, text: str) -> dict[str, str]:
        codes: dict[str, str] = {}
        for number, choice in enumerate(text.split("|"), start=1):
            code, comma, label = (part.strip() for part in choice.partition(","))
            if not comma or not _CODE.fullmatch(code):
                self.wrong(line, name, f"choice {number} cannot be read. Write `code, label | code, label`.")
            elif code in codes:
                self.wrong(line, name, f"the code '{code}' stands twice among the choices. Give each its own.")
            else:
                codes[code] = label or code
        return codes

    def _limits(self, line: int, row: dict[str, str], settings: Settings) -> Settings:
        limits = list(settings.get("range", [None, None]))
        for side, column in enumerate(("text_validation_min", "text_validation_max")):
            text = row[column]
            if _LIMIT.fullmatch(text):
                limits[side] = float(text.replace(",", "."))
            elif text and not _MOVING.fullmatch(text):
                self.wrong(line, row["field_name"], f"{_HEADER[column]} '{text}' is no number. Correct it in REDCap.")
        if None not in limits and limits[0] > limits[1]:
            self.wrong(line, row["field_name"], "its highest value is below its lowest. Correct one of them in REDCap.")
        return {} if limits == [None, None] else {"range": limits}
