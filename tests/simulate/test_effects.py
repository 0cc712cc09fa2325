"""The effects that the trial shows, computed from its files in plain Python: like the published ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import correlation, mean, stdev
from typing import Any, NamedTuple

import pytest

DATE = "2026-06-30"
CSV_SITES = [f"S{number:02d}" for number in range(1, 9)]
XPT_SITES = [f"S{number:02d}" for number in range(9, 13)]


class Trial(NamedTuple):
    """By subject: arm, items by visit, dates by visit, phases of its doses."""

    arms: dict[str, str]
    items: dict[str, dict[str, list[int]]]
    dates: dict[str, dict[str, str]]
    phases: dict[str, list[str]]

    def total(self, subject: str, visit: str) -> int | None:
        """Returns the MADRS total, None where the visit or an item is missing."""
        items = self.items.get(subject, {}).get(visit, [])
        return sum(items) if len(items) == 10 else None

    def share(self, arm: str, visit: str, rule: Callable[[int, int], bool]) -> float:
        """Returns the percentage of the arm's assessed subjects for whom the rule (baseline, score) holds."""
        pairs = [
            (self.total(subject, "BL"), self.total(subject, visit)) for subject, own in self.arms.items() if own == arm
        ]
        known = [(base, score) for base, score in pairs if base is not None and score is not None]
        return 100 * sum(rule(base, score) for base, score in known) / len(known)


@pytest.fixture(scope="module")
def trial(rows_of: Callable[[str, str], list[dict[str, Any]]]) -> Trial:
    allocation = rows_of("IRT", f"allocation_{DATE}.csv")
    arms = {f"{row['site']}-{row['subject']}": {"A": "KET", "B": "MDZ"}[row["arm"]] for row in allocation}
    found = Trial(arms, {}, {}, {})
    for site in CSV_SITES:
        for row in rows_of(site, f"visits_{DATE}.csv"):
            subject, items = f"{site}-{row['record_id']}", [row[f"madrs_{item:02d}"] for item in range(1, 11)]
            if all(item.isdigit() and int(item) <= 6 for item in items):
                found.items.setdefault(subject, {})[row["visit"]] = list(map(int, items))
                found.dates.setdefault(subject, {})[row["visit"]] = row["visit_date"]
    for site in XPT_SITES:
        for row in rows_of(site, f"qs_{DATE}.xpt"):
            if row["QSTESTCD"].startswith("MADRS") and row["QSTESTCD"] != "MADRSTOT" and row["QSSTRESN"] <= 6:
                subject = row["USUBJID"].removeprefix("KAP-DEMO-")
                found.items.setdefault(subject, {}).setdefault(row["VISIT"], []).append(int(row["QSSTRESN"]))
        for row in rows_of(site, f"ex_{DATE}.xpt"):
            found.phases.setdefault(row["USUBJID"].removeprefix("KAP-DEMO-"), []).append(row["EXCAT"])
    for row in rows_of("IRT", f"dispensing_{DATE}.csv"):
        found.phases.setdefault(f"{row['site']}-{row['subject']}", []).append(row["phase"])
    return found


def _response(base: int, score: int) -> bool:
    return 2 * score <= base


def _remission(_: int, score: int) -> bool:
    return score <= 10


def test_240_subjects_are_randomised_in_equal_arms_at_every_site(trial: Trial) -> None:
    for site in (*CSV_SITES, *XPT_SITES):
        arms = [arm for subject, arm in trial.arms.items() if subject.startswith(site)]
        assert (arms.count("KET"), arms.count("MDZ")) == (10, 10)


def test_madrs_at_baseline_is_about_33_with_a_spread_of_5(trial: Trial) -> None:
    baseline = [score for subject in trial.arms if (score := trial.total(subject, "BL")) is not None]
    assert len(baseline) == 240
    assert 32 <= mean(baseline) <= 34
    assert 4.3 <= stdev(baseline) <= 5.7


@pytest.mark.parametrize(
    ("arm", "visit", "rule", "lowest", "highest"),
    [
        ("KET", "D2", _response, 50, 60),
        ("MDZ", "D2", _response, 25, 30),
        ("KET", "W4", _response, 62, 68),
        ("MDZ", "W4", _response, 40, 45),
        ("KET", "W4", _remission, 45, 50),
        ("MDZ", "W4", _remission, 25, 30),
    ],
)
def test_response_and_remission_are_like_the_published_ones(
    trial: Trial, arm: str, visit: str, rule: Callable[[int, int], bool], lowest: int, highest: int
) -> None:
    assert lowest <= trial.share(arm, visit, rule) <= highest


def test_effect_fades_within_days_in_part_of_the_subjects(trial: Trial) -> None:
    assert trial.share("KET", "W1", _response) < trial.share("KET", "D2", _response) - 10


def test_relapse_after_response_is_about_half_as_frequent_under_maintenance_dosing(trial: Trial) -> None:
    later = ("W8", "W12", "W16", "W20", "W24")
    rates = {}
    for maintained in (False, True):
        relapses, visits = 0, 0
        for subject in trial.arms:
            base, week_4 = trial.total(subject, "BL"), trial.total(subject, "W4")
            responder = base is not None and week_4 is not None and _response(base, week_4)
            if responder and ("MAINTENANCE" in trial.phases.get(subject, [])) == maintained:
                scores = [score for visit in later if (score := trial.total(subject, visit)) is not None]
                first = next((number for number, score in enumerate(scores, start=1) if score >= 22), None)
                relapses += first is not None
                visits += first or len(scores)
        rates[maintained] = relapses / visits
    assert 0.3 <= rates[True] / rates[False] <= 0.75


def test_items_of_one_rating_go_together(trial: Trial) -> None:
    ratings = [visits["W4"] for visits in trial.items.values() if len(visits.get("W4", [])) == 10]
    columns = list(zip(*ratings, strict=True))
    pairs = [correlation(columns[i], columns[j]) for i in range(10) for j in range(i)]
    assert min(pairs) > 0.4
    assert max(pairs) < 0.99


def test_ketamine_is_half_a_milligram_per_kilogram(rows_of: Callable[[str, str], list[dict[str, Any]]]) -> None:
    weights = {
        f"{site}-{row['record_id']}": float(row["weight_kg"])
        for site in CSV_SITES
        for row in rows_of(site, f"visits_{DATE}.csv")
        if row["weight_kg"] not in {"", "weight_kg"}
    }
    ratios = [
        float(row["dose_mg"]) / weight
        for row in rows_of("IRT", f"dispensing_{DATE}.csv")
        if row["drug"] == "KETAMINE" and (weight := weights.get(f"{row['site']}-{row['subject']}"))
    ]
    assert len(ratios) > 200
    assert all(math.isclose(ratio, 0.5, abs_tol=0.001) for ratio in ratios)


def test_dissociation_peaks_at_40_minutes_after_ketamine(
    rows_of: Callable[[str, str], list[dict[str, Any]]], trial: Trial
) -> None:
    peaks: dict[str, list[int]] = {"KET": [], "MDZ": []}
    for site in CSV_SITES:
        for row in rows_of(site, f"dosing_{DATE}.csv"):
            peaks[trial.arms[f"{site}-{row['record_id']}"]].append(int(row["cadss_40"]))
    assert mean(peaks["KET"]) > 15
    assert mean(peaks["MDZ"]) < 5


def test_bdnf_rises_more_after_ketamine(rows_of: Callable[[str, str], list[dict[str, Any]]], trial: Trial) -> None:
    levels: dict[tuple[str, str], float] = {}
    for row in rows_of("LAB", f"labs_{DATE}.csv"):
        if row["analyte"] == "BDNF" and row["value"]:
            factor = {"ng/mL": 1.0, "pg/mL": 0.001}[row["unit"]]
            levels[f"{row['site']}-{row['subject']}", row["visit"]] = float(row["value"]) * factor
    rises = {
        arm: mean(
            levels[subject, "W4"] / levels[subject, "BL"]
            for subject, own in trial.arms.items()
            if own == arm and (subject, "W4") in levels and (subject, "BL") in levels
        )
        for arm in ("KET", "MDZ")
    }
    assert 1.03 < rises["KET"] / rises["MDZ"] < 1.2
