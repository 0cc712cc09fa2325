"""The study file as tables: every number once, and nothing that the models do not know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.build.parameters import parameter_tables
from pipelines.build.project import PROJECT
from pipelines.cut import cut_inputs
from pipelines.study import Study
from pipelines.study.checks import POPULATION_VARIABLES
from tests.build.trial import TRIAL, make_trial


def test_a_rule_in_words_holds_the_number_of_the_study_file(trial: Study) -> None:
    table = parameter_tables(trial, cut_inputs(trial))["endpoints"]
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["response_crit"] == "MADRS reduction from baseline >= 50 %"
    assert row["remission_crit"] == "MADRS total <= 10"
    assert (row["min_reduction_pct"], row["remission_max_score"], row["response_section"]) == (50, 10, "4.2")


def test_an_instrument_without_a_list_of_visits_is_planned_at_all(trial: Study) -> None:
    rows = parameter_tables(trial, cut_inputs(trial))["instrument_visits"].rows
    assert rows == [("MADRS", "BL"), ("MADRS", "D2"), ("MADRS", "W1")]


def test_a_subscale_of_the_studys_own_takes_the_codes_of_the_items_that_it_is_made_of(tmp_path: Path) -> None:
    instruments = """instruments:
  MADRS: {}
  PHQ9: {}
  PHQ2:
    label: First two items
    derived: true
    items: {"1": {range: [0, 3], same_as: PHQ9.01}, "2": {range: [0, 3], same_as: PHQ9.02}}
"""
    study = make_trial(tmp_path, TRIAL.replace("instruments: [MADRS]\n", instruments))
    table = parameter_tables(study, cut_inputs(study))["instrument_codes"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["qstestcd"], row["item"], row["is_derived"]) for row in rows if row["paramcd"] == "PHQ2"] == [
        ("PHQ2TOT", 0, False),
        ("PHQ201", 1, False),
        ("PHQ901", 1, True),
        ("PHQ0101", 1, True),
        ("PHQ202", 2, False),
        ("PHQ902", 2, True),
        ("PHQ0102", 2, True),
    ]


def test_a_unit_of_analysis_converts_to_itself(trial: Study) -> None:
    rows = parameter_tables(trial, cut_inputs(trial))["biomarker_units"].rows
    assert set(map(tuple, rows)) == {("CRP", "mg/L", 1.0), ("CRP", "mg/dL", 10.0)}


@pytest.mark.requirement("BLD-1")
def test_a_blinded_cut_has_one_arm_that_stands_for_all(trial: Study) -> None:
    assert [row[0] for row in parameter_tables(trial, cut_inputs(trial))["arms"].rows] == ["KET", "PBO"]
    assert [row[0] for row in parameter_tables(trial, cut_inputs(trial, blinded=True))["arms"].rows] == ["BLINDED"]


def test_the_models_compare_every_variable_that_a_population_may_be_told_by() -> None:
    model = Path(PROJECT, "models", "intermediate", "int_subjects_analysed.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"when '(\w+)' then", model)) == set(POPULATION_VARIABLES)


def test_every_source_of_the_models_is_a_table_that_the_build_makes(trial: Study) -> None:
    sources = Path(PROJECT, "models", "staging", "_sources.yml").read_text(encoding="utf-8").partition("name: study")[2]
    named = set(re.findall(r"identifier: (\w+)", sources)) | set(re.findall(r"{name: (\w+), desc", sources))
    assert named == set(parameter_tables(trial, cut_inputs(trial)))
