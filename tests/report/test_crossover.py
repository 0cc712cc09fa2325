"""A crossover is described as one: by sequence and period, from one baseline, without a test between its arms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.report import report
from tests.report.cuts import Row, make_cut
from tests.report.trials import CHECKS

STUDY = """
study: CROSS-1
title: A crossover
design: crossover
blinding: open
signoff: none
sites:
  S01: {name: Basel, layout: a}
arms:
  KET: {label: Ketamine, role: experimental}
  PBO: {label: Saline, role: control}
population: {analysed: "dx = 'MDD'"}
visits:
  - {visit: B0, visitnum: 0, label: Baseline, baseline: true}
  - {visit: D2, visitnum: 2, label: Day 2, day: 2, of_period: true}
instruments: [MADRS]
endpoints:
  instrument: MADRS
  response: {min_reduction_pct: 50}
  remission: {max_score: 10}
durability:
  - {paramcd: TTLOSS, param: Time to loss, loss_of_response: {confirmed: false}}
layouts:
  a:
    - file: a.csv
      columns: {id: {class: pseudonym, to: subject}, age: {class: quasi, type: integer, to: dm.age},
                madrs: {type: integer, to: qs.MADRS.total}}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    # A: ketamine, then saline; B: saline, then ketamine; C: ketamine only; D: a healthy volunteer, not analysed.
    courses: dict[str, list[tuple[str, int]]] = {"A": [("KET", 10), ("PBO", 30)], "B": [("PBO", 28), ("KET", 20)]}
    courses |= {"C": [("KET", 15)], "D": [("KET", 1), ("PBO", 1)]}
    tables: dict[str, list[Row]] = {name: [] for name in ("adsl", "adqs", "exposure", "response", "remission")}
    for subject, course in courses.items():
        analysed = "N" if subject == "D" else "Y"
        key: Row = {"usubjid": subject, "siteid": "S01"}
        sequence = "-".join(arm for arm, _ in course)
        flags = {"trtseqp": sequence, "eosstt": "UNKNOWN", "randfl": "Y", "saffl": "Y", "analysfl": analysed}
        tables["adsl"].append(key | flags)
        score = key | {"paramcd": "MADRS"}
        tables["adqs"].append(score | {"avisit": "B0", "avisitn": 0.0, "aval": 30.0, "ablfl": "Y"})
        for period, (arm, value) in enumerate(course, start=1):
            at: dict[str, Any] = {"trta": arm, "aperiod": period, "avisit": "D2", "avisitn": 2.0}
            tables["exposure"].append(key | {"trta": arm, "aperiod": period})
            tables["adqs"].append(score | at | {"aval": value, "base": 30.0, "chg": value - 30.0, "anl01fl": "Y"})
            judged = score | at | {"endpoint": "primary", "estimand": "treatment_policy", "missing_rule": "observed"}
            if analysed == "Y":
                tables["response"].append(judged | {"crit1fl": "Y" if value <= 15 else "N"})
                tables["remission"].append(judged | {"crit1fl": "Y" if value <= 10 else "N"})
    tables["durability"] = [
        {"usubjid": "A", "trta": "KET", "paramcd": "TTLOSS", "aval": 9.0, "cnsr": 0, "evntdesc": "LOSS OF RESPONSE"},
        {"usubjid": "B", "trta": "PBO", "paramcd": "TTLOSS", "aval": 9.0, "cnsr": 1, "cnsdtdsc": "END OF FOLLOW-UP"},
    ]
    root: Path = tmp_path_factory.mktemp("crossover")
    study, cut = make_cut(root, STUDY, tables, checks=CHECKS)
    return report(study, cut.cut_id).path.read_text(encoding="utf-8")


def cells(page: str, caption: str) -> list[str]:
    """Returns each row of the table with this caption as one line of text."""
    table = page.split(f"<caption>{caption}", 1)[1].split("</table>", 1)[0].split("<tbody>", 1)[1]
    return [" ".join(part.split(">")[-1] for part in row.split("</t")[:-1]).strip() for row in table.split("<tr>")[1:]]


def test_arms_are_counted_over_both_periods_and_by_period(page: str) -> None:
    primary = cells(page, "Primary definition. Response")
    assert primary[0].startswith("Day 2 Ketamine 2/3 66.7")
    assert primary[1].startswith("Saline 0/2 0.0")
    by_period = cells(page, "Primary definition, by arm and period")
    assert [row.split("%")[0] for row in by_period] == [
        "Day 2 Ketamine 1 2/2 100.0\u00a0",
        "Ketamine 2 0/1 0.0\u00a0",
        "Saline 1 0/1 0.0\u00a0",
        "Saline 2 0/1 0.0\u00a0",
    ]


def test_the_one_baseline_stands_once_and_for_analysed_subjects_only(page: str) -> None:
    rows = cells(page, "MADRS: score and change")
    assert rows[0].startswith("Baseline All analysed 3 30.00 0.00 \u2014")
    assert rows[1].startswith("Day 2 Ketamine 3 15.00 5.00 \u221215.00")


def test_sequences_and_periods_are_tabulated_with_incomplete_ones_named(page: str) -> None:
    assert cells(page, "Subjects by sequence and period") == [
        "KET only 1 Ketamine 1 1",
        "KET-PBO 1 Ketamine 2 1",
        "2 Saline 2 1",
        "PBO-KET 1 Saline 1 1",
        "2 Ketamine 1 1",
    ]


def test_what_the_analysis_does_not_do_is_said(page: str) -> None:
    assert "carry-over from the first period into the second is not handled" in page
    assert "one baseline, before the first period, serves both periods" in page
    assert "No test between arms: the same subjects are in each arm" in page
    assert "Newcombe, n =" not in page


def test_an_end_of_study_that_nobody_delivered_is_not_counted_as_zero(page: str) -> None:
    rows = cells(page, "Subjects by step of the study")
    assert "Completed \u2014 \u2014 \u2014 \u2014" in rows
    assert "End of study not recorded 1 2 1 4" in rows


def test_arms_of_the_same_subjects_are_not_compared(page: str) -> None:
    assert "No comparison: the same subjects are in each arm" in page
