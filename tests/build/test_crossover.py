"""A crossover with dates: each period has its own day 1 and, where the study file says so, its own baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.gate import gate
from pipelines.land import land
from pipelines.study import Study
from tests.small_study import deliver, make_study

STUDY_FILE = """\
study: CROSS
title: A small crossover
design: crossover
blinding: open
signoff: none
sites:
  S01: {name: First, layout: edc}
arms:
  KET: {label: Ketamine, role: experimental}
  PBO: {label: Placebo, role: control}
visits:
  - {visit: BL, visitnum: 0, label: Baseline, day: 1, window: [-2, 1], baseline: true, of_period: true}
  - {visit: D2, visitnum: 1, label: Day 2, day: 2, window: [2, 4], of_period: true}
baseline: {rule: last_before_first_dose, of: period, section: "5.2"}
population: {analysed: "saffl = 'Y'"}
instruments: {MADRS: {analysed_total: collected}}
endpoints:
  instrument: MADRS
  response: {min_reduction_pct: 50}
  remission: {max_score: 10}
missing_rules: [observed]
layouts:
  edc:
    - file: doses_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        consent: {type: date, to: dm.rficdtc}
        given: {type: date, to: ex.exstdtc}
        drug: {class: treatment, codes: [KET, PBO], to: ex.arm}
        period: {type: integer, to: ex.period}
    - file: scores_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit}
        day: {type: date, to: date}
        total: {type: integer, to: qs.MADRS.total}
        pulse: {type: number, to: vs.PULSE}
vital_signs:
  PULSE: {label: Pulse, unit: beats/min}
"""
DOSES = """\
id,consent,given,drug,period
001,2025-12-20,2026-01-05T09:00,KET,1
001,2025-12-20,2026-01-26T09:30,PBO,2
"""
# The second baseline is from the day before; on the day itself the site scored at 10:00, half an hour after the dose.
SCORES = """\
id,visit,day,total,pulse
001,BL,2026-01-05T08:00,30,70
001,D2,2026-01-06,12,75
001,BL,2026-01-25,20,72
001,BL,2026-01-26T10:00,8,90
001,D2,2026-01-27,11,71
"""


def built(root: Path, text: str = STUDY_FILE) -> tuple[Study, Cut]:
    study = make_study(root, text)
    deliver(study, "S01", "doses_2026-03-01.csv", DOSES)
    deliver(study, "S01", "scores_2026-03-01.csv", SCORES)
    assert not land(study).refused
    return study, Cut(study.folder, build(study).cut_id)


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_change_in_a_period_is_from_the_periods_own_baseline(tmp_path: Path) -> None:
    _, cut = built(tmp_path)
    query = "select basetype, aperiod, trta, avisit, ady, aval, base, chg, ablfl from adqs order by adt, srcseq"
    assert rows(cut, query) == [
        ("PERIOD 1", 1, "KET", "BL", 1, 30, 30, None, "Y"),
        ("PERIOD 1", 1, "KET", "D2", 2, 12, 30, -18, None),
        ("PERIOD 2", 2, "PBO", "BL", -1, 20, 20, None, "Y"),
        ("PERIOD 2", 2, "PBO", "BL", 1, 8, 20, -12, None),
        ("PERIOD 2", 2, "PBO", "D2", 2, 11, 20, -9, None),
    ]
    assert rows(cut, "select aperiod, trta, base, crit1fl from response order by aperiod") == [
        (1, "KET", 30, "Y"),
        (2, "PBO", 20, "N"),
    ]
    query = "select basetype, aperiod, aval, base from advs where avisit = 'D2' order by aperiod"
    assert rows(cut, query) == [("PERIOD 1", 1, 75, 70), ("PERIOD 2", 2, 71, 72)]


def test_one_baseline_of_a_crossover_serves_both_periods(tmp_path: Path) -> None:
    _, cut = built(tmp_path, STUDY_FILE.replace("of: period, section", "section"))
    query = "select basetype, aperiod, avisit, aval, base, ablfl from adqs order by adt, srcseq"
    assert rows(cut, query) == [
        (None, 1, "BL", 30, 30, "Y"),
        (None, 1, "D2", 12, 30, None),
        (None, 1, "UNSCHEDULED", 20, 30, None),
        (None, 2, "BL", 8, 30, None),
        (None, 2, "D2", 11, 30, None),
    ]
    assert rows(cut, "select aperiod, base, crit1fl from response order by aperiod") == [(1, 30, "Y"), (2, 30, "Y")]


@pytest.mark.parametrize("of", ["period", "study"])
def test_the_gate_finds_baselines_and_days_of_periods_in_order(tmp_path: Path, of: str) -> None:
    study, cut = built(tmp_path, STUDY_FILE.replace("of: period", f"of: {of}"))
    receipt = gate(study, cut.cut_id)
    assert not [check for check in receipt.failed if check.startswith(("CUR-ADQS", "CUR-ADVS", "CUR-RESPONSE"))]
