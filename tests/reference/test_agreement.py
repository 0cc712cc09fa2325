"""The tables agree, row by row, with a second implementation that shares no code with them."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import duckdb
import pytest

from pipelines.cut import Cut
from pipelines.study import Study
from tests.reference import agreement_safety, compare
from tests.reference.agreement import TABLES, differences
from tests.reference.delivered import Trial

# `make agreement` asks for 10,000.
SUBJECTS, SEED = 150, 4


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trial]:
    """Returns a function that gives a third of the subjects in one of the studies, delivered and built once."""
    done: dict[str, Trial] = {}

    def made(name: str) -> Trial:
        if name not in done:
            done[name] = compare.trial(name, tmp_path_factory.mktemp("agreement") / name, SUBJECTS, SEED)
        return done[name]

    return made


def asked(study: Study, table: str) -> bool:
    """Returns whether the made-up trial has what a table is made of."""
    return bool(study.biomarkers) if table in agreement_safety.TABLES else bool(getattr(study, table, study.durability))


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", compare.STUDIES)
def test_every_row_equals_that_of_the_reference(trial: Callable[[str], Trial], name: str, table: str) -> None:
    study, subjects, cut = trial(name)
    compared = differences(study, subjects, cut, table)
    # Made-up people: what disagrees may be shown.
    assert compared.differing[:3] == []
    # A study need not ask for every table; one that it asks for has rows.
    assert compared.rows > len(subjects) // 4 or not asked(study, table)


@pytest.mark.slow
def test_a_rule_that_slipped_in_the_tables_is_seen(trial: Callable[[str], Trial]) -> None:
    study, subjects, cut = trial("parallel")
    copy = Cut(study.folder, "0" * 64)
    shutil.copytree(cut.directory, copy.directory)
    with duckdb.connect(str(copy.duckdb)) as database:
        slipped = "select * replace (case when pchg = -50 then 'N' else crit1fl end as crit1fl) from marts.response"
        database.execute(f"create or replace view response as {slipped}")
    assert differences(study, subjects, copy, "response").differing
