"""What durability and areas under the curve must hold beyond their types: names that refer to something."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.study.durability import DaysApart, Durability
from pipelines.study.model import Study
from pipelines.study.problem import Problem


def durability_problems(study: Study) -> Iterator[Problem]:
    """Yields every mistake of `durability` and of the endpoints' `area_under_curve`."""
    endpoints = [endpoint.name for endpoint in study.endpoints]
    names = [parameter.paramcd for parameter in study.durability]
    for index, parameter in enumerate(study.durability):
        where = ("durability", index)
        if names.index(parameter.paramcd) != index:
            yield Problem((*where, "paramcd"), "two parameters have this code. Give each its own.")
        if parameter.endpoint not in endpoints:
            yield Problem((*where, "endpoint"), f"no such endpoint. Endpoints: {', '.join(endpoints)}.")
        if not (parameter.relapse or parameter.loss_of_response or parameter.events):
            yield Problem(where, "says no event. Add relapse, loss_of_response or events.")
        if parameter.censor_gap_at_end and parameter.censor_after_gap_days is None:
            text = "says no days. Add censor_after_gap_days, or remove it."
            yield Problem((*where, "censor_gap_at_end"), text)
        yield from _start(study, parameter, where)
        yield from _rules(study, parameter, where)
    for index, endpoint in enumerate(study.endpoints):
        for number, area in enumerate(endpoint.area_under_curve):
            place = ("endpoints", index, "area_under_curve", number)
            yield from _visit(study, area.visit, (*place, "visit"))
            if any(visit.visit == area.visit and visit.day is not None and visit.day < 2 for visit in study.visits):
                yield Problem((*place, "visit"), "the curve starts on day 1. Name a visit of a later day.")
            if area in endpoint.area_under_curve[:number]:
                yield Problem(place, "this area stands twice. Remove one.")


def _start(study: Study, parameter: Durability, where: tuple[str | int, ...]) -> Iterator[Problem]:
    start, place = parameter.start, (*where, "start")
    if start.at == "randomisation" and study.design != "randomised_withdrawal":
        yield Problem(place, "only in a randomised withdrawal does the time start there. Write response or remission.")
    if start.at == "randomisation" and (start.estimand or start.missing_rule != "observed"):
        yield Problem(place, "at randomisation the state is as it was observed. Remove estimand and missing_rule.")
    elif start.estimand is None and start.missing_rule != "observed":
        yield Problem((*place, "missing_rule"), "goes with an estimand. Name one under `estimand`.")
    estimands = [one.name for one in study.estimands]
    if start.estimand is not None and start.estimand not in estimands:
        yield Problem((*place, "estimand"), f"no such estimand. Estimands: {', '.join(estimands)}.")
    rules = [one.name for one in study.missing_rules]
    if start.estimand is not None and start.missing_rule not in rules:
        yield Problem((*place, "missing_rule"), f"not among missing_rules: {', '.join(rules)}.")


def _rules(study: Study, parameter: Durability, where: tuple[str | int, ...]) -> Iterator[Problem]:
    loss = parameter.loss_of_response
    if parameter.relapse:
        yield from _apart(parameter.relapse.days_apart, (*where, "relapse", "days_apart"))
    if loss and loss.days_apart:
        yield from _apart(loss.days_apart, (*where, "loss_of_response", "days_apart"))
        if not loss.confirmed:
            yield Problem(
                (*where, "loss_of_response", "days_apart"), "one assessment has none. Add `confirmed: true`, or remove."
            )
    if loss and loss.of == "remission" and loss.below_reduction_pct is not None:
        yield Problem((*where, "loss_of_response", "below_reduction_pct"), "is about a response. Remove it, or `of`.")
    for name in parameter.landmarks.visits:
        yield from _visit(study, name, (*where, "landmarks", "visits"))


def _apart(days: DaysApart, where: tuple[str | int, ...]) -> Iterator[Problem]:
    if days[0] > days[1]:
        yield Problem(where, "the fewest days are more than the most. Write [fewest, most].")


def _visit(study: Study, name: str, where: tuple[str | int, ...]) -> Iterator[Problem]:
    visits = {visit.visit: visit for visit in study.visits}
    if name not in visits:
        yield Problem(where, f"no visit '{name}'. Visits: {', '.join(sorted(visits))}.")
    elif visits[name].day is None:
        yield Problem(where, f"visit '{name}' has no day. Give it its target day under `visits`.")
