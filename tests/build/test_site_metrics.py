"""Site metrics of a whole build: what was put into each site is found there, and the order of rows changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy import stats

from pipelines.build import build
from pipelines.cut import Cut
from tests.build.watched_trial import make_watched_trial


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    study = make_watched_trial(tmp_path_factory.mktemp("watched") / "trial")
    return Cut(study.folder, build(study).cut_id)


def rows(cut: Cut, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


def flagged(cut: Cut, metric: str) -> dict[str, str]:
    query = f"select siteid, flag from site_metrics where metric = '{metric}' and flag <> 'GREEN' order by siteid"
    return dict(rows(cut, query))


@pytest.mark.slow
def test_each_site_stands_out_in_what_was_put_into_it(watched: Cut) -> None:
    assert flagged(watched, "ae_rate") == {"S01": "RED"}
    assert flagged(watched, "digit_preference_vital_signs") == {"S02": "RED"}
    assert flagged(watched, "score_variance") == {"S03": "RED"}
    assert flagged(watched, "duplicate_subjects") == {"S03": "RED"}
    assert rows(watched, "select distinct metric from site_metrics where siteid = 'S04' and flag = 'RED'") == []


@pytest.mark.slow
def test_the_p_value_of_digits_is_that_of_a_chi_square_test(watched: Cut) -> None:
    digits = """select siteid, cast(aval as integer) % 10 as digit, count(*) as times from advs
        where paramcd in ('SYSBP', 'DIABP') group by all order by all"""
    counted: dict[str, list[int]] = {}
    for siteid, digit, times in rows(watched, digits):
        counted.setdefault(siteid, [0] * 10)[digit] = times
    said = (
        "select siteid, value, p_value from site_metrics where metric = 'digit_preference_vital_signs' order by siteid"
    )
    for siteid, value, p_value in rows(watched, said):
        found = stats.chisquare(counted[siteid])
        assert value == pytest.approx(100 * (found.statistic / 9 / sum(counted[siteid])) ** 0.5, abs=1e-5)
        # The approximation is within a hundredth of the exact value, and closer in the tail that is judged.
        assert p_value == pytest.approx(found.pvalue, abs=0.01)


@pytest.mark.slow
def test_a_site_without_adverse_events_is_as_far_out_as_the_simulation_can_say(watched: Cut) -> None:
    query = "select n, numerator, p_value from site_metrics where metric = 'ae_rate' and siteid = 'S01'"
    # None of 1000 replicates has so few.
    assert rows(watched, query) == [(18, 0, round(1 / 1001, 6))]


@pytest.mark.slow
def test_the_order_of_delivered_rows_changes_no_byte_of_the_metrics(watched: Cut, tmp_path: Path) -> None:
    study = make_watched_trial(tmp_path / "trial", shuffled=True)
    other = Cut(study.folder, build(study).cut_id)
    assert other.cut_id != watched.cut_id
    name = "site_metrics.parquet"
    assert (other.tables / name).read_bytes() == (watched.tables / name).read_bytes()


@pytest.mark.requirement("BLD-5")
@pytest.mark.slow
def test_a_blinded_cut_has_the_same_metrics(watched: Cut) -> None:
    from pipelines.study import load_study

    study = load_study(watched.folder.root)
    blinded = Cut(study.folder, build(study, blinded=True).cut_id)
    name = "site_metrics.parquet"
    assert (blinded.tables / name).read_bytes() == (watched.tables / name).read_bytes()
