"""A trial of five subjects written out by hand: each row is there for one rule."""

from __future__ import annotations

from pathlib import Path

from pipelines.land import land
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

DURABILITY = """\
estimands:
  - treatment_policy
  - {name: failure, strategy: composite, events: [LACK OF EFFICACY]}
durability:
  - {paramcd: TTLOSS, param: Time to loss of response, loss_of_response: {confirmed: false}, section: "4.3"}
layouts:
"""
ENDED = """\
        ended: {type: date, to: ds.dsstdtc}
        reason: {codes: [COMPLETED, LACK OF EFFICACY], to: ds.dsdecod}
"""
TRIAL = STUDY_FILE.replace("layouts:\n", DURABILITY).replace(
    "        dose_date: {type: date, to: ex.exstdtc}\n", f"        dose_date: {{type: date, to: ex.exstdtc}}\n{ENDED}"
)

# 001 responds and stays, 002 responds at exactly half and loses it, 003 leaves for lack of efficacy, 004 is randomised
# and never dosed, 005 is not randomised.
SUBJECTS = """\
id,age,consent,dose_date,ended,reason
001,30,2026-01-02,2026-01-05,2026-02-01,COMPLETED
002,41,2026-01-02,2026-01-05,,
003,52,2026-01-02,2026-01-05,2026-01-10,LACK OF EFFICACY
004,63,2026-01-02,,,
005,29,2026-01-02,,,
"""
ALLOCATION = """\
site,id,arm,day
S01,001,KET,2026-01-04
S01,002,KET,2026-01-04
S01,003,PBO,2026-01-04
S01,004,PBO,2026-01-04
"""
NONE = ",".join([""] * 10)
SCORES = scores_file(
    scores_row("001", "BL", "2026-01-05"),
    scores_row("001", "D2", "2026-01-06", NONE, "10"),
    scores_row("001", "W1", "2026-01-12", NONE, "9"),
    scores_row("002", "BL", "2026-01-05"),
    scores_row("002", "D2", "2026-01-06", NONE, "15"),
    scores_row("002", "W1", "2026-01-15", NONE, "16"),
    scores_row("003", "BL", "2026-01-05"),
    scores_row("003", "D2", "2026-01-06", "3,3,3,3,3,3,3,3,3,", ""),
    scores_row("003", "W1", "2026-01-12", NONE, "12"),
    scores_row("004", "BL", "2026-01-05"),
    scores_row("005", "BL", "2026-01-05"),
)


def make_trial(
    root: Path, text: str = TRIAL, *, subjects: str = SUBJECTS, scores: str = SCORES, allocation: str = ALLOCATION
) -> Study:
    """Returns the study with its three deliveries landed."""
    study = make_study(root, text)
    deliver(study, "S01", "subjects_2026-03-01.csv", subjects)
    deliver(study, "S01", "scores_2026-03-01.csv", scores)
    deliver(study, "IRT", "allocation_2026-03-01.csv", allocation)
    receipt = land(study)
    assert not receipt.refused
    return study
