"""What the rules for partial dates must hold beyond their types: a bound that exists, and that the rule can meet."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.dates import PartialDate
from pipelines.study.model import Study
from pipelines.study.problem import Problem


def date_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake in `partial_dates`."""
    for kind in type(study.partial_dates).model_fields:
        rule: PartialDate = getattr(study.partial_dates, kind)
        where = ("partial_dates", kind)
        bounds = [key for key in ("not_before", "not_after") if getattr(rule, key) is not None]
        if kind == "assessment":
            for key in bounds:
                yield Problem((*where, key), "an assessment's date has no bounds. Remove it.")
        if rule.not_after == "event_end" and kind != "adverse_event_start":
            yield Problem((*where, "not_after"), "only the start of an adverse event has the event's end after it.")
        if bounds and rule.impute == "none":
            yield Problem(
                (*where, bounds[0]), "bounds a date that is not completed. Write `impute: first` (or mid, last)."
            )
        # A date of which nothing is known has no first or last day but the bound.
        needed = {"first": "not_before", "last": "not_after"}.get(rule.impute)
        if rule.highest == "year" and (needed is None or getattr(rule, needed) is None):
            yield Problem(
                (*where, "highest"),
                "a date of which nothing is known is completed from a bound only. Write `impute: first` with"
                " `not_before`, or `impute: last` with `not_after`.",
            )
