"""A blinded study is held up by a delivery that tells the arm, until somebody has put it right."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import NotAllowedError
from pipelines.cut import cut_inputs
from pipelines.land import DeliveryReceipt, land
from pipelines.land.blinding import tells_arm
from pipelines.publish import publish
from pipelines.status import status
from pipelines.study import Study
from tests.canaries import outside_the_vault
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

SCORES, EARLIER = "scores_2026-02-01.csv", "scores_2026-01-31.csv"
BLINDED = STUDY_FILE.replace("blinding: open", "blinding: blinded").replace(
    "KET: {label: Ketamine", "KETX: {label: Ket X"
)
BLINDED = BLINDED.replace("[KET, PBO]", "[KETX, PBO]")


@pytest.mark.parametrize(
    "header",
    [
        "arm",
        "ARM",
        "trt01p",
        "TRT01A",
        "trt",
        "kit_no",
        "KitNumber",
        "treatment",
        "randomised_arm",
        "ACTARMCD",
        "treatment_group",
    ],
)
def test_a_column_named_like_the_arm_is_known(header: str) -> None:
    assert tells_arm(header)


@pytest.mark.parametrize(
    "header",
    [
        "arm_circumference",
        "left_arm",
        "treatment_date",
        "failed_treatments",
        "phase",
        "PRTRT",
        "army",
        "randomised_on",
        "group",
    ],
)
def test_a_column_that_only_sounds_like_it_is_let_through(header: str) -> None:
    assert not tells_arm(header)


def with_note(name: str, declared: str) -> str:
    return BLINDED.replace("note: {class: free_text}", f"{name}: {declared}")


def deliver_note(study: Study, name: str, *notes: str) -> DeliveryReceipt:
    content = scores_file(*(scores_row(f"{i}00", note=note) for i, note in enumerate(notes, 1)))
    deliver(study, "S01", EARLIER, scores_file(scores_row("900")).replace("note", name))
    deliver(study, "S01", SCORES, content.replace("note", name))
    return land(study).deliveries[1]


# What stands in the header, what the layout says of it, and the values.
TELLING = [
    ("trt01p", "{}", ["1", "2"]),
    ("kit_no", "{class: free_text}", ["K-100", "K-200"]),
    ("group", "{}", ["KETX", "PBO"]),
    ("group", "{}", ["ketx", ""]),
    ("group", "{class: free_text}", ["Ket X", "Placebo"]),
]


@pytest.mark.requirement("BLD-3")
@pytest.mark.parametrize(("name", "declared", "values"), TELLING)
def test_a_column_that_tells_the_arm_holds_the_study_up(
    tmp_path: Path, name: str, declared: str, values: list[str]
) -> None:
    study = make_study(tmp_path, with_note(name, declared))
    if name == "group":
        deliver(study, "S01", EARLIER, scores_file(scores_row("900")).replace("note", name))
    receipt = deliver_note(study, name, *values)
    assert (receipt.outcome, receipt.codes, receipt.rows_accepted) == ("held", ("H_UNBLIND",), 0)
    assert f"'{name}'" in receipt.detail
    assert (study.folder.vault / "refused" / receipt.sha256 / SCORES).exists()
    with pytest.raises(NotAllowedError, match=f"H_UNBLIND.*S01/{SCORES}") as stopped:
        cut_inputs(study)
    with pytest.raises(NotAllowedError, match="H_UNBLIND"):
        publish(study, "0" * 64)
    for value in filter(lambda it: len(it) > 1, values):
        assert value not in str(stopped.value)
        assert value not in receipt.detail
        assert outside_the_vault(study, value) == []
    assert {site.site: site.held for site in status(study, today=dt.date(2026, 3, 1)).sites}["S01"] >= 1


def test_an_undeclared_column_named_like_the_arm_is_held_and_not_only_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path, BLINDED)
    assert deliver_note(study, "arm", "x").codes == ("H_UNBLIND",)


@pytest.mark.parametrize("form", ["{class: treatment}", "{class: drop}"])
def test_a_column_that_is_declared_to_tell_the_arm_lands_in_the_vault_only(tmp_path: Path, form: str) -> None:
    study = make_study(tmp_path, with_note("arm", form))
    assert deliver_note(study, "arm", "KETX", "PBO").outcome == "accepted"
    assert outside_the_vault(study, "KETX") == []
    cut_inputs(study)


def test_an_open_study_holds_nothing_up(tmp_path: Path) -> None:
    study = make_study(tmp_path, with_note("arm", "{}").replace("blinding: blinded", "blinding: open"))
    assert deliver_note(study, "arm", "KETX", "PBO").outcome == "accepted"


ASKED = """\
blinding_assessments: [{testcd: GUESS, label: Which arm, answers: {KETX: KETX, PBO: PBO}}]
layouts:
  edc:
    - file: asked_{date}.csv
      constants: {qs.qscat: BLINDING, qs.qstestcd: GUESS}
      columns:
        id: {class: pseudonym, to: subject}
        day: {type: date, to: date}
        guess: {to: qs.qsorres}
        other: {}
"""


@pytest.mark.parametrize(("other", "outcome"), [("x", "accepted"), ("KETX", "held")])
def test_a_column_of_guesses_tells_no_arm_and_an_undeclared_one_beside_it_does(
    tmp_path: Path, other: str, outcome: str
) -> None:
    study = make_study(tmp_path, BLINDED.replace("layouts:\n  edc:\n", ASKED))
    rows = f"id,day,guess,other\n001,2026-01-06,KETX,{other}\n002,2026-01-06,PBO,{other}\n"
    deliver(study, "S01", "asked_2026-02-01.csv", rows)
    assert land(study).deliveries[0].outcome == outcome


@pytest.mark.parametrize("way", ["the layout", "the file is taken away", "the file is replaced"])
def test_the_study_goes_on_when_the_delivery_is_put_right(tmp_path: Path, way: str) -> None:
    study = make_study(tmp_path, with_note("group", "{}"))
    deliver_note(study, "group", "KETX", "PBO")
    with pytest.raises(NotAllowedError):
        cut_inputs(study)
    if way == "the layout":
        study = make_study(tmp_path, with_note("group", "{class: treatment}"))
    elif way == "the file is taken away":
        (study.folder.inbox / "S01" / SCORES).unlink()
    else:
        deliver(study, "S01", SCORES, scores_file(scores_row("100")).replace("note", "group"))
    land(study)
    cut_inputs(study)
    assert sum(site.held for site in status(study, today=dt.date(2026, 3, 1)).sites) == 0


def test_the_command_line_says_what_is_held_and_shows_it(tmp_path: Path) -> None:
    study = make_study(tmp_path, with_note("group", "{}"))
    deliver(study, "S01", SCORES, scores_file(scores_row(note="KETX")).replace("note", "group"))
    landed = CliRunner().invoke(main, ["land", str(tmp_path)])
    assert (landed.exit_code, "H_UNBLIND" in landed.output) == (13, True)
    built = CliRunner().invoke(main, ["build", str(tmp_path)])
    assert (built.exit_code, SCORES in built.output) == (13, True)
    shown = CliRunner().invoke(main, ["status", str(tmp_path)]).output
    assert "held" in shown.splitlines()[0]
    assert "HELD by S01: H_UNBLIND" in shown
    # Said again at each landing, until it is put right.
    again = CliRunner().invoke(main, ["land", str(tmp_path)])
    assert (again.exit_code, "1 delivery: 0 new, 0 refused, 1 held" in again.output) == (13, True)
    assert "KETX" not in landed.output + built.output + shown
