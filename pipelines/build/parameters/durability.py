"""How long it lasts: time-to-event parameters, their events and landmarks, areas under the response curve."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.durability import Durability


def _durability(study: Study) -> ParameterTable:
    columns = (
        "paramcd param endpoint start start_at start_assessments:integer start_estimand start_missing_rule "
        "relapse_min_score:double relapse_strict:boolean relapse_assessments:integer relapse_from_days:integer "
        "relapse_to_days:integer relapse_dated_at loss_of_response:boolean loss_of loss_below_reduction_pct:double "
        "loss_confirmed:boolean loss_from_days:integer loss_to_days:integer loss_dated_at "
        "censor_after_gap_days:integer censor_gap_at_end:boolean maintenance_window_days:integer maintenance_category "
        "section"
    )
    rows = [
        (
            one.paramcd, one.param, one.endpoint,
            one.start.state, one.start.at, one.start.assessments, one.start.estimand, one.start.missing_rule,
            *_relapse(one), *_loss(one), one.censor_after_gap_days, one.censor_gap_at_end,
            *((one.maintenance.window_days, one.maintenance.category) if one.maintenance else (None, None)),
            one.section,
        )
        for one in study.durability
    ]  # fmt: skip
    return table(columns, rows)


def _relapse(one: Durability) -> tuple[object, ...]:
    rule = one.relapse
    if rule is None:
        return (None,) * 6
    return (rule.min_score, rule.strict, rule.assessments, *rule.days_apart, rule.dated_at)


def _loss(one: Durability) -> tuple[object, ...]:
    rule = one.loss_of_response
    if rule is None:
        return (False, *(None,) * 6)
    return (True, rule.of, rule.below_reduction_pct, rule.confirmed, *(rule.days_apart or (None, None)), rule.dated_at)


def _durability_events(study: Study) -> ParameterTable:
    # What the study file calls an event is one, also where it stands among those that censor.
    rows = [
        (one.paramcd, event, 0 if event in one.events else 1)
        for one in study.durability
        for event in sorted({*one.events, *one.censoring_events})
    ]
    return table("paramcd event cnsr:integer", rows)


def _durability_landmarks(study: Study) -> ParameterTable:
    rows = [
        row
        for one in study.durability
        for row in (
            *((one.paramcd, f"DAY {day}", day, None) for day in sorted(set(one.landmarks.days))),
            *((one.paramcd, visit, None, visit) for visit in dict.fromkeys(one.landmarks.visits)),
        )
    ]
    return table("paramcd landmark landmark_days:integer visit", rows)


def _response_areas(study: Study) -> ParameterTable:
    rows = [
        (endpoint.name, area.visit, area.missing_rule, area.section)
        for endpoint in study.endpoints
        for area in endpoint.area_under_curve
    ]
    return table("endpoint visit missing_rule section", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "durability": _durability,
    "durability_events": _durability_events,
    "durability_landmarks": _durability_landmarks,
    "response_areas": _response_areas,
}
