"""The five subjects of tests/build/trial.py as a blinded trial, and those who may open it."""

from __future__ import annotations

from pathlib import Path

from pipelines.study import Study
from pipelines.unblind import unblind
from tests.build.trial import ALLOCATION, TRIAL, make_trial
from tests.small_signers import ADMIN_ID, add_signers, key_of
from tests.small_study import deliver, make_study

BLINDED = TRIAL.replace("blinding: open", "blinding: blinded")
# A sixth subject, of another site.
ELSEWHERE = "id,age,consent,dose_date,ended,reason\n001,44,2026-01-02,2026-01-06,,\n"


def make_blinded(root: Path, text: str = BLINDED) -> Study:
    """Returns the blinded trial with subjects of two sites landed."""
    deliver(make_study(root, text), "S02", "subjects_2026-03-01.csv", ELSEWHERE)
    return make_trial(root, text, allocation=f"{ALLOCATION}S02,001,KET,2026-01-05\n")


def unblind_by_two(study: Study, *scope: str) -> None:
    """Has two signers open the arms of the published blinded cut; registers them where nobody is."""
    if not study.folder.signers.exists():
        add_signers(study, ada="unblinded_statistician", bo="blinded_statistician")
    for signer in (ADMIN_ID, "ada"):
        unblind(study, scope=scope, reason="the data are locked and the plan is final", key=key_of(signer))
