"""Study days that count from another day than the first dose: dates decide what comes first, and times stay as long."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build import build
from pipelines.cut import Cut
from tests.build.trial import ALLOCATION, NONE, SCORES, TRIAL, make_trial
from tests.small_study import scores_row

# By the site's own visits, so that no window depends on where days count from.
WITHOUT_WINDOWS = re.sub(r", window: \[[^]]*\]", "", TRIAL)
DURABILITY = "events: [COMPLETED], landmarks: {days: [7], visits: [W1]}, loss_of_response: {confirmed: false}"
# Consent on 2 January, randomisation on the 4th, the dose on the 5th, which is day 1 by default.
DAYS_BEFORE_THE_DOSE = {"first_dose": 0, "randomisation": 1, "consent": 3}


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def built(root: Path, text: str, **delivered: str) -> Cut:
    study = make_trial(root, text, **delivered)
    return Cut(study.folder, build(study).cut_id)


@pytest.mark.parametrize("day_one", DAYS_BEFORE_THE_DOSE)
def test_times_are_as_long_and_days_are_later_wherever_they_count_from(tmp_path: Path, day_one: str) -> None:
    text = WITHOUT_WINDOWS.replace("loss_of_response: {confirmed: false}", DURABILITY)
    cut = built(tmp_path, text.replace("instruments:", f"day_one: {day_one}\ninstruments:"))
    later = DAYS_BEFORE_THE_DOSE[day_one]
    query = """
        select right(usubjid, 3), startdy - $later, ady - $later, aval, lower_days, upper_days, evntdesc, adt::varchar
        from durability order by usubjid
    """.replace("$later", str(later))
    assert rows(cut, query) == [
        ("001", 2, 28, 27, 27, 27, "COMPLETED", "2026-02-01"),
        ("002", 2, 11, 10, 1, 10, "LOSS OF RESPONSE", "2026-01-15"),
        ("003", 8, 8, 1, 1, None, None, "2026-01-12"),
    ]
    query = "select right(usubjid, 3), landmark, landmark_days, retainfl from retention order by all"
    assert rows(cut, query) == [
        ("001", "DAY 7", 7, "Y"),
        ("001", "W1", 7, "Y"),
        ("002", "DAY 7", 7, "Y"),
        ("002", "W1", 10, "N"),
        ("003", "DAY 7", 7, None),
        ("003", "W1", 1, "Y"),
    ]
    query = f"select right(usubjid, 3), astdy - {later}, aendy - {later}, aval from response_episodes order by all"
    assert rows(cut, query) == [("001", 2, 28, 27), ("002", 2, 11, 10), ("003", 8, 8, 1)]


def test_a_withdrawal_may_count_its_days_from_the_randomisation(tmp_path: Path) -> None:
    # Randomised on 13 January: the phase before it has days before day 1, and decides who was in response then.
    text = (
        WITHOUT_WINDOWS.replace("design: parallel", "design: randomised_withdrawal")
        .replace("loss_of_response: {confirmed: false}", "start: randomisation, loss_of_response: {confirmed: false}")
        .replace("instruments:", "day_one: randomisation\ninstruments:")
    )
    cut = built(tmp_path, text, allocation=ALLOCATION.replace("2026-01-04", "2026-01-13"))
    query = "select right(usubjid, 3), startdy, ady, aval, cnsr, srcdom from durability order by usubjid"
    assert rows(cut, query) == [("001", 1, 1, 1, 1, "DS"), ("002", 1, 3, 3, 0, "QS"), ("003", 1, 1, 1, 1, "DS")]


def test_a_response_from_before_the_first_dose_starts_no_time(tmp_path: Path) -> None:
    # Day 2 of 001 was seen the day before the dose: it responds as of week 1.
    early = scores_row("001", "D2", "2026-01-04", NONE, "10")
    scores = SCORES.replace(scores_row("001", "D2", "2026-01-06", NONE, "10"), early)
    assert scores != SCORES
    cut = built(tmp_path, WITHOUT_WINDOWS, scores=scores)
    query = "select startdt::varchar, startdy from durability where right(usubjid, 3) = '001'"
    assert rows(cut, query) == [("2026-01-12", 8)]
    query = "select astdt::varchar, assessments from response_episodes where right(usubjid, 3) = '001'"
    assert rows(cut, query) == [("2026-01-12", 1)]
