"""A REDCap dictionary or ODM metadata stands in place of a column list; what is wrong in it is named at once."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study import Study
from pipelines.study.layout import Column
from tests.small_study import STUDY_FILE, make_study

HEADER = (
    *("Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label"),
    *("Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number"),
    *("Text Validation Min", "Text Validation Max", "Identifier?", "Required Field?"),
)
KEY = ("record_id", "text")


def dictionary(*fields: tuple[str, ...], header: tuple[str, ...] = HEADER) -> str:
    """Returns a dictionary of fields (name, type, choices, validation, limits, identifier), all of form `f`."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(header)
    for field in fields:
        name, kind, choices, validation, low, high, identifier = (*field, *[""] * (7 - len(field)))
        lines.writerow([name, "f", "", kind, "a\nlabel", choices, "", validation, low, high, identifier, ""])
    return text.getvalue()


def study_of(folder: Path, metadata: str, columns: str = "", *, file: str = "dd.csv", kind: str = "delimited") -> Study:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(metadata, encoding="utf-8")
    entry = f"    - {{file: x.dat, format: {{type: {kind}}}, metadata: {file}, columns: {{{columns}}}}}\n"
    return make_study(folder, STUDY_FILE.replace("layouts:\n  edc:\n", f"layouts:\n  edc:\n{entry}"))


def column(folder: Path, *field: str, own: str = "", name: str | None = None) -> Column:
    study = study_of(folder, dictionary(KEY, field), f"{field[0]}: {{{own}}}" if own else "")
    return study.layouts["edc"][0].columns[name or field[0]]


FIELDS = [
    (("a", "text"), {}),
    (("a", "text", "", "date_dmy"), {"type": "date"}),
    (("a", "text", "", "datetime_seconds_mdy"), {"type": "date"}),
    (("a", "text", "", "integer", "1", "9"), {"type": "integer", "range": (1, 9)}),
    (("a", "text", "", "number", "0"), {"type": "number", "decimal": ".", "range": (0, None)}),
    (("a", "text", "", "number", "[b]", "today"), {"type": "number", "decimal": "."}),
    (("a", "text", "", "number_2dp_comma_decimal", "", "2,5"),
     {"type": "number", "decimal": ",", "range": (None, 2.5)}),
    (("a", "text", "", "time_mm_ss"), {}),
    (("a", "text", "", "email"), {"class": "drop", "optional": True}),
    (("a", "text", "", "number", "", "", "y"), {"class": "drop", "optional": True}),
    (("a", "notes"), {"class": "free_text"}),
    (("a", "calc", "[b]/2"), {"type": "number", "decimal": "."}),
    (("a", "yesno"), {"codes": {"1": "Yes", "0": "No"}}),
    (("a", "truefalse"), {"codes": {"1": "True", "0": "False"}}),
    (("a", "radio", "1, One, or so |-9,  |B_2,Two"), {"codes": {"1": "One, or so", "-9": "-9", "B_2": "Two"}}),
    (("a", "slider", "low | high", "number", "", "50"), {"type": "integer", "range": (0, 50)}),
    (("a", "file"), {"class": "drop", "optional": True}),
    (("a", "sql", "select 1"), {}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "expected"), FIELDS, ids=[" ".join(field[1:]) for field, _ in FIELDS])
def test_a_field_says_what_its_column_holds(
    tmp_path: Path, field: tuple[str, ...], expected: dict[str, object]
) -> None:
    assert column(tmp_path, *field) == Column.model_validate(expected)


def test_a_checkbox_has_a_column_for_each_choice_as_redcap_names_them(tmp_path: Path) -> None:
    columns = study_of(tmp_path, dictionary(KEY, ("c", "checkbox", "1, x | -99, y | Ab, z"))).layouts["edc"][0].columns
    assert [name for name in columns if name.startswith("c")] == ["c___1", "c____99", "c___ab"]
    assert columns["c___ab"] == Column(codes={"0": "0", "1": "1"})


def test_redcap_brings_columns_of_its_own_and_a_descriptive_field_none(tmp_path: Path) -> None:
    columns = study_of(tmp_path, dictionary(KEY, ("text_only", "descriptive"))).layouts["edc"][0].columns
    assert set(columns) == {
        *("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
        *("redcap_data_access_group", "redcap_survey_identifier", "f_complete", "f_timestamp"),
    }
    assert columns["record_id"] == Column.model_validate({"class": "pseudonym", "to": "subject", "required": True})
    assert all(column.optional for name, column in columns.items() if name != "record_id")
    assert columns["f_complete"].codes == {"0": "Incomplete", "1": "Unverified", "2": "Complete"}


def test_a_dictionary_from_the_api_says_the_same(tmp_path: Path) -> None:
    names = (
        *("field_name", "form_name", "section_header", "field_type", "field_label", "select_choices_or_calculations"),
        *("field_note", "text_validation_type_or_show_slider_number", "text_validation_min", "text_validation_max"),
        *("identifier", "required_field"),
    )
    fields = (KEY, ("a", "text", "", "integer", "1", "9"), ("b", "radio", "1, x", "", "", "", "y"))
    first = study_of(tmp_path / "1", dictionary(*fields)).layouts["edc"][0].columns
    assert study_of(tmp_path / "2", dictionary(*fields, header=names)).layouts["edc"][0].columns == first


def test_the_study_file_says_only_where_a_column_differs(tmp_path: Path) -> None:
    field = ("a", "text", "", "number", "0", "9", "y")
    changed = column(tmp_path, *field, own="class: clinical, range: [0, 99], to: vs.SYSBP, unit: mmHg")
    assert changed == Column.model_validate(
        {"type": "number", "decimal": ".", "optional": True, "class": "clinical", "range": [0, 99], "to": "vs.SYSBP",
         "unit": "mmHg"}
    )  # fmt: skip


def test_a_choice_of_whole_numbers_is_the_score_where_its_target_is_one(tmp_path: Path) -> None:
    choices = " | ".join(f"{score}, some" for score in range(7))
    fields = [(f"m{item}", "radio", choices) for item in range(1, 11)]
    study = study_of(tmp_path, dictionary(KEY, *fields), '"m{1..10}": {to: "qs.MADRS.{01..10}"}')
    ninth = study.layouts["edc"][0].columns["m9"]
    assert (ninth.type, ninth.to, list(ninth.codes or {})) == ("integer", "qs.MADRS.09", list("0123456"))
    assert column(tmp_path / "text", "sex", "radio", "0, Female | 1, Male", own="to: dm.sex").type == "text"


def test_another_column_may_hold_the_subject(tmp_path: Path) -> None:
    own = "subject_no: {class: pseudonym, to: subject, required: true}"
    columns = study_of(tmp_path, dictionary(KEY, ("subject_no", "text")), own).layouts["edc"][0].columns
    assert columns["record_id"] == Column.model_validate({"class": "pseudonym"})


MISTAKES = [
    ([("a", "radio", "1, x | y")], "dd.csv:4: a: choice 2 cannot be read. Write `code, label | code, label`."),
    ([("a", "radio", "")], "dd.csv:4: a: choice 1 cannot be read."),
    ([("a", "dropdown", "1, x | 1, y")], "dd.csv:4: a: the code '1' stands twice among the choices."),
    ([("a", "text"), ("a", "notes")], "dd.csv:6: a: the column 'a' stands twice."),
    ([("c", "checkbox", "-1, x | _1, y")], "dd.csv:4: c: the column 'c____1' stands twice."),
    ([("c", "checkbox", "a, x | A, y")], "dd.csv:4: c: the column 'c___a' stands twice."),
    ([("a", "text", "", "roman")], "dd.csv:4: a: no text validation 'roman' is known. Say in the study file"),
    ([("a", "picture")], "dd.csv:4: a: no field type 'picture'. REDCap has calc, checkbox,"),
    ([("A b", "text")], "dd.csv:4: A b: 'A b' is no name of REDCap's"),
    ([("a", "text", "", "integer", "x")], "dd.csv:4: a: Text Validation Min 'x' is no number."),
    ([("a", "text", "", "integer", "9", "1")], "dd.csv:4: a: its highest value is below its lowest."),
    ([("f_complete", "text")], "dd.csv:4: f_complete: the column 'f_complete' stands twice."),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "said"), MISTAKES, ids=[said[8:] for _, said in MISTAKES])
def test_a_mistake_in_a_dictionary_is_named_with_file_line_and_field(
    tmp_path: Path, fields: list[tuple[str, ...]], said: str
) -> None:
    with pytest.raises(StudyFileError) as error:
        study_of(tmp_path, dictionary(KEY, *fields))
    assert f"{tmp_path}/{said}" in str(error.value)
    assert error.value.exit_code == 11


def test_mistakes_of_study_file_and_dictionary_are_named_together(tmp_path: Path) -> None:
    fields = [("score", "radio", "x"), ("b", "text", "", "roman"), ("d", "text", "", "date_ymd")]
    own = "scroe: {to: qs.MADRS.total}, b: {type: text}, d: {to: vs.SYSBP}"
    with pytest.raises(StudyFileError) as error:
        study_of(tmp_path, dictionary(KEY, *fields), own)
    *lines, last = str(error.value).replace(f"{tmp_path}/", "").splitlines()
    misfit = (
        "study.yml:29: layouts.edc[0].columns.d.type: 'vs.SYSBP' takes integer or number. Write `type: integer`, or"
        " another target."
    )
    assert lines == [
        misfit,
        "study.yml:29: layouts.edc[0].columns.scroe: dd.csv has no 'scroe'. Did you mean 'score'?",
        "dd.csv:4: score: choice 1 cannot be read. Write `code, label | code, label`.",
    ]
    assert last == "3 mistakes in the study file; no data was read."


UNREADABLE = [
    ("a,b\n1,2\n", "dd.csv", "dd.csv:1: no REDCap data dictionary: its header has Variable / Field Name, Form Name"),
    (dictionary(), "dd.csv", "dd.csv:1: it has no field."),
    (dictionary(KEY) + "a,b\n", "dd.csv", "not valid CSV: a row has 2 fields, the header 12."),
    (dictionary(KEY) + '"a', "dd.csv", "not valid CSV: unexpected end of data."),
    ("<a/>", "dd.xml", "layouts.edc[0].metadata: ODM metadata (.xml) goes with `format: {type: odm}`"),
    ("x", "dd.txt", "layouts.edc[0].metadata: the name of a file in the study's folder"),
]


@pytest.mark.parametrize(("text", "file", "said"), UNREADABLE, ids=[said for *_, said in UNREADABLE])
def test_a_file_that_is_no_metadata_is_one_mistake(tmp_path: Path, text: str, file: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        study_of(tmp_path, text, file=file)
    assert said in str(error.value)
    assert str(error.value).endswith("1 mistake in the study file; no data was read.")


def test_a_metadata_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("  edc:\n    -", "  edc:\n    - {file: x.csv, metadata: gone.csv}\n    -", 1)
    with pytest.raises(
        StudyFileError, match=r"layouts.edc\[0\].metadata: .*gone.csv is not there. Put the file beside"
    ):
        make_study(tmp_path, text)


def odm(items: str, *, lists: str = "", before: str = "", version: str = "1.3") -> str:
    units = '<MeasurementUnit OID="MU"><Symbol><TranslatedText>mg/L</TranslatedText></Symbol></MeasurementUnit>'
    return (
        f'<?xml version="1.0"?>{before}\n<ODM xmlns="http://www.cdisc.org/ns/odm/v{version}"><Study OID="S">'
        f'<BasicDefinitions>{units}</BasicDefinitions><MetaDataVersion OID="1" Name="1">\n{items}\n{lists}'
        "</MetaDataVersion></Study></ODM>"
    )


def item(inside: str = "", kind: str = "text", oid: str = "IT.A") -> str:
    return f'<ItemDef OID="{oid}" Name="a" DataType="{kind}">{inside}</ItemDef>'


def check(comparator: str, value: str, hardness: str = "Hard") -> str:
    unit = '<MeasurementUnitRef MeasurementUnitOID="MU"/>'
    limit = f"<CheckValue>{value}</CheckValue>{unit}"
    return f'<RangeCheck Comparator="{comparator}" SoftHard="{hardness}">{limit}</RangeCheck>'


UNIT = '<MeasurementUnitRef MeasurementUnitOID="MU"/>'
LIST = (
    '<CodeList OID="CL" Name="c" DataType="text"><CodeListItem CodedValue="Y"><Decode><TranslatedText>Yes'
    '</TranslatedText></Decode></CodeListItem><EnumeratedItem CodedValue="N"/></CodeList>'
)
ITEMS = [
    (item(), {}),
    (item(kind="integer"), {"type": "integer"}),
    (item(kind="partialDatetime"), {"type": "date"}),
    (item(kind="boolean"), {"codes": ["true", "false", "1", "0"]}),
    (item('<CodeListRef CodeListOID="CL"/>'), {"codes": ["Y", "N"]}),
    (item(UNIT, "float"), {"type": "number", "unit": "mg/L"}),
    (item(UNIT * 2, "float"), {"type": "number"}),
    (item(check("GE", "1") + check("LE", "9.5"), "float"), {"type": "number", "range": (1, 9.5)}),
    (item(check("GE", "1", "Soft"), "float"), {"type": "number"}),
    (item(check("LT", "1"), "float"), {"type": "number", "range": (None, 0.9999999999999999)}),
]


@pytest.mark.parametrize(("text", "expected"), ITEMS, ids=[text[31:] for text, _ in ITEMS])
def test_an_item_says_what_its_column_holds(tmp_path: Path, text: str, expected: dict[str, object]) -> None:
    study = study_of(tmp_path, odm(text, lists=LIST), file="m.xml", kind="odm")
    columns = study.layouts["edc"][0].columns
    assert columns["IT.A"] == Column.model_validate({**expected, "optional": True})
    assert columns["SubjectKey"] == Column.model_validate({"class": "pseudonym", "to": "subject", "required": True})
    assert columns["StudyEventOID"] == Column(optional=True)


LAUGHS = '<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
ODM_MISTAKES = [
    (odm(item(kind="roman")), "m.xml:3: IT.A: no data type 'roman' is known."),
    (odm(item('<CodeListRef CodeListOID="NO"/>')), "m.xml:3: IT.A: there is no CodeList 'NO'."),
    (odm(item() * 2), "m.xml:3: IT.A: an ItemDef needs an OID of its own."),
    (odm(item(oid="SubjectKey")), "m.xml:3: SubjectKey: an ItemDef needs an OID of its own."),
    (odm(item(check("GE", "x"), "float")), "m.xml:3: IT.A: the check value 'x' is no number."),
    (odm(item(), lists=LIST * 2), "m.xml:4: CL: a CodeList needs an OID of its own."),
    (odm(item(), lists=LIST.replace('"N"', '"Y"')), "m.xml:4: Y: an item of a CodeList needs a CodedValue of its own."),
    (odm('<Include StudyOID="S" MetaDataVersionOID="0"/>' + item()), "m.xml:3: it takes in another version (Include)."),
    (odm(""), "m.xml:1: it has 0 MetaDataVersion with items; one is needed."),
    (odm(item() + '</MetaDataVersion><MetaDataVersion OID="2">' + item(oid="B")), "it has 2 MetaDataVersion with"),
    (odm(item(), version="2.0"), "m.xml:1: no ODM of version 1"),
    (odm(item("&b;"), before=LAUGHS), "m.xml:1: it brings a document type or entities of its own."),
    (odm(item("<a>" * 80 + "</a>" * 80)), "m.xml:1: its elements are nested more than 64 deep."),
    (odm(item())[:-9], "m.xml:1: it is no well-formed XML. Export it again. Line 4"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), ODM_MISTAKES, ids=[said for _, said in ODM_MISTAKES])
def test_a_mistake_in_odm_metadata_is_named_with_file_line_and_item(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        study_of(tmp_path, text, file="m.xml", kind="odm")
    assert said in str(error.value)


def test_every_real_metadata_file_gives_columns_or_names_what_is_wrong(shared_data: Path, tmp_path: Path) -> None:
    read, wrong = {}, []
    for path in sorted((shared_data / "odm").glob("*.xml")):
        try:
            study = study_of(tmp_path / path.stem, path.read_text("utf-8"), file="m.xml", kind="odm")
        except StudyFileError as error:
            wrong += [line for line in str(error).splitlines()[:-1] if "m.xml:" not in line]
        else:
            read[path.name] = len(study.layouts["edc"][0].columns) - 9
    assert not wrong
    assert read == {
        "cdash.odm_updated.xml": 292, "define2-0-0-sdtm-test.xml": 423, "defineV21-SDTM-metadata.xml": 179,
        "defineV21-SDTM.xml": 179, "odm-data-snapshot.xml": 52, "sdtm_def_test_roundtrip.xml": 423,
        "test_odm_001-validated.xml": 2, "test_odm_002.xml": 2,
    }  # fmt: skip
