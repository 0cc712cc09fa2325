"""What the rules beside the endpoints must hold beyond their types: doses, biomarkers, vital signs."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.model import Study
from pipelines.study.problem import Problem


def measure_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake in what the study gives and measures beside its endpoints."""
    yield from _doses(study)
    yield from _biomarkers(study)
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
