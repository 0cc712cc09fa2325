"""The simulated trial: everything that was planted is found, and nothing of it stops the rest."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import duckdb
import pytest

from pipelines.cut import Cut, published_cut
from pipelines.study import Study

MARTS = {
    *("adsl", "adqs", "response", "remission", "onset", "sustained", "durability"),
    *("durability_intervals", "retention", "response_episodes", "response_auc"),
    *("therapy", "exposure", "biomarkers", "adae", "advs"),
    *("therapy_summary", "session_peaks", "safety_alerts", "blinding_assessment"),
    *("deliveries", "quarantine", "queries", "record_changes", "site_metrics"),
}


@pytest.fixture(scope="module")
def study(published: Callable[[str], Study]) -> Study:
    return published("kap_demo")


@pytest.fixture(scope="module")
def cut(study: Study) -> Cut:
    found = published_cut(study.folder)
    assert found is not None
    return found


def test_every_mart_has_rows_and_a_file_with_the_same_rows(cut: Cut) -> None:
    assert {path.stem for path in cut.tables.glob("*.parquet")} == MARTS
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        for mart in sorted(MARTS):
            file = cut.tables / f"{mart}.parquet"
            connection.execute(f"create or replace temp table published as from read_parquet('{file}')")
            missing = connection.execute(f"from {mart} except all from published").fetchall()
            extra = connection.execute(f"from published except all from {mart}").fetchall()
            assert (missing, extra) == ([], []), mart
            assert connection.execute(f"select count(*) > 0 from {mart}").fetchall() == [(True,)], mart


def test_onset_and_sustained_response_are_what_a_count_over_the_responses_by_visit_gives(cut: Cut) -> None:
    # Response by day 2, kept to week 4, at one visit before it no response but a reduction of 25 %; nothing missed.
    onset = """
        with visits as (
            select * from response
            where endpoint = 'primary' and estimand = 'treatment_policy' and missing_rule = 'observed'
        ),
        counted as (
            select usubjid, max(crit1fl) filter (where avisit = 'D2' and ady <= 2) as early,
                max(crit1fl) filter (where avisit = 'W4') as late,
                count(*) filter (where avisit in ('W1', 'W2', 'W3') and crit1fl = 'N' and pchg <= -25) as excursions,
                count(*) filter (where avisit in ('W1', 'W2', 'W3') and crit1fl is null
                    or avisit in ('W1', 'W2', 'W3') and crit1fl = 'N' and pchg > -25) as losses
            from visits group by usubjid
        )
        select usubjid, coalesce(early, 'N'),
            case when early = 'Y' and late = 'Y' and losses = 0 and excursions <= 1 then 'Y' else 'N' end
        from counted order by usubjid
    """
    sustained = """
        select usubjid, case when count(*) filter (where crit1fl = 'Y') = 5 then 'Y' else 'N' end
        from response
        where endpoint = 'primary' and estimand = 'treatment_policy' and missing_rule = 'nri'
            and avisit in ('W3', 'W4', 'W6', 'W8', 'W12')
        group by usubjid order by usubjid
    """
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        flags = "select usubjid, crit1fl, crit2fl from onset where paramcd = 'TTRESP' order by usubjid"
        assert connection.execute(flags).fetchall() == connection.execute(onset).fetchall()
        held = "select usubjid, crit1fl from sustained where paramcd = 'SUSRESP' order by usubjid"
        assert connection.execute(held).fetchall() == connection.execute(sustained).fetchall()
        kept = connection.execute("select trta, count(*) from onset where crit2fl = 'Y' group by all order by all")
        assert len(kept.fetchall()) == 2


def test_rows_are_conserved_from_delivery_to_table(cut: Cut) -> None:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        unequal = connection.execute(
            "select file from deliveries where rows_in <> rows_accepted + rows_quarantined"
        ).fetchall()
        assert unequal == []
        aside = connection.execute(
            """with aside as (select delivery_id, count(distinct source_row) as n from quarantine group by all)
            select file from deliveries left join aside using (delivery_id)
            where is_current and rows_quarantined <> coalesce(n, 0)"""
        ).fetchall()
        assert aside == []


def test_every_planted_defect_that_a_check_must_find_is_found_at_its_row(study: Study, cut: Cut) -> None:
    truth = json.loads((study.folder.root / "truth.json").read_bytes())
    planted = {(it["code"], it["file"], it["row"]) for it in truth["defects"] if it["found_by"] == "check"}
    found = duckdb.execute(
        f"select check_id, source_file, srcseq from read_parquet('{cut.gate}/failing_rows.parquet')"
    ).fetchall()
    assert len(planted) == 5
    assert planted <= set(found)


def test_every_planted_defect_that_landing_must_find_is_on_the_deliveries_page_by_its_code(
    study: Study, cut: Cut
) -> None:
    truth = json.loads((study.folder.root / "truth.json").read_bytes())
    codes = {it["code"] for it in truth["defects"] if it["found_by"] == "landing"}
    page = (cut.report / "deliveries.html").read_text()
    assert len(codes) > 15
    assert [code for code in sorted(codes) if code not in page] == []


def test_every_planted_correction_is_a_record_change_and_nothing_else_is(study: Study, cut: Cut) -> None:
    truth = json.loads((study.folder.root / "truth.json").read_bytes())
    planted = {
        (it["site"], it["older_file"], it["older_row"], it["newer_file"], it["newer_row"], variable)
        for it in truth["corrections"]
        for variable in [{"AGE": "age", "AESEV": "aesev"}.get(it["column"], "qsstresn")]
    }
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        changed = connection.execute(
            """select siteid, old_source_file, old_source_row, new_source_file, new_source_row, variable, record_key,
            old_value, new_value from record_changes where change = 'changed'"""
        ).fetchall()
        gone = connection.execute(
            """select siteid, new_source_file, old_source_row, old_source_file from record_changes
            where change = 'vanished' group by all"""
        ).fetchall()
        sites = connection.execute("select distinct siteid from record_changes order by siteid").fetchall()
        added = "select count(*) > 0 from record_changes where change = 'added'"
        assert connection.execute(added).fetchone() == (True,)
    # A subject who was first dosed after the older export has a first dose in the newer one.
    corrected = {row[:6] for row in changed if row[5] != "rfstdtc"}
    assert (corrected, len(planted)) == (planted, 5)
    assert {row[7] for row in changed if row[5] == "rfstdtc"} == {None}
    # An item's correction is its total's too.
    items = sorted(str(row[6]).split(" | ")[0] for row in changed if row[5] == "qsstresn")
    assert items == ["MADRS02"] * 3 + ["MADRSTOT"] * 3
    # What vanished is what a planted defect of the newer file sets aside, empties, or dates another way.
    defects = {(it["site"], it["file"], it["row"]) for it in truth["defects"]}
    assert {row[:3] for row in gone if row[0] == "S02"} <= defects
    assert [row[3] for row in gone if row[0] == "S10"] == ["ae_2025-09-30.xpt"]
    assert sites == [("S02",), ("S10",)]


def test_the_report_says_that_it_is_simulated_and_signed_by_no_person(cut: Cut) -> None:
    for path in cut.report.glob("*.html"):
        page = path.read_text()
        assert "imulated" in page, path.name
        assert "emo sign" in page, path.name
    assert "Demo signer" in (cut.report / "signatures.html").read_text()


def test_pages_load_nothing_and_run_nothing(cut: Cut) -> None:
    for path in cut.report.glob("*.html"):
        page = html.unescape(path.read_text())
        assert "<script" not in page.lower(), path.name
        assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page), path.name
        assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", page), path.name
        assert "default-src 'none'" in page, path.name


def test_every_check_is_on_the_validation_page(cut: Cut) -> None:
    page = (cut.report / "validation.html").read_text()
    checks = duckdb.execute(f"select check_id from read_parquet('{cut.gate}/checks.parquet')").fetchall()
    assert len(checks) > 50
    assert [check for (check,) in checks if check not in page] == []
