"""Trends: published cuts side by side, and nothing compared whose definition changed."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import IntegrityError
from pipelines.cut import Cut
from pipelines.study import Study
from pipelines.trends import trends
from tests.small_cut import make_candidate, small_study

PAST = ((1, "1.2", "GREEN", "1", "words"), (2, "3.5", "AMBER", "1", "words"), (3, "9.1", "RED", "2", "other words"))


def published(study: Study, number: int, value: str, flag: str, version: str, definition: str) -> Cut:
    """Publishes a cut with one metric of one site; the later a number, the later it was published."""
    cut = make_candidate(study, number=number)
    (cut.directory / "seal.json").write_text(json.dumps({"published_at": f"2026-0{number}-01T00:00:00Z"}))
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (select 'SMALL' as studyid, 'S01' as siteid, 'missing_items' as metric,
            '{version}' as metric_version, 'Missing items' as label, '{definition}' as definition, 'method' as method,
            '%' as unit, 'subjects' as n_unit, 'score' as judged_by, 'high' as direction, '' as section,
            null::varchar as flag_reason, 20::bigint as n,
            1.0::double as numerator, 2.0::double as denominator, {value}::double as value, 1.0::double as expected,
            2.5::double as score, null::double as p_value, 5 as min_n, 2.0::double as threshold_amber,
            3.0::double as threshold_red, 1.0::double as tolerated_value, '{flag}' as flag)
            to '{cut.tables / "site_metrics.parquet"}' (format parquet)"""
        )
    return cut


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = small_study(tmp_path / "small")
    for past in reversed(PAST):
        published(made, *past)
    return made


def test_a_site_s_metric_is_told_over_the_cuts_in_the_order_in_which_they_were_published(study: Study) -> None:
    (trend,) = trends(study).trends
    assert [(point.value, point.flag) for point in trend.points] == [(1.2, "GREEN"), (3.5, "AMBER"), (9.1, "RED")]


def test_a_figure_is_compared_with_the_one_before_only_where_the_definition_is_the_same(study: Study) -> None:
    (trend,) = trends(study).trends
    assert [point.is_comparable for point in trend.points] == [False, True, False]
    assert trend.in_words == "1.20 GREEN > 3.50 AMBER | 9.10 RED"


def test_a_candidate_has_no_part_in_a_trend_and_a_cut_without_metrics_is_named(study: Study) -> None:
    make_candidate(study, number=7)
    older = make_candidate(study, number=8)
    (older.directory / "seal.json").write_text(json.dumps({"published_at": "2025-01-01T00:00:00Z"}))
    receipt = trends(study)
    assert receipt.without == (older.cut_id,)
    assert (len(receipt.cuts), receipt.cuts[0], len(receipt.trends[0].points)) == (4, older.cut_id, 3)


def test_a_damaged_table_is_said_and_not_read(study: Study) -> None:
    path = Cut(study.folder, trends(study).cuts[1]).tables / "site_metrics.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(IntegrityError, match="afterglow verify"):
        trends(study)


def test_the_command_shows_what_stands_out_in_the_newest_cut_or_all_of_a_site(study: Study) -> None:
    folder = str(study.folder.root)
    shown = CliRunner().invoke(main, ["trends", folder]).stdout
    assert "S01   missing_items  %     1.20 GREEN > 3.50 AMBER | 9.10 RED" in shown
    assert "missing_items" not in CliRunner().invoke(main, ["trends", folder, "--site", "S02"]).stdout
    found = json.loads(CliRunner().invoke(main, ["trends", folder, "--json"]).stdout)
    assert [point["threshold_red"] for point in found["trends"][0]["points"]] == [3.0, 3.0, 3.0]
