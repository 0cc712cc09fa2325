"""What the rules beside the endpoints must hold beyond their types: doses, biomarkers, vital signs, safety."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.model import Study
from pipelines.study.problem import Problem


def measure_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake in what the study gives and measures beside its endpoints."""
    yield from _doses(study)
    yield from _biomarkers(study)
    yield from _safety(study)
    yield from _blinding(study)
    for code, one in study.vital_signs.items():
        if one.alert_above is not None and one.alert_below is not None and one.alert_below >= one.alert_above:
            text = "lies at alert_above or beyond it: every value would be an alert. Swap the two."
            yield Problem(("vital_signs", code, "alert_below"), text)


def _doses(study: Study) -> Iterator[Problem]:
    for arm, dose in study.exposure.planned.items():
        where = ("exposure", "planned", arm)
        if arm not in study.arms:
            yield Problem(where, f"no arm '{arm}'. Arms: {', '.join(study.arms)}.")
        if (dose.mg is None) == (dose.mg_per_kg is None):
            yield Problem(where, "write either mg_per_kg or mg: the dose that the protocol plans.")


def _biomarkers(study: Study) -> Iterator[Problem]:
    for code, one in study.biomarkers.items():
        where = ("biomarkers", code)
        if one.below_limit in {"half_limit", "limit"} and one.lower_limit is None:
            yield Problem((*where, "below_limit"), f"'{one.below_limit}' needs a number: add lower_limit.")
        if one.above_limit == "limit" and one.upper_limit is None:
            yield Problem((*where, "above_limit"), "'limit' needs a number: add upper_limit.")
        if one.lower_limit is not None and one.upper_limit is not None and one.lower_limit >= one.upper_limit:
            yield Problem((*where, "upper_limit"), "lies at lower_limit or below it. Swap the two.")


def _safety(study: Study) -> Iterator[Problem]:
    groups: dict[str, str] = {}
    for index, one in enumerate(study.safety.special_interest):
        for term in one.terms:
            if groups.setdefault(term.upper(), one.name) != one.name:
                where = ("safety", "special_interest", index, "terms")
                yield Problem(where, f"'{term}' stands in two groups. Keep it in one: an event is of one group.")
    known = [*study.instruments, *study.vital_signs]
    names = [one.paramcd for one in study.safety.session_peaks]
    for index, code in enumerate(names):
        where = ("safety", "session_peaks", index, "paramcd")
        if code not in known:
            yield Problem(where, f"no instrument or vital sign '{code}'. There are {', '.join(known)}.")
        if names.index(code) != index:
            yield Problem(where, f"'{code}' stands twice. Give each its one worst value and limit.")
    alerts = [one.name for one in study.safety.score_alerts]
    for index, name in enumerate(alerts):
        if alerts.index(name) != index:
            yield Problem(("safety", "score_alerts", index, "name"), "two alerts have this name. Give each its own.")


def _blinding(study: Study) -> Iterator[Problem]:
    names = [one.testcd for one in study.blinding_assessments]
    for index, one in enumerate(study.blinding_assessments):
        where = ("blinding_assessments", index)
        if names.index(one.testcd) != index:
            yield Problem((*where, "testcd"), "this test code stands twice. Give each question its own.")
        if one.kind == "guess" and not one.answers:
            yield Problem((*where, "answers"), "a guess needs its answers: write each, with its arm or `unknown`.")
        if one.kind == "expectancy" and one.answers:
            yield Problem((*where, "answers"), "an expectancy is a number (QSSTRESN). Remove answers.")
        for answer, arm in one.answers.items():
            if arm not in study.arms and arm != "unknown":
                text = f"no arm '{arm}'. Arms: {', '.join(study.arms)}; or `unknown`."
                yield Problem((*where, "answers", answer), text)
