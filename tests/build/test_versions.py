"""A trial whose protocol was amended: each subject's windows and denominators are those of its own version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.gate import gate
from tests.build.trial import SUBJECTS, TRIAL, make_trial

PROTOCOL = """\
day_one: [first_dose, consent]
protocol:
  amendments:
    - {version: "2", from: 2026-01-03, visits: [{visit: W1, day: 11, window: [10, 14]}], dropped: [D2]}
instruments: [MADRS]
"""
# 002 consents on the day of the amendment, all others the day before.
CONSENT = ("002,41,2026-01-02", "002,41,2026-01-03")


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_each_subject_is_counted_by_the_version_that_it_consented_to(tmp_path: Path) -> None:
    study = make_trial(tmp_path, TRIAL.replace("instruments: [MADRS]\n", PROTOCOL), subjects=SUBJECTS.replace(*CONSENT))
    cut = Cut(study.folder, build(study).cut_id)
    query = "select right(usubjid, 3), protocol_version, strftime(rfstdt, '%m-%d') from adsl order by usubjid"
    assert rows(cut, query) == [
        ("001", "1", "01-05"),
        ("002", "2", "01-05"),
        ("003", "1", "01-05"),
        ("004", "1", "01-02"),
        ("005", "1", "01-02"),
    ]
    query = """
        select right(usubjid, 3), list(avisit order by avisitn) from response
        where estimand = 'treatment_policy' and missing_rule = 'nri' group by usubjid order by usubjid
    """
    assert rows(cut, query) == [("001", ["D2", "W1"]), ("002", ["W1"]), ("003", ["D2", "W1"]), ("004", ["D2", "W1"])]
    # Day 2 of 002 is no longer a planned visit's, and keeps its name; day 11 is its new week 1.
    query = "select avisit, ady, anl01fl from adqs where right(usubjid, 3) = '002' order by ady"
    assert rows(cut, query) == [("BL", 1, "Y"), ("D2", 2, "Y"), ("W1", 11, "Y")]
    # 004 was never dosed: its days count from consent, and the fourth is in the window of day 2.
    query = "select avisit, ady from adqs where right(usubjid, 3) = '004'"
    assert rows(cut, query) == [("D2", 4)]
    failed = gate(study, cut.cut_id).failed
    assert not [check for check in failed if check.startswith(("CUR-ADQS-01", "CUR-RESPONSE", "CUR-REMISSION"))]
