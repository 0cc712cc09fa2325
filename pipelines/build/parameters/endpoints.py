"""What the study asks: endpoints, estimands, rules for missing data, durability."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study


def _endpoints(study: Study) -> ParameterTable:
    columns = (
        "endpoint paramcd min_reduction_pct:double response_strict:boolean response_crit response_section "
        "remission_max_score:double remission_strict:boolean remission_crit remission_section"
    )
    rows = []
    for one in study.endpoints:
        response, remission = one.response, one.remission
        reduction = f"{'>' if response.strict else '>='} {response.min_reduction_pct:g} %"
        score = f"{'<' if remission.strict else '<='} {remission.max_score:g}"
        rows.append(
            (
                one.name, one.instrument,
                response.min_reduction_pct, response.strict, f"{one.instrument} reduction from baseline {reduction}",
                response.section, remission.max_score, remission.strict, f"{one.instrument} total {score}",
                remission.section,
            )
        )  # fmt: skip
    return table(columns, rows)


def _estimands(study: Study) -> ParameterTable:
    return table("estimand strategy", [(one.name, one.strategy) for one in study.estimands])


def _estimand_events(study: Study) -> ParameterTable:
    # A set: an event that is written twice must not count twice.
    rows = [(one.name, event) for one in study.estimands for event in sorted(set(one.events))]
    return table("estimand event", rows)


def _missing_rules(study: Study) -> ParameterTable:
    return table("missing_rule", [(rule,) for rule in dict.fromkeys(study.missing_rules)])


def _durability(study: Study) -> ParameterTable:
    columns = (
        "paramcd param endpoint start relapse_min_score:double relapse_strict:boolean relapse_assessments:integer "
        "relapse_from_days:integer relapse_to_days:integer loss_of_response:boolean loss_confirmed:boolean section"
    )
    rows = []
    for one in study.durability:
        relapse = one.relapse
        by_score = (
            (relapse.min_score, relapse.strict, relapse.assessments, *relapse.days_apart) if relapse else (None,) * 5
        )
        loss = one.loss_of_response
        rows.append(
            (
                one.paramcd, one.param, one.endpoint, one.start, *by_score,
                loss is not None, loss.confirmed if loss else None, one.section,
            )
        )  # fmt: skip
    return table(columns, rows)


def _durability_events(study: Study) -> ParameterTable:
    rows = [(one.paramcd, event) for one in study.durability for event in sorted(set(one.events))]
    return table("paramcd event", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "endpoints": _endpoints,
    "estimands": _estimands,
    "estimand_events": _estimand_events,
    "missing_rules": _missing_rules,
    "durability": _durability,
    "durability_events": _durability_events,
}
