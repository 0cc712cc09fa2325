"""docs/published-trials.md: each trial's parameters make a study file, and its figures are those of the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.cut import published_cut
from pipelines.study import Study
from tests.reference.published_trials import PAGE, trials, with_parameters

TRIALS = trials()


def lines() -> dict[str, list[str]]:
    """Returns the page's table: the cells of each trial by its title."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if "|" in line]
    return {cells[0]: cells[1:] for cells in rows if len(cells) == 11}


@pytest.mark.parametrize("name", TRIALS)
def test_each_trial_is_a_study_file_whose_every_number_names_its_source(name: str, tmp_path: Path) -> None:
    study = with_parameters(tmp_path, TRIALS[name]["parameters"])
    for endpoint in study.endpoints:
        assert endpoint.visit
        assert endpoint.response.section
        assert endpoint.remission.section
    assert all(one.section for one in study.durability)


@pytest.mark.parametrize("name", TRIALS)
def test_the_page_says_each_trials_definition(name: str, tmp_path: Path) -> None:
    study = with_parameters(tmp_path, TRIALS[name]["parameters"])
    (endpoint,) = study.endpoints
    labels = {visit.visit: visit.label for visit in study.visits}
    sign = "<" if endpoint.remission.strict else "<="
    cells = lines()[TRIALS[name]["title"]]
    assert cells[0] == next(visit.label for visit in study.visits if visit.baseline)
    assert cells[2] == f"MADRS {sign} {endpoint.remission.max_score:g}"
    assert (cells[3], cells[5]) == (", ".join(one.name for one in study.missing_rules), labels[endpoint.visit or ""])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "visit", "rule", "remission"),
    [
        ("TRANSFORM-2", "W4", "observed", "sensitivity"),
        ("SUSTAIN-1", "W16", "observed", "sensitivity"),
        ("Goodwin 2022", "W3", "nri", "primary"),
        ("Murrough 2013", "D2", "locf", "primary"),
    ],
)
def test_where_the_demonstration_trial_has_the_same_definition_its_figures_are_the_pages(
    published: Callable[[str], Study], title: str, visit: str, rule: str, remission: str
) -> None:
    cut = published_cut(published("kap_demo").folder)
    assert cut is not None
    expected = []
    with duckdb.connect(str(cut.duckdb), read_only=True) as database:
        for table, endpoint in (("response", "primary"), ("remission", remission)):
            where = f"avisit = '{visit}' and missing_rule = '{rule}' and endpoint = '{endpoint}'"
            query = f"""select count_if(crit1fl = 'Y'), count(crit1fl) from {table}
                where {where} and estimand = 'treatment_policy' group by trta order by trta"""
            expected.append([f"{reached}/{known}" for reached, known in database.execute(query).fetchall()])
    assert [re.findall(r"\d+/\d+", cell) for cell in lines()[title][6:8]] == expected
