"""How fast and how steadily: definitions of onset, of sustained and of stable response, with each rule in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.onset import Kept, Onset, Rapid, Sustained


def _onset(study: Study) -> ParameterTable:
    columns = (
        "paramcd param of_endpoint measure of_estimand missing uses_unscheduled:boolean rapid_hours:double "
        "rapid_day:integer rapid_visitnum:double kept_to_visitnum:double excursions_allowed:integer "
        "excursion_min_reduction_pct:double excursion_at_end:boolean crit1 crit2 section"
    )
    numbers = {visit.visit: visit.visitnum for visit in study.visits}
    rows = []
    for one in study.onset:
        rapid, kept = one.rapid or Rapid.model_construct(), one.kept or Kept.model_construct(to_visit="")
        day = 1 + math.ceil(rapid.within_hours / 24) if rapid.within_hours is not None else rapid.by_day
        rows.append(
            (
                one.paramcd, one.param, one.endpoint, one.of, one.estimand or study.estimands[0].name, one.missing,
                one.unscheduled, rapid.within_hours, day, numbers.get(rapid.by_visit or ""), numbers.get(kept.to_visit),
                kept.excursions, kept.excursion_min_reduction_pct, kept.excursion_at_end,
                rapid_in_words(one), kept_in_words(one), one.section,
            )
        )  # fmt: skip
    return table(columns, rows)


def rapid_in_words(one: Onset) -> str | None:
    """Returns until when the first response counts as rapid, or None where the definition does not say."""
    if one.rapid is None:
        return None
    if one.rapid.within_hours is not None:
        limit = f"within {one.rapid.within_hours:g} hours"
    else:
        limit = f"by day {one.rapid.by_day}" if one.rapid.by_day is not None else f"by visit {one.rapid.by_visit}"
    return f"first {one.of} {limit}"


def kept_in_words(one: Onset) -> str | None:
    """Returns what keeping the response asks for, or None where the definition does not say."""
    if one.kept is None:
        return None
    kept = one.kept
    least = (
        f" with a reduction of at least {kept.excursion_min_reduction_pct:g} %"
        if kept.excursion_min_reduction_pct is not None
        else ""
    )
    excursions = f", at most {kept.excursions} excursion{'s' * (kept.excursions > 1)}{least}" if kept.excursions else ""
    start = rapid_in_words(one) or f"first {one.of}"
    return f"{start}, kept to visit {kept.to_visit}{excursions}; a missed visit is {_MISSED[one.missing]}"


_MISSED = {"failure": "a failure", "excursion": "an excursion", "ignored": "left out"}


def _sustained(study: Study) -> ParameterTable:
    columns = "paramcd param endpoint measure estimand missing_rule unless allowed_misses:integer crit1 section"
    rows = [
        (
            one.paramcd, one.param, one.endpoint, one.of, one.estimand or study.estimands[0].name,
            one.missing_rule or study.missing_rules[0].name, one.unless, one.allowed_misses,
            sustained_in_words(study, one), one.section,
        )
        for one in study.sustained
    ]  # fmt: skip
    return table(columns, rows)


def sustained_in_words(study: Study, one: Sustained) -> str:
    """Returns at which visits the response is asked for, and what is allowed for."""
    visits = ", ".join(visit.visit for visit in study.visits_of(one))
    at = f" (only at {', '.join(one.misses_at)})" if one.misses_at else ""
    misses = f", but for {one.allowed_misses}{at}" if one.allowed_misses else ""
    return f"{one.of} at {visits}{misses}" + (f"; not {one.unless}" if one.unless else "")


def _sustained_visits(study: Study) -> ParameterTable:
    rows = [
        (one.paramcd, visit.visit, one.allowed_misses > 0 and (one.misses_at is None or visit.visit in one.misses_at))
        for one in study.sustained
        for visit in study.visits_of(one)
    ]
    return table("paramcd visit may_be_missed:boolean", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "onset": _onset,
    "sustained": _sustained,
    "sustained_visits": _sustained_visits,
}
