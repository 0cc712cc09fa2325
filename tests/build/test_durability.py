"""How long it lasts, in whole cuts: where the data end, and what the study file calls an event."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from pipelines.build import build
from pipelines.build.parameters import parameter_tables
from pipelines.cut import Cut, cut_inputs
from pipelines.study import Study
from pipelines.study.durability import Durability


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
