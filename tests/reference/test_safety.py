"""The reference's sessions, biomarkers, adverse events and peaks, on tables small enough to be checked by eye."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.study import Study
from tests.reference.adverse_events import judged
from tests.reference.biomarkers import Measured, measured
from tests.reference.peaks import peaks
from tests.reference.records import Subject
from tests.reference.safety_records import AdverseEvent, Result, Session, Signs
from tests.reference.small import on, seen, study
from tests.reference.therapy import held, summaries


@pytest.fixture(scope="module")
def safety(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("studies") / "safety", "safety")


def dosed(*days: int) -> Subject:
    """Returns a subject with doses on these study days; the first dose is on day 1, 10 March."""
    return seen(doses=tuple(on(day) for day in days))


@pytest.mark.parametrize(
    ("day", "is_in_window"), [(-1, False), (1, False), (2, True), (4, True), (5, False), (15, False), (16, True)]
)
def test_an_integration_session_counts_one_to_three_days_after_the_last_dose(
    safety: Study, day: int, is_in_window: bool
) -> None:
    subject = replace(dosed(1, 15), sessions=(Session(kind="INTEGRATION", day=on(day)),))
    assert [one.is_in_window for one in held(safety, subject)] == [is_in_window]


def test_a_session_that_was_missed_counts_as_recorded_only(safety: Study) -> None:
    kept = [Session(kind="INTEGRATION", day=on(day), minutes=50, fidelity=score) for day, score in ((2, 4), (20, 5))]
    missed = Session(kind="INTEGRATION", day=on(3), held="N", minutes=90, fidelity=1)
    found = {one.kind: one for one in summaries(safety, replace(dosed(1), sessions=(*kept, missed)))}
    one = found["INTEGRATION"]
    assert (one.planned, one.recorded, one.attended, one.in_window, one.minutes) == (4, 3, 2, 1, 100)
    assert [one.attended_pct, one.mean_fidelity, str(one.first), str(one.last)] == [50, 4.5, on(2), on(20)]
    assert (found["PREPARATION"].planned, found["PREPARATION"].recorded, found["PREPARATION"].source) == (2, 0, None)


def results(study: Study, *rows: tuple[str, int, int, str, str]) -> list[Measured]:
    """Returns results of an analyte, on a study day, in thousandths, in a unit, with a mark."""
    made = [
        Result(analyte=name, visit="UNSCHEDULED", day=on(day), thousandths=value, unit=unit, mark=mark, source=("l", n))
        for n, (name, day, value, unit, mark) in enumerate(rows)
    ]
    return measured(study, replace(dosed(1), results=tuple(made)))


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "mark", "expected"),
    [
        ("BDNF", 500, "ng/mL", "", (0.5, None, False)),  # at the limit is not below it
        ("BDNF", 499_000, "pg/mL", "", (0.499, None, True)),  # as reported, in the one unit
        ("BDNF", 90_001, "ng/mL", "", (90, "ULOQ", False)),
        ("TNFA", 399, "pg/mL", "", (0.2, "HALF LLOQ", True)),
        ("TNFA", 500, "pg/mL", "<", (0.2, "HALF LLOQ", True)),
        ("CRP", 29, "mg/dL", "", (0.3, "LLOQ", True)),
        ("CRP", 30, "mg/dL", "", (0.3, None, False)),
        ("CRP", 10_000, "mg/dL", ">", (None, None, False)),
    ],
)
def test_a_result_beyond_a_limit_becomes_what_the_study_says(
    safety: Study, analyte: str, value: int, unit: str, mark: str, expected: tuple[float | None, str | None, bool]
) -> None:
    (one,) = results(safety, (analyte, 8, value, unit, mark))
    found = None if one.placed.value is None else float(one.placed.value)
    assert (found, one.placed.dtype, one.is_below) == expected


def test_change_and_ratio_are_from_the_baseline_in_one_unit(safety: Study) -> None:
    before, after = results(safety, ("BDNF", -1, 20_000, "ng/mL", ""), ("BDNF", 8, 30_000_000, "pg/mL", ""))
    assert [before.change, before.ratio, before.placed.is_baseline] == [None, 1, True]
    assert [after.change, after.percent_change, after.ratio] == [10, 50, 1.5]


@pytest.mark.parametrize(
    ("start", "end", "severity", "before", "reason"),
    [
        (on(1), "", "MILD", "", "STARTED"),
        (on(-1), "", "MILD", "", None),
        ("2026-03", "", "MILD", "", "STARTED"),
        ("2026-02", "", "MILD", "", None),
        ("2026-03", "2026-03-09", "MILD", "", None),  # it was over the day before the first dose
        ("", "2026-03-09", "MILD", "", None),
        ("", "", "MILD", "", "STARTED"),
        (on(-1), "", "SEVERE", "MILD", "WORSENED"),
        (on(-1), "", "MILD", "MILD", None),
        (on(-5), on(-1), "SEVERE", "MILD", None),
        (on(31), "", "MILD", "", "STARTED"),  # 30 days after the last dose
        (on(32), "", "MILD", "", None),
    ],
)
def test_an_event_is_treatment_emergent_by_what_is_known_of_it(
    safety: Study, start: str, end: str, severity: str, before: str, reason: str | None
) -> None:
    event = AdverseEvent(term="Nausea", start=start, end=end, severity=severity, before=before)
    assert [one.reason for one in judged(safety, replace(dosed(1), adverse_events=(event,)))] == [reason]
    assert [one.reason for one in judged(safety, replace(dosed(), adverse_events=(event,)))] == [None]


def test_the_peak_is_the_first_highest_value_after_the_dose(safety: Study) -> None:
    signs = Signs(day=on(15), systolic={"pre": 190, "40": 180, "90": 180})
    (one,) = peaks(safety, replace(dosed(1, 15), signs=(signs, Signs(day=on(1), systolic={"pre": 190}))))
    assert (one.dose_number, one.value, one.base, one.measured, one.minutes) == (2, 180, 190, 2, 40)
    # The limit of 180 is not strict.
    assert one.is_beyond
