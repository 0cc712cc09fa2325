"""The tables agree, row by row, with a second implementation that shares no code with them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.cut import Cut
from pipelines.study.folder import StudyFolder
from tests.reference import compare
from tests.reference.agreement import TABLES, asked, differences
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


# A rule of each table as it could slip: the study, the table, the column in its place.
SLIPS = [
    ("parallel", "response", "case when pchg = -50 then 'N' else crit1fl end as crit1fl"),
    ("parallel", "retention", "case when aval - landmark_days between 0 and 9 then 'N' else retainfl end as retainfl"),
    ("parallel", "durability_intervals", "doses + event as doses"),
    ("parallel", "response_episodes", "replace(evntdesc, 'RELAPSE BY SCORE', 'LOSS OF RESPONSE') as evntdesc"),
    ("parallel", "response_auc", "1.0001 * aval as aval"),
    ("withdrawal", "adqs", "case when dtype = 'PRORATED' then item_sum else aval end as aval"),
    ("safety", "therapy", "case when integration_window_fl = 'Y' then 'N' end as integration_window_fl"),
    ("safety", "therapy_summary", "sessions_recorded as sessions_attended"),
    ("safety", "biomarkers", "case when dtype = 'LLOQ' then aval / 2 else aval end as aval"),
    ("safety", "adae", "case when astdtf is null then 'Y' else trtemfl end as trtemfl"),
    ("safety", "session_peaks", "case when aval = 180 then 'N' else crit1fl end as crit1fl"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "table", "slipped"), SLIPS)
def test_a_rule_that_slipped_in_the_tables_is_seen(
    trial: Callable[[str], Trial], tmp_path: Path, name: str, table: str, slipped: str
) -> None:
    study, subjects, cut = trial(name)
    copy = Cut(StudyFolder(tmp_path), cut.cut_id)
    shutil.copytree(cut.directory, copy.directory)
    with duckdb.connect(str(copy.duckdb)) as database:
        database.execute(f"create or replace view main.{table} as select * replace ({slipped}) from marts.{table}")
    assert differences(study, subjects, copy, table).differing
