"""The reference's completed dates and protocol versions, small enough to be checked by eye."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from pipelines.study import Study
from pipelines.study.dates import PartialDate
from tests.reference.assessments import assessments
from tests.reference.dates import completed
from tests.reference.outcomes import outcomes
from tests.reference.records import Dose, Subject
from tests.reference.schedules import version, visits_of
from tests.reference.small import ended, madrs, on, seen, study

SOMEONE = Subject(
    usubjid="000001", consent="2025-12-20", doses=(Dose(day="2026-01-10"),), events=(ended("COMPLETED", 1),)
)


@pytest.mark.parametrize(
    ("text", "impute", "expected"),
    [
        ("2026-02-03", "mid", ("2026-02-03", None)),
        ("2026-02", "first", ("2026-02-01", "D")),
        ("2026-02", "mid", ("2026-02-15", "D")),
        ("2026-02", "last", ("2026-02-28", "D")),
        ("2026", "first", ("2026-01-01", "M")),
        ("2026", "mid", ("2026-06-30", "M")),
        ("2026", "last", ("2026-12-31", "M")),
        ("2026-02", "none", (None, None)),
        ("", "first", (None, None)),
    ],
)
def test_a_partial_date_is_completed_as_the_study_says(
    text: str, impute: str, expected: tuple[str | None, str | None]
) -> None:
    date, part = completed(text, PartialDate.model_validate({"impute": impute}), SOMEONE)
    assert (date.isoformat() if date else None, part) == expected


@pytest.mark.parametrize(("highest", "expected"), [("day", [True, False]), ("month", [True, True])])
def test_no_higher_part_is_completed_than_the_study_allows(highest: str, expected: list[bool]) -> None:
    rule = PartialDate.model_validate({"impute": "first", "highest": highest})
    assert [completed(text, rule, SOMEONE)[0] is not None for text in ("2026-02", "2026")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-01", "2026-01-10"), ("2025-12", "2025-12-01"), ("2026-02", "2026-02-01"), ("", "2026-01-10")],
)
def test_a_completed_date_is_not_before_its_bound_where_that_is_open(text: str, expected: str) -> None:
    rule = PartialDate.model_validate({"impute": "first", "highest": "year", "not_before": "first_dose"})
    assert completed(text, rule, SOMEONE)[0] == datetime.date.fromisoformat(expected)


def test_a_completed_date_is_not_after_its_bound_where_that_is_open() -> None:
    rule = PartialDate.model_validate({"impute": "last", "not_after": "end_of_study"})
    # The study ended on 2026-03-10.
    days = [completed(text, rule, SOMEONE)[0] for text in ("2026-03", "2026-02", "2026-04")]
    assert [str(day) for day in days] == ["2026-03-10", "2026-02-28", "2026-04-30"]


@pytest.fixture(scope="module")
def withdrawal(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "withdrawal", "withdrawal")


@pytest.mark.parametrize(
    ("site", "consent", "expected"),
    [
        ("01", "2026-03-09", "1"),
        ("01", "2026-03-10", "2"),
        ("02", "2026-03-19", "1"),
        ("02", "2026-03-20", "2"),
        ("02", "2026-04-05", "3"),
        ("01", "", "1"),
        ("01", "2026-04", "1"),
    ],
)
def test_a_subject_follows_the_version_in_force_at_its_site_on_the_day_of_consent(
    withdrawal: Study, site: str, consent: str, expected: str
) -> None:
    assert version(withdrawal, replace(SOMEONE, site=site, consent=consent)) == expected


@pytest.mark.parametrize(
    ("consent", "visits", "windows"),
    [
        ("2026-03-09", "SCR BL D2 W1 W2 W4 W8", [(5, 11), (12, 18), (50, 64)]),
        ("2026-03-10", "SCR BL D2 W2 W4 W6 W8", [(12, 22), (50, 64)]),
        ("2026-04-05", "SCR BL D2 W1 W2 W4 W6 W8", [(6, 10), (12, 22), (48, 70)]),
    ],
)
def test_an_amendment_changes_drops_and_adds_visits_of_the_version_before_it(
    withdrawal: Study, consent: str, visits: str, windows: list[tuple[int, int]]
) -> None:
    planned = visits_of(withdrawal, replace(SOMEONE, site="01", consent=consent))
    assert [visit.visit for visit in planned] == visits.split()
    assert [visit.window for visit in planned if visit.visit in {"W1", "W2", "W8"}] == windows


def test_a_visit_that_its_version_does_not_plan_stays_and_counts_in_no_denominator(withdrawal: Study) -> None:
    subject = replace(
        seen(madrs("BL", 1, 30), madrs("W1", 8, 10), madrs("W2", 20, 10)), site="01", consent="2026-03-10"
    )
    assert [one.avisit for one in assessments(withdrawal, subject)][:3] == ["BL", "W1", "W2"]
    rows = outcomes(withdrawal, subject)["response"]
    assert list(dict.fromkeys(one.avisit for one in rows if one.endpoint == "primary")) == [
        "D2",
        "W2",
        "W4",
        "W6",
        "W8",
    ]


def test_the_mean_before_the_first_dose_is_a_row_of_its_own(withdrawal: Study) -> None:
    subject = seen(madrs("SCR", -14, 30), madrs("BL", -3, 26), madrs("BL", 1, 25), madrs("D2", 2, 10))
    (mean,) = [one for one in assessments(withdrawal, subject) if one.is_baseline]
    assert [mean.value, mean.dtype, str(mean.date)] == [27, "AVERAGE", on(1)]
