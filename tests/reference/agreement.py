"""The tables of a cut beside what the reference says of the same subjects, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.cut import Cut
from pipelines.study import Study
from tests.reference import agreement_safety
from tests.reference.assessments import assessments, baseline
from tests.reference.curves import areas
from tests.reference.durability import courses
from tests.reference.episodes import episodes
from tests.reference.intervals import intervals
from tests.reference.onset import onsets
from tests.reference.outcomes import Outcome, outcomes
from tests.reference.records import Source, Subject
from tests.reference.retention import landmarks
from tests.reference.sustained import held

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How one table compares: the rows of both, and each key on which they differ with what each says."""

    rows: int
    differing: list[tuple[Row, list[Row], list[Row]]]


def _source(source: Source | None) -> Row:
    return source or (None, None)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _same(said: Any, expected: Any) -> bool:
    """Returns whether two values are the same; quotients that are rounded in other places are."""
    if isinstance(said, float) and isinstance(expected, float):
        return math.isclose(said, expected, rel_tol=1e-9, abs_tol=1e-9)
    return bool(said == expected)


def _adqs(study: Study, subject: Subject) -> Iterator[Row]:
    found = assessments(study, subject)
    for one in found:
        at_baseline = baseline(found, one.score.instrument, one.period)
        yield (
            (subject.usubjid, one.score.instrument, *_source(one.score.source), one.dtype),
            (
                one.avisit, one.period, one.date, one.study_day, _number(one.value),
                _number(at_baseline.value if at_baseline else None),
                "Y" if one.is_baseline else None, "Y" if one.is_analysed else None,
                f"PERIOD {one.base_period}" if one.base_period else None, one.completed_part,
            ),
        )  # fmt: skip


def _outcome(subject: Subject, one: Outcome) -> Row:
    flag = None if one.is_met is None else "Y" if one.is_met else "N"
    return (
        (subject.usubjid, one.endpoint, one.avisit, one.period, one.estimand, one.missing_rule),
        (
            _number(one.value), _number(one.base), flag, one.dtype,
            one.taken.date if one.taken else None, one.taken.study_day if one.taken else None,
            *_source(one.taken.score.source if one.taken else None),
        ),
    )  # fmt: skip


def _outcomes(table: str) -> Callable[[Study, Subject], Iterator[Row]]:
    return lambda study, subject: (_outcome(subject, one) for one in outcomes(study, subject)[table])


def _durability(study: Study, subject: Subject) -> Iterator[Row]:
    for one in courses(study, subject):
        yield (
            (subject.usubjid, one.paramcd, one.period),
            (
                one.start_day, one.end_day, one.days, one.lower_days, one.upper_days, one.event, one.censored,
                *_source(one.source),
            ),
        )  # fmt: skip


def _flag(is_met: bool | None) -> str | None:
    return None if is_met is None else "Y" if is_met else "N"


def _sustained(study: Study, subject: Subject) -> Iterator[Row]:
    for one in held(study, subject):
        yield (
            (subject.usubjid, one.paramcd, one.period),
            (one.asked, one.met, one.missed, one.unknown, _flag(one.is_met)),
        )


def _onset(study: Study, subject: Subject) -> Iterator[Row]:
    for one in onsets(study, subject):
        yield (
            (subject.usubjid, one.paramcd, one.period),
            (one.avisit, int(one.avisit is None), _flag(one.is_rapid), _flag(one.is_kept)),
        )


def _retention(study: Study, subject: Subject) -> Iterator[Row]:
    for one in landmarks(study, subject):
        yield (
            (subject.usubjid, one.course.paramcd, one.course.period, one.name),
            (
                one.day, _number(one.course.days), int(one.course.event is None), _flag(one.is_retained),
                one.why_unknown, *_source(one.course.source),
            ),
        )  # fmt: skip


def _episodes(study: Study, subject: Subject) -> Iterator[Row]:
    for one in episodes(study, subject):
        yield (
            (subject.usubjid, one.endpoint, one.period, one.number),
            (
                one.start, one.end, _number(one.days), one.lower_days, _number(one.days) if one.event else None,
                one.event, one.censored, _number(one.lowest_change), one.seen, one.doses, one.days_since_dose,
                one.days_to_next, _flag(one.is_redosed), *_source(one.source),
            ),
        )  # fmt: skip


def _intervals(study: Study, subject: Subject) -> Iterator[Row]:
    for one in intervals(study, subject):
        yield (
            (subject.usubjid, one.course.paramcd, one.course.period, one.number),
            (
                one.start, one.stop, int(one.is_event), one.doses, one.days_since_dose, _flag(one.on_maintenance),
                *_source(one.course.source),
            ),
        )  # fmt: skip


def _areas(study: Study, subject: Subject) -> Iterator[Row]:
    for one in areas(study, subject):
        yield (
            (subject.usubjid, one.endpoint, one.period, one.avisit, one.missing_rule),
            (
                one.days, _number(one.area), _number(one.mean), _number(one.base), one.seen,
                "LOCF" if one.is_carried else None, one.why_missing,
                *_source(one.last.score.source if one.last else None),
            ),
        )  # fmt: skip


# What is compared of each table: how many columns are its key, the columns, and the reference's rows.
_ENDPOINT = (
    "usubjid, endpoint, avisit, aperiod, estimand, missing_rule, aval, base, crit1fl, dtype, "
    "adt, ady, source_file, srcseq"
)
_ADQS = (
    "usubjid, paramcd, source_file, srcseq, dtype, avisit, aperiod, adt, ady, aval, base, "
    "ablfl, anl01fl, basetype, adtf"
)
_SUSTAINED = "usubjid, paramcd, aperiod, visits_asked, visits_met, visits_missed, visits_unknown, crit1fl"
_ONSET = "usubjid, paramcd, aperiod, case when cnsr = 0 then avisit end, cnsr, crit1fl, crit2fl"
_DURABILITY = (
    "usubjid, paramcd, aperiod, startdy, ady, aval, lower_days, upper_days, evntdesc, cnsdtdsc, source_file, srcseq"
)
_RETENTION = (
    "usubjid, paramcd, aperiod, landmark, landmark_days, aval, cnsr, retainfl, missing_reason, source_file, srcseq"
)
_INTERVALS = (
    "usubjid, paramcd, aperiod, interval_number, tstart, tstop, event, doses, days_since_dose, maintfl, "
    "source_file, srcseq"
)
_EPISODES = (
    "usubjid, endpoint, aperiod, episode, astdy, aendy, aval, lower_days, upper_days, evntdesc, cnsdtdsc, "
    "lowest_pchg, assessments, doses, days_since_dose, days_to_next, redosedfl, source_file, srcseq"
)
_AREAS = (
    "usubjid, endpoint, aperiod, avisit, missing_rule, days, area_percent_days, aval, base, "
    "assessments, dtype, missing_reason, source_file, srcseq"
)
TABLES: dict[str, tuple[int, str, Callable[[Study, Subject], Iterator[Row]]]] = {
    "adqs": (5, _ADQS, _adqs),
    "response": (6, _ENDPOINT, _outcomes("response")),
    "remission": (6, _ENDPOINT, _outcomes("remission")),
    "sustained": (3, _SUSTAINED, _sustained),
    "onset": (3, _ONSET, _onset),
    "durability": (3, _DURABILITY, _durability),
    "retention": (4, _RETENTION, _retention),
    "durability_intervals": (4, _INTERVALS, _intervals),
    "response_episodes": (4, _EPISODES, _episodes),
    "response_auc": (5, _AREAS, _areas),
    **agreement_safety.TABLES,
}


def asked(study: Study, table: str) -> bool:
    """Returns whether a made-up trial has what a table is made of."""
    if table in agreement_safety.TABLES:
        return bool(study.biomarkers)
    areas_asked = any(endpoint.area_under_curve for endpoint in study.endpoints)
    asks = {
        "retention": study.durability,
        "durability_intervals": study.durability,
        "response_auc": areas_asked,
    }
    return bool(asks.get(table, getattr(study, table, True)))


def differences(study: Study, subjects: Sequence[Subject], cut: Cut, table: str) -> Compared:
    """Returns where the table and the reference differ: rows of one that the other has not, or has otherwise."""
    keys, columns, expected = TABLES[table]
    found: dict[Row, list[Row]] = {}
    rows = 0
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        for usubjid, *values in connection.execute(f"select {columns} from {table}").fetchall():
            found.setdefault((usubjid[-6:], *values[: keys - 1]), []).append(tuple(values[keys - 1 :]))
            rows += 1
    differing = []
    for subject in subjects:
        for key, row in expected(study, subject):
            said = found.pop(key, [])
            if len(said) != 1 or not all(map(_same, said[0], row)):
                differing.append((key, said, [row]))
    differing += [(key, said, []) for key, said in found.items()]
    return Compared(rows=rows, differing=differing)
