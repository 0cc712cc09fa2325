"""Therapy, biomarkers, adverse events and session peaks of the reference, as rows that tables compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipelines.study import Study
from tests.reference.adverse_events import judged
from tests.reference.biomarkers import measured
from tests.reference.peaks import peaks
from tests.reference.records import Subject
from tests.reference.therapy import held, summaries

Row = tuple[Any, ...]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _yes(is_met: bool | None) -> str | None:
    return "Y" if is_met else None


def _flag(is_met: bool | None) -> str | None:
    return None if is_met is None else "Y" if is_met else "N"


def _therapy(study: Study, subject: Subject) -> Iterator[Row]:
    for one in held(study, subject):
        yield (
            (subject.usubjid, *one.session.source),
            (
                one.session.kind, one.number, one.days_since_dose, _flag(one.is_attended), _flag(one.is_in_window),
                _number(one.session.minutes), _number(one.session.fidelity),
            ),
        )  # fmt: skip


def _summaries(study: Study, subject: Subject) -> Iterator[Row]:
    for one in summaries(study, subject):
        yield (
            (subject.usubjid, one.kind),
            (
                one.planned, one.recorded, one.attended, one.in_window,
                None if one.attended_pct is None else round(float(one.attended_pct), 2), _number(one.minutes),
                None if one.mean_fidelity is None else round(float(one.mean_fidelity), 4),
                one.first, one.last, *(one.source or (None, None)),
            ),
        )  # fmt: skip


def _biomarkers(study: Study, subject: Subject) -> Iterator[Row]:
    for one in measured(study, subject):
        placed = one.placed
        yield (
            (subject.usubjid, *one.result.source),
            (
                one.result.analyte, placed.avisit, placed.date, placed.study_day, _number(placed.value), placed.dtype,
                _number(one.base), _number(one.change), _number(one.percent_change), _number(one.ratio),
                _flag(one.is_below), _flag(one.is_above), _yes(placed.is_baseline), _yes(placed.is_analysed),
            ),
        )  # fmt: skip


def _adverse_events(study: Study, subject: Subject) -> Iterator[Row]:
    for one in judged(study, subject):
        yield (
            (subject.usubjid, *one.event.source),
            (
                one.event.term, one.start, one.start_part, one.end, one.end_part, one.days_since_dose,
                _flag(one.reason is not None), one.reason, one.interest,
            ),
        )  # fmt: skip


def _peaks(study: Study, subject: Subject) -> Iterator[Row]:
    for one in peaks(study, subject):
        yield (
            (subject.usubjid, "SYSBP", one.dose_number),
            (
                _number(one.value), _number(one.base), one.measured, one.minutes, _flag(one.is_beyond), *one.source,
            ),
        )  # fmt: skip


TABLES: dict[str, tuple[int, str, Callable[[Study, Subject], Iterator[Row]]]] = {
    "therapy": (
        3,
        (
            "usubjid, source_file, srcseq, prtrt, session_number, days_since_dose, attendedfl, integration_window_fl, "
            "minutes, fidelity_score"
        ),
        _therapy,
    ),
    "therapy_summary": (
        2,
        (
            "usubjid, prtrt, planned_sessions, sessions_recorded, sessions_attended, sessions_in_window, "
            "planned_attended_pct, minutes, mean_fidelity_score, first_date, last_date, source_file, srcseq"
        ),
        _summaries,
    ),
    "biomarkers": (
        3,
        (
            "usubjid, source_file, srcseq, paramcd, avisit, adt, ady, aval, dtype, base, chg, pchg, ratio_to_base, "
            "blqfl, alqfl, ablfl, anl01fl"
        ),
        _biomarkers,
    ),
    "adae": (
        3,
        (
            "usubjid, source_file, srcseq, aedecod, astdt, astdtf, aendt, aendtf, days_since_dose, trtemfl, "
            "emergent_reason, aesi"
        ),
        _adverse_events,
    ),
    "session_peaks": (
        3,
        "usubjid, paramcd, dose_number, aval, base, measurements, minutes_since_dose, crit1fl, source_file, srcseq",
        _peaks,
    ),
}
