"""The numbers on the pages, counted by hand from the twelve subjects of the parallel trial."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.cut import Cut
from pipelines.report import report
from pipelines.report.formats import MISSING
from tests.report.trials import parallel


def statistics_of(cut: Cut) -> dict[str, list[dict[str, Any]]]:
    statistics: dict[str, list[dict[str, Any]]] = json.loads((cut.report / "statistics.json").read_text())
    return statistics


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[dict[str, Any]]], str]:
    study, cut = parallel(tmp_path_factory.mktemp("trial"))
    receipt = report(study, cut.cut_id)
    return statistics_of(cut), receipt.path.read_text(encoding="utf-8")


def rows(page: str, caption: str) -> list[list[str]]:
    """Returns the texts of the rows of the table with this caption."""
    table = page[page.index(f"<caption>{caption}") :].split("</table>", 1)[0]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr>")[1:]]


@pytest.mark.parametrize(
    ("measure", "rule", "arm", "events", "total", "missing"),
    [
        ("response", "observed", "KET", 2, 4, 1),  # 10 and 15 of 10, 15, 16, 20
        ("response", "observed", "MDZ", 1, 4, 1),
        ("response", "nri", "KET", 2, 5, 0),
        ("remission", "observed", "KET", 1, 4, 1),
        ("remission", "nri", "MDZ", 0, 5, 0),
    ],
)
def test_a_missing_value_is_counted_as_the_rule_says(
    made: Any, measure: str, rule: str, arm: str, events: int, total: int, missing: int
) -> None:
    keys = {"avisit": "W4", "trta": arm, "missing_rule": rule}
    (found,) = (record for record in made[0][measure] if keys.items() <= record.items())
    assert (found["events"], found["total"], found["missing"]) == (events, total, missing)


def test_the_first_answers_carry_n_and_interval(made: Any) -> None:
    cards = made[1].split('class="cards"', 1)[1].split('class="contents"', 1)[0]
    assert "2/4, 95 % interval 15.0 to 85.0" in cards
    assert "Difference 25.0 points (95 % interval \u221232.0 to 65.5, Newcombe, n = 8)" in cards
    assert "10 days" in cards
    assert "not reached" in cards


def test_disposition_counts_every_subject_once(made: Any) -> None:
    flow = {record["step"]: (record["KET"], record["MDZ"], record["total"]) for record in made[0]["disposition"]}
    assert flow["Screened"] == (None, None, 12)
    assert flow["Screen failures"] == (None, None, 2)
    assert flow["Randomised"] == (5, 5, 10)
    assert flow["Completed"] == (4, 4, 8)
    assert flow["Discontinued: lost to follow-up"] == (1, 1, 2)
    assert rows(made[1], "Subjects by step")[1] == ["Screened", MISSING, MISSING, "12"]


def test_sites_are_listed_and_vendors_are_not(made: Any) -> None:
    table = rows(made[1], "Subjects by site")
    assert [row[0] for row in table[1:]] == ["S01 Basel", "S02 Lund", "All sites"]
    assert table[3] == ["All sites", "", "12", "2", "5", "5", "10", "8", "2"]


def test_change_from_baseline_is_of_observed_pairs(made: Any) -> None:
    (found,) = (r for r in made[0]["change"] if r["avisit"] == "W4" and r["trta"] == "KET")
    assert (found["n"], found["mean"], found["change_mean"]) == (4, 15.25, -14.75)
    baseline = rows(made[1], "MADRS: score and change")[1]
    assert baseline == ["Baseline", "Ketamine", "5", "30.00", "0.00", MISSING, MISSING, MISSING]


def test_onset_and_sustained_response_are_told_by_arm_with_wilson_intervals(made: Any) -> None:
    first = rows(made[1], "First response: subjects")[1:]
    assert first == [
        ["Time to response (TTRESP)", "Ketamine", "5", "3", "2", "2 to 16"],
        ["Midazolam", "5", "1", "2", "2 to 2"],
    ]
    rapid = rows(made[1], "Rapid response: n/N")[1:]
    assert rapid[0] == ["Time to response (TTRESP)", "Ketamine", "2/5", "40.0\u00a0%", "11.8 to 76.9", "0"]
    kept = rows(made[1], "Rapid response that was kept: n/N")[1:]
    assert [row[-4:] for row in kept] == [
        ["1/5", "20.0\u00a0%", "3.6 to 62.4", "0"],
        ["0/4", "0.0\u00a0%", "0.0 to 49.0", "1"],
    ]
    steady = rows(made[1], "Sustained and stable: n/N")[1:]
    assert steady[1] == ["Midazolam", "0/4", "0.0\u00a0%", "0.0 to 49.0", "1"]
    (found,) = (record for record in made[0]["sustained"] if record["trta"] == "KET")
    assert (found["events"], found["total"], found["missing"]) == (1, 5, 0)


def test_durability_is_kaplan_meier_with_its_test_named(made: Any) -> None:
    (ket,) = (record for record in made[0]["durability"] if record["trta"] == "KET")
    assert (ket["n"], ket["events"], ket["median_days"]) == (3, 2, 10.0)
    assert ket["day_7"]["rate"] == pytest.approx(2 / 3, abs=1e-6)
    assert "Log-rank test, two-sided, unstratified: p = " in made[1]
    assert "(Ketamine n = 3 and Midazolam n = 1)" in made[1]


def test_nothing_on_a_page_reads_nan_or_none(made: Any) -> None:
    assert not re.search(r">\s*(nan|None|inf)\b", made[1])


def test_a_domain_that_nobody_delivered_has_no_section_and_is_named(tmp_path: Path) -> None:
    study, cut = parallel(tmp_path, therapy=[], biomarkers=[], adae=[], advs=[])
    page = report(study, cut.cut_id).path.read_text(encoding="utf-8")
    assert "Not delivered in this cut, and so without a section: therapy sessions, biomarkers." in page
    assert 'id="therapy"' not in page


def test_a_cut_without_any_analysed_subject_still_has_a_report(tmp_path: Path) -> None:
    names = (
        "adsl",
        "adqs",
        "response",
        "remission",
        "onset",
        "sustained",
        "durability",
        "therapy",
        "exposure",
        "biomarkers",
        "adae",
        "advs",
    )
    none: dict[str, Any] = {name: [] for name in (*names, "deliveries", "quarantine")}
    study, cut = parallel(tmp_path, **none)
    page = report(study, cut.cut_id).path.read_text(encoding="utf-8")
    assert "Nothing to show." in page


def test_an_adverse_events_free_text_is_not_shown(tmp_path: Path) -> None:
    row = {"usubjid": "KET0", "trta": "KET", "aeterm": "fell at 12 Main Street", "trtemfl": "Y"}
    study, cut = parallel(tmp_path, adae=[row])
    page = report(study, cut.cut_id).path.read_text(encoding="utf-8")
    assert "Main Street" not in page
    assert "Not coded" in page


@pytest.mark.requirement("RES-2")
def test_record_changes_are_counted_with_those_of_the_endpoint_first_and_no_value_or_key_shown(tmp_path: Path) -> None:
    def change(what: str, domain: str, key: str, variable: str | None, row: int | None = 4) -> dict[str, Any]:
        return {
            "siteid": "S01", "usubjid": "CANARY1", "domain": domain, "record_key": key, "variable": variable,
            "change": what, "old_value": "CANARY2", "new_value": "CANARY3", "seen_on": "2026-04-01",
            "old_source_file": "a.csv", "new_source_file": "b.csv", "old_source_row": 3, "new_source_row": row,
        }  # fmt: skip

    changes = [
        change("changed", "AE", "1 | CANARY4 | 2026-01-05", "aesev"),
        change("changed", "QS", "MADRSTOT | D2 | 2026-01-06", "qsstresn"),
        change("changed", "QS", "MADRSTOT | W1 | 2026-01-12", "qsstresn"),
        change("vanished", "QS", "CADSSTOT | D2 | 2026-01-06", None, row=None),
    ]
    study, cut = parallel(tmp_path, record_changes=changes)
    report(study, cut.cut_id)
    page = (cut.report / "deliveries.html").read_text()
    assert rows(page, "By variable and site")[1:] == [
        ["QS MADRSTOT qsstresn", "yes", "S01 Basel", "2", "0", "0"],
        ["AE aesev", "no", "S01 Basel", "1", "0", "0"],
        ["QS CADSSTOT (record)", "no", "S01 Basel", "0", "0", "1"],
    ]
    assert "Newer deliveries changed 3 values, added 0 records and no longer hold 1." in page
    listed = rows(page, "Values changed and records vanished")[1:]
    assert listed[-1] == ["2026-04-01", "S01 Basel", "QS MADRSTOT qsstresn", "changed", "a.csv", "3", "b.csv", "4"]
    for file in cut.report.iterdir():
        assert "CANARY" not in file.read_text(), file.name
