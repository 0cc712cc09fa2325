"""What holds for any delivery: text as it was written, types by their definition, restatements in any order."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import re
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pipelines.build.landed import create_landed
from pipelines.core.duck import connect
from pipelines.cut import cut_inputs
from pipelines.land import land
from pipelines.land.contract import contract_for
from pipelines.land.readers import read_text_rows
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

ROOT = Path(__file__).resolve().parents[2]
HEAD = STUDY_FILE[: STUDY_FILE.index("layouts:")].replace("limit_pct: 60", "limit_pct: 100")
OTHERS = "layouts:\n  sdtm: [{file: none.csv, sdtm: ae}]\n  irt: [{file: none.csv, sdtm: ae}]\n  edc:\n"
# An example is a landing: to make a failing one smaller would take minutes.
QUICK = settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


# --- Delimited text -------------------------------------------------------------------------------------------------

COLUMNS = ("id", "x", "y")
TEXTS = st.text(st.characters(codec="cp1252", exclude_characters="\0"), max_size=6)
MARKED = st.text(st.sampled_from("a,;|\t\"' \n\r\\\u20ac"), max_size=6)


@st.composite
def written_tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[str]], bytes]:
    """Draws a table, how it is written, and its bytes."""
    rows = draw(st.lists(st.lists(TEXTS | MARKED, min_size=3, max_size=3), max_size=6))
    delimiter, end = draw(st.sampled_from(",;|\t")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "cp1252"]))
    quoted = draw(st.booleans()) or any(mark in text for row in rows for text in row for mark in "\r\n")
    target = io.StringIO(newline="")
    # Minimal quoting leaves the line end that it does not write itself bare, and that ends a line.
    quoting: Any = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([COLUMNS, *rows])
    form = {"type": "delimited", "delimiter": delimiter, "encoding": encoding}
    return form, rows, target.getvalue().encode(encoding)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(written_tables())
def test_any_table_that_csv_writes_is_read_as_it_was_written(
    drawn: tuple[dict[str, Any], list[list[str]], bytes],
) -> None:
    form, rows, content = drawn
    # JSON is YAML.
    columns = "{id: {class: pseudonym, to: subject}, x: {}, y: {}}"
    layout = f"    - file: t.csv\n      format: {json.dumps(form)}\n      columns: {columns}\n"
    with tempfile.TemporaryDirectory() as name:
        study = make_study(Path(name), HEAD + OTHERS + layout)
        path = deliver(study, "S01", "t.csv", content)
        matched = contract_for(study, "S01", "t.csv")
        assert matched is not None
        text = read_text_rows(path, matched[0])
    assert text.table.column_names == list(COLUMNS)
    assert [list(row.values()) for row in text.table.to_pylist()] == rows


# --- Types ----------------------------------------------------------------------------------------------------------

EXPORTED = dt.date(2026, 2, 1)
TYPING = (
    HEAD
    + OTHERS
    + """\
    - file: values_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        integer: {type: integer, range: [-5, 90], to: dm.age}
        number: {type: number, unit: mg/L, to: lb.CRP}
        date: {type: date, to: dm.rficdtc}
        local: {type: date, date_order: dmy, to: dm.dthdtc}
        code: {codes: {"1": F, "2": M, "": U}, missing: ["-9"], to: dm.sex}
"""
)
DIGITS = st.text(st.sampled_from("0123456789+-.eE_, x\u0663\uff13"), max_size=8)
DATES = st.dates(dt.date(1899, 12, 1), dt.date(2026, 3, 1)).map(dt.date.isoformat)
WRITTEN = st.one_of(
    DIGITS,
    st.integers(-(10**20), 10**20).map(str),
    st.integers(-7, 95).map(str),
    st.floats().map(repr),
    DATES,
    st.tuples(DATES, st.sampled_from(" Tt"), st.from_regex(r"[0-2][0-9]:[0-6][0-9](:[0-6][0-9])?", fullmatch=True)).map(
        "".join
    ),
    st.from_regex(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}", fullmatch=True),
    st.sampled_from(["1", "2", "-9", "F", " 1", "1e400", "-1e400", "NaN", "inf", "0x1F", "1_0", "2024-02-30", "24:00"]),
)
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
LOCAL = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")


def integer(text: str) -> int | str:
    if re.fullmatch("[+-]?[0-9]{1,18}", text):
        return int(text) if -5 <= int(text) <= 90 else "Q_RANGE"
    fraction = NUMBER.fullmatch(text) and not re.fullmatch("[+-]?[0-9]+", text)
    return "Q_TYPE" if fraction else "Q_NUMBER"


def number(text: str) -> float | str:
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        return "Q_NUMBER"
    # What is too small for a double would be read as 0, which it is not.
    digits = re.split("[eE]", text)[0]
    return float(text) if float(text) or not re.search("[1-9]", digits) else "Q_NUMBER"


def iso_date(text: str) -> str:
    """Returns the date as it lands, or the reason why it does not."""
    match = re.fullmatch(r"([0-9]{4})(-[0-9]{2})?(-[0-9]{2})?([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", text)
    if not match or (match[3] and not match[2]) or (match[4] and not match[3]):
        return "Q_DATE"
    try:
        # The calendar of Python starts at the year 1.
        year = match[1] if match[1] != "0000" else "0400"
        dt.date.fromisoformat(year + (match[2] or "-01") + (match[3] or "-01"))
        if match[4]:
            dt.time.fromisoformat(match[4][1:])
    except ValueError:
        return "Q_DATE"
    return "Q_DATE_RANGE" if text < "1900" or text[:10] > EXPORTED.isoformat() else text.replace(" ", "T")


def date(text: str) -> str:
    return "Q_DATE_AMBIGUOUS" if LOCAL.fullmatch(text) else iso_date(text)


def local(text: str) -> str:
    match = LOCAL.fullmatch(text)
    return iso_date(f"{match[3]}-{match[2]:>02}-{match[1]:>02}" if match else text)


def code(text: str) -> str | None:
    return None if text == "-9" else {"1": "F", "2": "M"}.get(text, "Q_CODE")


# What a column of this name means, and where its value lands.
DEFINED: dict[str, tuple[Any, str, str]] = {
    "integer": (integer, "dm", "age"),
    "number": (number, "lb", "lbstresn"),
    "date": (date, "dm", "rficdtc"),
    "local": (local, "dm", "dthdtc"),
    "code": (code, "dm", "sex"),
}


@QUICK
@given(st.lists(st.tuples(st.sampled_from(sorted(DEFINED)), WRITTEN.filter(bool)), min_size=20, max_size=60))
@example([("date", "2026-01-05T24:00"), ("date", "2026-01-05T23:59:60"), ("date", "0000-01-01"), ("number", "1e400")])
def test_any_text_is_typed_by_its_definition_or_set_aside_for_its_reason(values: list[tuple[str, str]]) -> None:
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, ["id", *DEFINED], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"id": f"s{i}", column: text} for i, (column, text) in enumerate(values, 1))
    expected = [(i, column, DEFINED[column][0](text)) for i, (column, text) in enumerate(values, 1)]
    with tempfile.TemporaryDirectory() as name:
        study = make_study(Path(name), TYPING)
        deliver(study, "S01", f"values_{EXPORTED}.csv", target.getvalue())
        (receipt,) = land(study, workers=1).deliveries
        directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
        aside = duckdb.execute(
            f"select _source_row, column_name, code from '{directory}/quarantine.parquet'"
        ).fetchall()
        assert (receipt.rows_in, receipt.rows_quarantined) == (len(values), len(aside))
        assert aside == [one for one in expected if str(one[2]).startswith("Q_")]
        for column, (_, domain, variable) in DEFINED.items():
            wanted = [(i, value) for i, name, value in expected if name == column and not str(value).startswith("Q_")]
            if wanted := [(i, value) for i, value in wanted if value is not None]:
                query = f"select _source_row, {variable} from '{directory}/rows/{domain}.parquet'"
                assert duckdb.execute(f"{query} where {variable} is not null order by 1").fetchall() == wanted


# --- Restatements ---------------------------------------------------------------------------------------------------

LABS = (
    HEAD
    + OTHERS
    + """\
    - file: all_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        crp: {type: integer, unit: mg/L, to: lb.CRP, visit: BL}
    - file: new_{date}.csv
      delivery: increment
      columns:
        id: {class: pseudonym, to: subject}
        crp: {type: integer, unit: mg/L, to: lb.CRP, visit: D2}
"""
)
# Which export, the day, and the value of each subject; none is a value that was not collected.
DELIVERED = st.lists(
    st.tuples(
        st.sampled_from(["all", "new"]),
        st.integers(1, 9),
        st.dictionaries(st.sampled_from(["001", "002"]), st.none() | st.integers(1, 3), max_size=2),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[:2],
)
Values = dict[tuple[str, str], float]


def model(deliveries: list[tuple[str, int, dict[str, int | None]]]) -> Values:
    """Returns what is current: of the full exports the newest, of the increments the newest value of each key."""
    current: Values = {}
    full = [values for export, _, values in sorted(deliveries, key=lambda one: one[1]) if export == "all"]
    seen: list[list[tuple[str, int | None]]] = []
    for export, _, values in sorted(deliveries, key=lambda one: one[1]):
        # The same bytes again are the delivery that came first.
        if export == "new" and list(values.items()) not in seen:
            seen.append(list(values.items()))
            current |= {(subject, "D2"): float(value) for subject, value in values.items() if value is not None}
    newest = full[-1] if full else {}
    return current | {(subject, "BL"): float(value) for subject, value in newest.items() if value is not None}


def content(values: dict[str, int | None]) -> str:
    return "id,crp\n" + "".join(f"{subject},{'' if value is None else value}\n" for subject, value in values.items())


def current_values(study: Study) -> Values:
    """Returns the current laboratory results as the project's own staging model says."""
    model_file = ROOT / "dbt_project" / "models" / "staging" / "stg_landed__lab_results.sql"
    macros = (ROOT / "dbt_project" / "macros" / "records.sql").read_text(encoding="utf-8")
    sql = jinja2.Template(macros + model_file.read_text(encoding="utf-8")).render(
        source=lambda schema, table: f"{schema}.{table}", full_date=lambda column: f"try_cast({column} as date)"
    )
    with connect() as connection:
        create_landed(connection, cut_inputs(study))
        found = connection.execute(f"select usubjid, visit, lbstresn from ({sql})").fetchall()
    values = {(subject.rpartition("-")[2], visit): value for subject, visit, value in found}
    assert len(values) == len(found)
    return values


def landed_files(study: Study) -> dict[str, bytes]:
    folder = study.folder.deliveries
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@QUICK
@given(DELIVERED)
@example([("all", 1, {"001": 1}), ("new", 2, {"001": 1})])
@example([("new", 1, {"001": 1}), ("new", 2, {"001": 2}), ("all", 3, {}), ("new", 3, {"001": None})])
def test_current_values_are_those_of_a_plain_model_in_whatever_order_deliveries_arrive(
    deliveries: list[tuple[str, int, dict[str, int | None]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        one_by_one, together = (make_study(Path(name) / order, LABS) for order in ("one_by_one", "together"))
        for export, day, values in deliveries:
            deliver(one_by_one, "S01", f"{export}_2026-02-0{day}.csv", content(values))
            deliver(together, "S01", f"{export}_2026-02-0{day}.csv", content(values))
            land(one_by_one, workers=1)
        land(together, workers=1)
        assert current_values(one_by_one) == current_values(together) == model(deliveries)
        before = landed_files(one_by_one)
        # Equal bytes under two names name the file that came first.
        contents = [content(values) for _, _, values in deliveries]
        assert before == landed_files(together) or len(set(contents)) < len(contents)
        # Landing again is a no-op.
        assert not land(one_by_one, workers=1).new
        assert landed_files(one_by_one) == before
