"""How long it lasts, in whole cuts: where the data end, and what the study file calls an event."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from pipelines.build import build
from pipelines.build.parameters import parameter_tables
from pipelines.cut import Cut, cut_inputs
from pipelines.study import Study
from pipelines.study.durability import Durability
from tests.build.trial import ALLOCATION, TRIAL, make_trial


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_data_cutoff_ends_the_time_of_whoever_was_still_followed_then(trial: Study) -> None:
    # 001 completes and 002 is seen to lose the response on later days; 003 left before.
    cut = Cut(trial.folder, build(trial, data_cutoff=dt.date(2026, 1, 13)).cut_id)
    query = "select right(usubjid, 3), aval, cnsr, cnsdtdsc, lower_days, upper_days from durability order by usubjid"
    assert rows(cut, query) == [
        ("001", 7, 1, "DATA CUTOFF", 7, None),
        ("002", 1, 1, "DATA CUTOFF", 1, None),
        ("003", 1, 1, "WITHDRAWAL", 1, None),
    ]


def test_each_time_is_laid_out_in_intervals_with_the_doses_given_before_them(cut: Cut) -> None:
    # Each was dosed once, on study day 1, and no maintenance is named.
    query = """
        select right(usubjid, 3), interval_number, tstart, tstop, event, doses, days_since_dose, maintfl
        from durability_intervals order by all
    """
    assert rows(cut, query) == [
        ("001", 1, 0, 7, 0, 1, 1, None),
        ("002", 1, 0, 10, 1, 1, 1, None),
        ("003", 1, 0, 1, 0, 1, 7, None),
    ]


def test_each_response_is_an_episode_that_says_how_it_ended(cut: Cut) -> None:
    query = """
        select right(usubjid, 3), episode, astdy, aendy, lower_days, upper_days, lowest_pchg, assessments,
            coalesce(evntdesc, cnsdtdsc), days_since_dose, redosedfl
        from response_episodes order by all
    """
    assert rows(cut, query) == [
        ("001", 1, 2, 8, 7, None, -70, 2, "END OF FOLLOW-UP", 1, "N"),
        ("002", 1, 2, 11, 1, 10, -50, 1, "LOSS OF RESPONSE", 1, "N"),
        ("003", 1, 8, 8, 1, None, -60, 1, "WITHDRAWAL", 7, "N"),
    ]


def test_a_study_that_names_no_landmark_and_no_area_has_the_tables_without_rows(cut: Cut) -> None:
    assert rows(cut, "select (select count(*) from retention), (select count(*) from response_auc)") == [(0, 0)]


def test_a_randomised_withdrawal_starts_at_the_randomisation_of_whoever_was_in_response_then(tmp_path: Path) -> None:
    # Randomised on study day 9: all three were in response at their last assessment. 002 loses it on day 11.
    text = TRIAL.replace("design: parallel", "design: randomised_withdrawal").replace(
        "loss_of_response: {confirmed: false}", "start: randomisation, loss_of_response: {confirmed: false}"
    )
    later = ALLOCATION.replace("2026-01-04", "2026-01-13")
    study = make_trial(tmp_path / "withdrawal", text, allocation=later)
    cut = Cut(study.folder, build(study).cut_id)
    query = """
        select right(usubjid, 3), trta, startdy, aval, cnsr, coalesce(evntdesc, cnsdtdsc), srcdom from durability
        order by usubjid
    """
    assert rows(cut, query) == [
        ("001", "KET", 9, 1, 1, "END OF FOLLOW-UP", "DS"),
        ("002", "KET", 9, 3, 0, "LOSS OF RESPONSE", "QS"),
        ("003", "PBO", 9, 1, 1, "WITHDRAWAL", "DS"),
    ]


def test_what_stands_among_events_is_one_though_it_censors_by_default(trial: Study) -> None:
    event, censored, neither = (
        Durability.model_validate({"paramcd": code, "param": "Time", "loss_of_response": {}, **keys})
        for code, keys in (("TTA", {"events": ["RESCUE MEDICATION"]}), ("TTB", {}), ("TTC", {"censoring_events": []}))
    )
    study = trial.model_copy(update={"durability": (event, censored, neither)})
    assert parameter_tables(study, cut_inputs(trial))["durability_events"].rows == [
        ("TTA", "RESCUE MEDICATION", 0),
        ("TTB", "RESCUE MEDICATION", 1),
    ]
