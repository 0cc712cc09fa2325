"""A value is what its column says, to the last character, or its row is set aside: nothing is guessed or rounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.land.hostile import CANARY, land_beside_a_good_file
from tests.small_study import STUDY_FILE, make_study, scores_file, scores_row

Aside = list[tuple[int, str | None, str]]
# Free rein to every code: one row in two is set aside here.
TEXT = STUDY_FILE.replace("limit_pct: 60", "limit_pct: 100").replace("range: [18, 90], ", "")

NO_WHOLE_NUMBER = [
    *("1_0", "0x1F", "1 000", "1'000", '"1,000"', "30 ", "\t30", "3\u00a00", "\u0663\u0660", "\uff13\uff10", "\u09e7"),
    *("\u00b2", "\u00bd", "\u22125", "--", ".", "NaN", "nan", "inf", "Infinity", "9" * 19, "=30", "'30", CANARY),
]
NO_NUMBER = [
    *("NaN", "NAN", "inf", "-inf", "Infinity", "1e400", "1e309", "-1e309", "1e-400", "0.1e-330", "0x1F", "1_000"),
    *(
        "1d5",
        "1e",
        "0b1",
        "1.5.2",
        "1.5mg",
        "<0.5",
        ">10",
        "1'000",
        '"1,5"',
        "\u0661.\u0665",
        "\uff11.5",
        "1.5 ",
        CANARY,
    ),
]
NO_DATE = [
    *("2026-02-30", "2026-02-29", "2026-13", "2026-00", "2026-01-00", "2026-1-5", "20260105", "2026/01/05", "5/1/26"),
    *("2026-W05-1", "2026-036", "2026--05", "05-JAN-2026", "Jan 5 2026", "UNK-01-2026", "46027", "2026-01-05 "),
    *("2026-01-05T24:00", "2026-01-05T23:60", "2026-01-05T08:30:61", "2026-01-05T08:30Z", "2026-01-05T08:30+01:00"),
    *(
        "2026---32",
        "2026---00",
        "2026---5",
        "2026---",
        "2026-----05",
        "--13-05",
        "--02-30",
        "--00-05",
        "--1-5",
        "--12",
        "---05",
    ),
    *("2026-01-05/", "/2026-01-05", "2026-01-05/2026-01-04", "2026-01-05/2026-02-30", "2026/2027", "2026-01-05/P1D"),
    *("2026-01-01/2026-01-02/2026-01-03", "2026-01-05//2026-01-06", "2026-01-05/2026-01-06 ", "2026---15/2026---16"),
    *("2026-01-05T", "\uff12\uff10\uff12\uff16-01-05", "\u0662026-01-05", CANARY),
]
OUT_OF_TIME = [
    "2026-02-02",
    "2026-03",
    "2027",
    "2027---15",
    "2026-01-05/2026-02-02",
    "1899-12-30/1899-12-31",
    "9999-12-31",
    "1899-12-31",
    "0001-01-01",
    "0000-01-01",
    "1026-02-02",
]
NO_KEY = [
    *(
        "\u0410-001",
        "\uff10\uff10\uff11",
        "\t",
        "00\u200b1",
        "00\u200d1",
        "\u202e001",
        "001\u00a0",
        "e\u0301-1",
        "\u00e9-1",
    ),
    *(
        "a b",
        '"a,b"',
        "'001'",
        "001;",
        "x" * 65,
        "..",
        "-1",
        "$(id)",
        "{{7*7}}",
        "<b>",
        "'; drop table x --",
        "\x1b[2J1",
    ),
]
CASES: list[tuple[dict[str, str], str, str]] = [
    *(({"total": value}, "total", "Q_NUMBER") for value in NO_WHOLE_NUMBER),
    *(({"total": value}, "total", "Q_TYPE") for value in ("5.6", "30.0", "30.", "3e1", "60.0000001", "-0.5")),
    *(({"total": value}, "total", "Q_RANGE") for value in ("61", "-1", "+61", "061", "9" * 18)),
    ({"items": "3,3,3,3,3,3,7,3,3,3"}, "madrs_07", "Q_RANGE"),
    *(({"crp": value}, "crp", "Q_NUMBER") for value in NO_NUMBER),
    *(({"day": value}, "day", "Q_DATE") for value in NO_DATE),
    *(({"day": value}, "day", "Q_DATE_AMBIGUOUS") for value in ("03/04/2026", "3.4.2026", "13-01-2026")),
    *(({"day": value}, "day", "Q_DATE_RANGE") for value in OUT_OF_TIME),
    *(({"subject": value}, "id", "Q_ID_CHARSET") for value in NO_KEY),
    *(({"subject": value}, "id", "Q_KEY") for value in ("", " ")),
    *(({"visit": value}, "visit", "Q_FK") for value in ("W99", "W1 ", "W1\u200b", "\uff371", "' or 1=1 --", CANARY)),
]


@pytest.mark.parametrize("code", sorted({case[2] for case in CASES}))
def test_a_value_that_is_not_as_declared_sets_its_row_aside(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, code: str
) -> None:
    cases = [case for case in CASES if case[2] == code]
    bad = [scores_row(**({"subject": f"{number}", "note": CANARY} | case[0])) for number, case in enumerate(cases, 100)]
    content = scores_file(scores_row("001"), *bad, scores_row("002"))
    landed = land_beside_a_good_file(make_study(tmp_path, TEXT), content, capfd, caplog)
    expected: Aside = [(row, column, code) for row, (_, column, _) in enumerate(cases, start=2)]
    assert landed.quarantine == expected
    assert (landed.receipt.rows_accepted, landed.receipt.codes) == (2, (code,))
    assert len(landed.rows()) == len(cases) + 2, "as delivered, each of them is kept"


# What can be read one way only is that, and what is kept as text stays as it came.
TAKEN = [
    ({"crp": "-0"}, "lb", "lborres = '-0' and lbstresn = 0"),
    ({"total": "+30"}, "qs", "qsorres = '+30' and qsstresn = 30"),
    ({"crp": "-1.5"}, "lb", "lborres = '-1.5' and lbstresn = -1.5"),
    ({"crp": ".5"}, "lb", "lbstresn = 0.5"),
    ({"crp": "0e-400"}, "lb", "lbstresn = 0"),
    ({"crp": "1e308"}, "lb", "lbstresn = 1e308"),
    ({"subject": "007"}, "qs", "usubjid = 'SMALL-S01-007'"),
    ({"subject": "1e5"}, "qs", "usubjid = 'SMALL-S01-1e5'"),
    ({"day": "2026-02-01"}, "qs", "qsdtc = '2026-02-01'"),
    ({"day": "2026-02"}, "qs", "qsdtc = '2026-02'"),
    ({"day": "1900"}, "qs", "qsdtc = '1900'"),
    ({"day": "2024-02-29"}, "qs", "qsdtc = '2024-02-29'"),
    ({"day": "2026-01-05T23:59:59"}, "qs", "qsdtc = '2026-01-05T23:59:59'"),
]


def test_a_value_that_can_be_read_one_way_only_lands_as_that(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rows = [scores_row(**({"subject": f"{number}"} | case[0])) for number, case in enumerate(TAKEN, 100)]
    landed = land_beside_a_good_file(make_study(tmp_path, TEXT), scores_file(*rows), capfd, caplog)
    assert (landed.receipt.outcome, landed.receipt.codes) == ("accepted", ())
    for row, (_, domain, condition) in enumerate(TAKEN, start=1):
        assert landed.count(f"rows/{domain}.parquet", f"_source_row = {row} and {condition}"), (row, condition)


@pytest.mark.parametrize(
    ("age", "code"), [("-1", "Q_RANGE"), ("140", "Q_RANGE"), ("121", "Q_RANGE"), ("5.6", "Q_TYPE")]
)
@pytest.mark.parametrize("declared", ["integer", "number"])
def test_an_age_that_nobody_has_is_set_aside_though_the_study_file_sets_no_limit(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    age: str,
    code: str,
    declared: str,
) -> None:
    study = make_study(tmp_path, TEXT.replace("class: quasi, type: integer", f"class: quasi, type: {declared}"))
    content = f"id,age,consent,dose_date\n001,0,,\n002,{age},,\n003,120,,\n"
    landed = land_beside_a_good_file(study, content, capfd, caplog, file="subjects_2026-02-01.csv")
    assert landed.quarantine == [(2, "age", code)]


def test_free_text_is_data_whatever_stands_in_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    notes = [
        *(
            "<script>alert(1)</script>",
            "{{ 7*7 }}",
            "{% raw %}",
            "$(id)",
            "`id`",
            "'; drop table rows_text; --",
            "%s%n",
        ),
        *(
            "\\",
            "\\n",
            "C:\\x",
            "=HYPERLINK(1)",
            "+1",
            "-1",
            "@SUM(A1)",
            "\x1b[2J\x1b]0;x\x07",
            "a\u2028b\u0085c",
            "\u202e",
        ),
        *(f"\nF_HASH: {CANARY}", "cafe\u0301", "caf\u00e9", "\ufeff", "{'a': 1}", "NULL", "None", "NA ", " "),
    ]
    rows = [scores_row(f"{n}", note=f'"{note}"') for n, note in enumerate(notes, 100)]
    landed = land_beside_a_good_file(make_study(tmp_path, TEXT), scores_file(*rows), capfd, caplog)
    assert (landed.receipt.outcome, landed.receipt.codes) == ("accepted", ())
    assert [row[-1] for row in landed.rows()] == notes


LABORATORY = """
    - file: lab_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit}
        test: {codes: [CRP], to: lb.lbtestcd, required: true}
        value: {type: number, to: lb.lbstresn}
        unit: {to: lb.lbstresu}
  sdtm:"""


def test_a_unit_a_code_and_a_required_value_are_as_declared(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    study = make_study(tmp_path, TEXT.replace("\n  sdtm:", LABORATORY, 1))
    rows = ["001,BL,CRP,1.5,mg/L", f"002,BL,CRP,1.5,{CANARY}", "003,BL,CRP,1.5,", f"004,BL,{CANARY},1.5,mg/L"]
    content = "\n".join(["id,visit,test,value,unit", *rows, "005,BL,,1.5,mg/L", "006,BL,CRP,0.2,mg/dL", ""])
    landed = land_beside_a_good_file(study, content, capfd, caplog, file="lab_2026-02-01.csv")
    assert landed.quarantine == [
        (2, "unit", "Q_UNIT"),
        (3, "unit", "Q_UNIT"),
        (4, "test", "Q_CODE"),
        (5, "test", "Q_MISSING"),
    ]
    assert landed.count("rows/lb.parquet", "true") == 2


def test_a_visit_declared_a_whole_number_is_one_that_the_plan_names_or_its_row_is_set_aside(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    numbered = LABORATORY.replace("visit: {to: visit}", "visit: {type: integer, to: visit}")
    study = make_study(tmp_path, TEXT.replace("\n  sdtm:", numbered, 1).replace("label: Day 2", 'label: "2"'))
    rows = ["001,2,CRP,1.5,mg/L", "002,77,CRP,1.5,mg/L", f"003,{CANARY},CRP,1.5,mg/L"]
    content = "\n".join(["id,visit,test,value,unit", *rows, ""])
    landed = land_beside_a_good_file(study, content, capfd, caplog, file="lab_2026-02-01.csv")
    assert landed.quarantine == [(2, "visit", "Q_FK"), (3, "visit", "Q_NUMBER")]
    assert landed.count("rows/lb.parquet", "visit = 'D2'") == 1
