"""What the study watches for, as tables: events of special interest, peaks around dosing, score alerts."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study


def _special_interest(study: Study) -> ParameterTable:
    # A set: a term that is written twice must not count twice.
    rows = [
        (one.name, term, one.section)
        for one in study.safety.special_interest
        for term in sorted({term.upper() for term in one.terms})
    ]
    return table("aesi term section", rows)


def _session_peaks(study: Study) -> ParameterTable:
    rows = []
    for one in study.safety.session_peaks:
        sign = {("highest", True): ">", ("highest", False): ">=", ("lowest", True): "<", ("lowest", False): "<="}
        rule = None if one.limit is None else f"{one.paramcd} peak {sign[one.worst, one.strict]} {one.limit:g}"
        rows.append((one.paramcd, one.worst, one.limit, one.strict, rule, one.section))
    return table("paramcd worst peak_limit:double peak_strict:boolean peak_crit section", rows)


def _score_alerts(study: Study) -> ParameterTable:
    rows = [
        (one.name, test, one.at_least, f"{test} >= {one.at_least:g}", one.section)
        for one in study.safety.score_alerts
        for test in sorted(set(one.tests))
    ]
    return table("alert qstestcd at_least:double rule section", rows)


def _blinding_assessments(study: Study) -> ParameterTable:
    rows = [
        (one.testcd, one.label, one.kind.upper(), one.by.upper(), one.certainty_testcd, one.section)
        for one in study.blinding_assessments
    ]
    return table("qstestcd label kind assessor certainty_testcd section", rows)


def _blinding_answers(study: Study) -> ParameterTable:
    rows = [
        (one.testcd, answer, "UNKNOWN" if arm == "unknown" else arm)
        for one in study.blinding_assessments
        for answer, arm in one.answers.items()
    ]
    return table("qstestcd answer guess", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "special_interest": _special_interest,
    "session_peaks_sought": _session_peaks,
    "score_alerts": _score_alerts,
    "blinding_assessments": _blinding_assessments,
    "blinding_answers": _blinding_answers,
}
