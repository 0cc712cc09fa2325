"""What definitions of onset and of sustained response must hold beyond their types."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.model import Study
from pipelines.study.onset import Onset, Sustained
from pipelines.study.problem import Problem


def onset_problems(study: Study) -> Iterator[Problem]:
    """Yields every name in `onset` and `sustained` that refers to nothing, and every definition that no visit meets."""
    for index, onset in enumerate(study.onset):
        where = ("onset", index)
        yield from _referring(study, onset, where)
        for location, visit in (
            ((*where, "rapid", "by_visit"), onset.rapid.by_visit if onset.rapid else None),
            ((*where, "kept", "to_visit"), onset.kept.to_visit if onset.kept else None),
        ):
            yield from _planned(study, onset, visit, location)
    codes = [sustained.paramcd for sustained in study.sustained]
    for index, sustained in enumerate(study.sustained):
        where = ("sustained", index)
        yield from _referring(study, sustained, where)
        rules = [rule.name for rule in study.missing_rules]
        if sustained.missing_rule is not None and sustained.missing_rule not in rules:
            yield Problem((*where, "missing_rule"), f"no such rule. Rules: {', '.join(rules)}.")
        for key in ("from_visit", "to_visit"):
            yield from _planned(study, sustained, getattr(sustained, key), (*where, key))
        for key in ("visits", "misses_at"):
            for visit in getattr(sustained, key) or ():
                yield from _planned(study, sustained, visit, (*where, key))
        if sustained.unless is not None and sustained.unless not in codes[:index]:
            yield Problem((*where, "unless"), "no definition above this one has this paramcd. Put it first.")
        if len(study.visits_of(sustained)) <= sustained.allowed_misses:
            yield Problem((*where, "allowed_misses"), "as many misses as visits: it would always hold. Write fewer.")


def _referring(study: Study, one: Onset | Sustained, where: tuple[str, int]) -> Iterator[Problem]:
    codes = [
        *(each.paramcd for each in study.durability),
        *(each.paramcd for each in study.onset),
        *(each.paramcd for each in study.sustained),
    ]
    if codes.count(one.paramcd) > 1:
        yield Problem((*where, "paramcd"), "two parameters have this code. Give each its own.")
    endpoints = [endpoint.name for endpoint in study.endpoints]
    if one.endpoint not in endpoints:
        yield Problem((*where, "endpoint"), f"no such endpoint. Endpoints: {', '.join(endpoints)}.")
    estimands = [estimand.name for estimand in study.estimands]
    if one.estimand is not None and one.estimand not in estimands:
        yield Problem((*where, "estimand"), f"no such estimand. Estimands: {', '.join(estimands)}.")


def _planned(
    study: Study, one: Onset | Sustained, visit: str | None, location: tuple[str | int, ...]
) -> Iterator[Problem]:
    visits = [each.visit for each in study.visits_after_baseline(one.endpoint)]
    if visit is not None and visits and visit not in visits:
        text = f"'{visit}' is no visit after baseline of the endpoint's instrument. Visits: {', '.join(visits)}."
        yield Problem(location, text)
