"""A study file's mistakes are found before any data is read, all at once, each with key, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study import load_study
from pipelines.study.load import find_study
from tests.small_study import STUDY_FILE, make_study

# What is changed in a right study file, and what the error must say: line, key and remedy.
MISTAKES = [
    ("missing_rules:", "missing_rule:", "24: missing_rule: unknown key. Did you mean 'missing_rules'?"),
    ("title: A small trial\n", "", "1: title: this key is missing. Add it."),
    ("design: parallel", "design: paralel", "3: design: must be one of 'parallel', 'crossover'"),
    ("layout: sdtm}", "layout: stdm}", "10: sites.S03.layout: no such layout. Layouts: edc, sdtm, irt."),
    ("instrument: MADRS", "instrument: MADR", "21: endpoints[0].instrument: not among the instruments: MADRS."),
    ("max_score: 10,", "max_score: 90,", "23: endpoints[0].remission.max_score: outside the total's range (0, 60)."),
    ("type: integer, to: qs.MADRS.total", "to: qs.MADRS.total", "'qs.MADRS.total' takes integer or number. Write"),
    ("type: date, to: date", "to: date", "columns.day.type: 'date' takes date. Write `type: date`"),
    ("  instrument: MADRS", "  instrument: MADRS\n  visit: W9", "endpoints[0].visit: no visit 'W9'. Visits: BL, D2,"),
    ("[observed, locf, nri]", "[observed, lofc]", "24: missing_rules[1]: must be one of 'observed', 'locf',"),
    (
        "[observed, locf, nri]",
        "[{rule: nri, baseline: true}]",
        "24: missing_rules[0]: baseline and unscheduled say what locf and wocf carry forward. Leave them out.",
    ),
    (
        "[observed, locf, nri]",
        "[locf, {rule: locf, unscheduled: true}]",
        "24: missing_rules[1].name: two rules have this name. Give each its own.",
    ),
    ("window: [2, 4]", "window: [4, 2]", "17: visits[1].window: the window ends before it starts."),
    ("window: [2, 4]", "window: [2, 5]", "18: visits[2].window: overlaps the window of the visit before it."),
    ("day: 2, window: [2, 4]", "day: 0, window: [0, 4]", "17: visits[1].day: there is no study day 0"),
    (", baseline: true", "", "15: visits: exactly one visit must say `baseline: true`."),
    ("to: dm.age}", "to: dm.agee}", "32: layouts.edc[0].columns.age.to: 'dm.agee': no such variable. dm has subjid"),
    ("to: qs.MADRS.total", "to: qs.MADRS.sum", "MADRS has items 1 to 10, or `total`."),
    ('"qs.MADRS.{01..10}"', '"qs.MADRS.{01..09}"', "must spread over as many names as the column does."),
    ("codes: [KET, PBO]", "codes: {A: KET, B: KTE}", "codes.B: no arm 'KTE'. Arms: KET, PBO."),
    ("range: [18, 90]", "range: [90, 18]", "range: ends before it starts. Write [lowest, highest]."),
    ("        note: {", "        _Source_Row: {", "are columns of landing's own. Ask for another name."),
    ("class: quasi", "class: quasy", "class: must be one of 'pseudonym', 'quasi', 'clinical'"),
    ("title: A small trial", "title: x\ntitle: y", "3: the key 'title' stands twice here. Keep one of the two."),
    ("sites:\n", "sites: [\n", "not valid YAML"),
    (
        "instruments: [MADRS]",
        "instruments: [MADRS, XYZ]",
        "19: instruments.XYZ: not in the catalogue. It holds: ADAS11, BDI2",
    ),
    ("quarantine_limit_pct: 60", "quarantine_limit_pct: 101", "6: quarantine_limit_pct: input should be less than"),
    ("        id: {class: pseudonym, to: subject}\n        age", "        age", "no column says `to: subject`"),
    ("blinding: open", "blinding: open\npopulation: {analysed: age > 3}", "population.analysed: write conditions like"),
    (
        "missing_rules:",
        "exposure: {planned: {KTE: {mg: 5}}}\nmissing_rules:",
        "exposure.planned.KTE: no arm 'KTE'. Arms: KET, PBO.",
    ),
    ("missing_rules:", "exposure: {planned: {KET: {}}}\nmissing_rules:", "write either mg_per_kg or mg"),
    (
        "missing_rules:",
        "vital_signs: {SYSBP: {label: S, unit: mmHg, alert_above: 90, alert_below: 90}}\nmissing_rules:",
        "vital_signs.SYSBP.alert_below: lies at alert_above or beyond it",
    ),
    (
        "missing_rules:",
        "safety: {special_interest: [{name: A, terms: [Dysuria]}, {name: B, terms: [dysuria]}]}\nmissing_rules:",
        "safety.special_interest[1].terms: 'dysuria' stands in two groups.",
    ),
    (
        "missing_rules:",
        "safety: {session_peaks: [{paramcd: CADSS}]}\nmissing_rules:",
        "safety.session_peaks[0].paramcd: no instrument or vital sign 'CADSS'. There are MADRS.",
    ),
    (
        "missing_rules:",
        "blinding_assessments: [{testcd: GUESS, label: Which, answers: {Ketamine: KTE}}]\nmissing_rules:",
        "no arm 'KTE'. Arms: KET, PBO; or `unknown`.",
    ),
    (
        "missing_rules:",
        "blinding_assessments: [{testcd: GUESS, label: Which}]\nmissing_rules:",
        "blinding_assessments[0].answers: a guess needs its answers",
    ),
    ("{mg/dL: 10}}", "{mg/dL: 10}, below_limit: limit}", "CRP.below_limit: 'limit' needs a number: add lower_limit."),
    ("{mg/dL: 10}}", "{mg/dL: 10}, above_limit: limit}", "CRP.above_limit: 'limit' needs a number: add upper_limit."),
    ("{mg/dL: 10}}", "{mg/dL: 10}, lower_limit: 2, upper_limit: 2}", "CRP.upper_limit: lies at lower_limit or below"),
    (
        "blinding: open",
        "blinding: open\npopulation: {analysed: radfl = 'Y'}",
        "population.analysed: no variable 'radfl'",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES, ids=[said for _, _, said in MISTAKES])
def test_a_mistake_is_named_with_line_key_and_remedy(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in STUDY_FILE
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, STUDY_FILE.replace(right, wrong, 1))
    assert said in str(error.value)
    assert str(tmp_path / "study.yml") in str(error.value)
    assert error.value.exit_code == 11


def test_all_mistakes_are_named_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("layout: irt}", "layout: nope}").replace("[2, 4]", "[4, 2]").replace("ds.arm", "ds.amr")
    with pytest.raises(StudyFileError) as error:
        make_study(tmp_path, text)
    *lines, last = str(error.value).splitlines()
    assert [line.split("study.yml:")[1].split(":")[0] for line in lines] == ["11", "17", "17", "53"]
    assert last == "4 mistakes in the study file; no data was read."


def test_keys_that_yaml_reads_as_numbers_or_booleans_stay_text(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("  S01: {name: First", "  007: {name: First").replace("        note:", "        no:")
    study = make_study(tmp_path, text)
    assert "007" in study.sites
    assert "no" in study.layouts["edc"][1].columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "file: a mapping is expected here"),
        ("- 1\n", "file: a mapping is expected here"),
        ("a: &x {b: *x}\n", "nested too deeply"),
        (
            "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)),
            "undefined",
        ),
        (
            "a: &a [1, 1]\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1 or str()}'] * 9)}]\n" for i in range(1, 9)),
            "too large",
        ),
        ("study: !!python/object:os.system x\n", "not valid YAML"),
    ],
)
def test_what_is_no_study_file_at_all_is_said_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        make_study(tmp_path, text)


def test_a_folder_without_a_study_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"there is no study file"):
        load_study(tmp_path)


def test_a_study_is_found_by_its_folders_name_or_by_its_path(tmp_path: Path) -> None:
    study = make_study(tmp_path / "studies" / "small")
    assert find_study("small", tmp_path / "studies").folder == study.folder
    assert find_study(str(tmp_path / "studies" / "small"), tmp_path / "elsewhere").name == "small"


@pytest.mark.parametrize("name", ["nimh_ketamine", "kap_demo"])
def test_the_shipped_studies_load(name: str) -> None:
    study = load_study(Path(__file__).resolve().parents[2] / "studies" / name)
    assert study.name == name
    assert all(endpoint.response.section for endpoint in study.endpoints)
