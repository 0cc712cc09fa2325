"""Onset by the clock: times of day are used where the data give them, and days where they do not."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.build import build
from pipelines.cut import Cut
from tests.build.trial import NONE, TRIAL, make_trial
from tests.small_study import scores_file, scores_row

ONSET = """\
onset:
  - paramcd: TTRESP
    param: Time to response
    rapid: {within_hours: 24}
    kept: {to_visit: W1}
    section: "4.4"
sustained:
  - {paramcd: SUSRESP, param: Response kept, from_visit: D2, section: "4.5"}
durability:
"""
DOSED = """\
id,age,consent,dose_date,ended,reason
001,30,2026-01-02,2026-01-05T10:00,2026-02-01,COMPLETED
002,41,2026-01-02,2026-01-05T10:00,,
003,52,2026-01-02,2026-01-05,2026-01-10,LACK OF EFFICACY
004,63,2026-01-02,,,
"""
# 24 hours to the minute, one minute more, a day without a time, nothing at all.
ASSESSED = scores_file(
    *(scores_row(subject, "BL", "2026-01-05") for subject in ("001", "002", "003", "004")),
    scores_row("001", "D2", "2026-01-06T10:00", NONE, "15"),
    scores_row("001", "W1", "2026-01-12", NONE, "15"),
    scores_row("002", "D2", "2026-01-06T10:01", NONE, "15"),
    scores_row("002", "W1", "2026-01-12", NONE, "15"),
    scores_row("003", "D2", "2026-01-06", NONE, "15"),
)


def test_a_response_within_24_hours_is_told_by_the_minute_and_else_by_day_2(tmp_path: Path) -> None:
    text = TRIAL.replace("durability:\n", ONSET, 1)
    study = make_trial(tmp_path, text, subjects=DOSED, scores=ASSESSED)
    cut = Cut(study.folder, build(study).cut_id)
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        onsets = connection.execute(
            "select right(usubjid, 3), aval, hours_since_dose, cnsr, cnsdtdsc, crit1fl, crit2fl, srcseq from onset"
            " order by usubjid"
        ).fetchall()
        steady = connection.execute("select right(usubjid, 3), crit1fl, reason from sustained order by 1").fetchall()
    assert onsets == [
        ("001", 2.0, 24.0, 0, None, "Y", "Y", 5),
        ("002", 2.0, 24 + 1 / 60, 0, None, "N", "N", 7),
        ("003", 2.0, None, 0, None, "Y", "N", 9),
        ("004", None, None, 1, "NO ASSESSMENT", "N", "N", None),
    ]
    assert steady == [
        ("001", "Y", "MET AT 2 OF 2 VISITS"),
        ("002", "Y", "MET AT 2 OF 2 VISITS"),
        ("003", None, "NOT KNOWN AT W1"),
        ("004", None, "NOT KNOWN AT D2"),
    ]
