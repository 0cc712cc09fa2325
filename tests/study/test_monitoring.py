"""`monitoring` in the study file: what a study changes, and every way of asking for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.core.errors import StudyFileError
from pipelines.study import Study
from pipelines.study.monitoring import Definition, metric_catalogue, site_metrics
from tests.small_study import STUDY_FILE, make_study


def small_study(root: Path, monitoring: str) -> Study:
    return make_study(root, STUDY_FILE.replace("layouts:\n", f"monitoring:\n  {monitoring}\nlayouts:\n", 1))


def metric(study: Study, name: str) -> Definition:
    (found,) = (one for one in site_metrics(study) if one.metric == name)
    return found


def test_a_study_that_says_nothing_has_every_metric_of_the_catalogue_for_its_own_instruments(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    assert [one.metric for one in site_metrics(study)] == list(metric_catalogue())
    assert metric(study, "score_variance").tests == ("MADRS",)
    assert metric(study, "digit_preference_vital_signs").tests == ("SYSBP", "DIABP")


def test_a_metric_says_in_words_the_numbers_that_the_study_gives_it(tmp_path: Path) -> None:
    made = metric(small_study(tmp_path, 'late_entry: {days: 5, red: 4, section: "4.4"}'), "late_entry")
    assert (made.parameter, made.amber, made.red, made.section) == (5, 2, 4, "4.4")
    assert "more than 5 days later" in made.definition
    assert "{" not in "".join(one.definition + one.method for one in site_metrics(make_study(tmp_path / "other")))


def test_a_metric_that_is_switched_off_is_none_of_the_study(tmp_path: Path) -> None:
    named = [one.metric for one in site_metrics(small_study(tmp_path, "enrolment: {active: false}"))]
    assert "enrolment" not in named
    assert len(named) == len(metric_catalogue()) - 1


def test_what_is_tolerated_goes_with_the_score_that_it_was_meant_for(tmp_path: Path) -> None:
    made = metric(small_study(tmp_path, "discontinuation: {judged_by: value, amber: 20, red: 40}"), "discontinuation")
    assert (metric_catalogue()["discontinuation"].tolerated, made.tolerated) == (5, None)


@pytest.mark.parametrize(
    ("monitoring", "key", "said"),
    [
        ("enrollment: {}", "monitoring.enrollment", "no such metric"),
        ("enrolment: {days: 5}", "monitoring.enrolment.days", "it takes no number"),
        ("ae_rate: {days: 5}", "monitoring.ae_rate.days", "it takes `simulations`"),
        ("enrolment: {tests: [MADRS]}", "monitoring.enrolment.tests", "not about single tests"),
        ("score_variance: {tests: [PHQ9]}", "monitoring.score_variance.tests", "not among the instruments: MADRS"),
        ("enrolment: {judged_by: p_value, red: 1}", "monitoring.enrolment.judged_by", "one of value, score"),
        ("query_age: {direction: both}", "monitoring.query_age.direction", "Write high or low"),
        ("enrolment: {red: 1}", "monitoring.enrolment.red", "must be at least amber"),
        ("ae_rate: {red: 0.1}", "monitoring.ae_rate.red", "must be at most amber"),
        ("enrolment: {amber: 0}", "monitoring.enrolment.amber", "above 0"),
        ("enrolment: {tolerated: 1}", "monitoring.enrolment.tolerated", "high side"),
        ("ae_rate: {simulations: 10}", "monitoring.ae_rate.simulations", "100"),
    ],
)
def test_what_cannot_be_asked_of_a_metric_is_said_with_its_key(
    tmp_path: Path, monitoring: str, key: str, said: str
) -> None:
    with pytest.raises(StudyFileError) as failure:
        small_study(tmp_path, monitoring)
    assert key in str(failure.value)
    assert said in str(failure.value)
    assert "1 mistake in" in str(failure.value)
