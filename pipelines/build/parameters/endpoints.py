"""What the study asks: endpoints, estimands, rules for missing data."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.endpoints import ResponseRule


def _endpoints(study: Study) -> ParameterTable:
    columns = (
        "endpoint paramcd min_reduction_pct:double min_reduction_points:double response_max_score:double "
        "response_strict:boolean has_further:boolean response_crit response_section "
        "remission_max_score:double remission_strict:boolean remission_crit remission_section"
    )
    rows = []
    for one in study.endpoints:
        response, remission = one.response, one.remission
        score = f"{'<' if remission.strict else '<='} {remission.max_score:g}"
        rows.append(
            (
                one.name, one.instrument, response.min_reduction_pct, response.min_reduction_points, response.max_score,
                response.strict, bool(response.also), _response_crit(one.instrument, response), response.section,
                remission.max_score, remission.strict, f"{one.instrument} total {score}", remission.section,
            )
        )  # fmt: skip
    return table(columns, rows)


def _response_crit(instrument: str, rule: ResponseRule) -> str:
    more, less = (">", "<") if rule.strict else (">=", "<=")
    reductions = [
        *([f"{more} {rule.min_reduction_pct:g} %"] if rule.min_reduction_pct is not None else []),
        *([f"{more} {rule.min_reduction_points:g} points"] if rule.min_reduction_points is not None else []),
    ]
    total = f" and total {less} {rule.max_score:g}" if rule.max_score is not None else ""
    return f"{instrument} reduction from baseline {' and '.join(reductions)}{total}{_further_crit(rule)}"


def _further_crit(rule: ResponseRule) -> str:
    return "".join(
        f" and {one.instrument} total {sign}{'' if one.strict else '='} {limit:g}"
        for one in rule.also
        for sign, limit in ((">", one.min_score), ("<", one.max_score))
        if limit is not None
    )


def _response_conditions(study: Study) -> ParameterTable:
    columns = (
        "endpoint paramcd condition_number:integer further_paramcd further_min_score:double further_max_score:double "
        "further_strict:boolean"
    )
    rows = [
        (endpoint.name, endpoint.instrument, number, one.instrument, one.min_score, one.max_score, one.strict)
        for endpoint in study.endpoints
        for number, one in enumerate(endpoint.response.also, start=1)
    ]
    return table(columns, rows)


def _estimands(study: Study) -> ParameterTable:
    return table("estimand strategy", [(one.name, one.strategy) for one in study.estimands])


def _estimand_events(study: Study) -> ParameterTable:
    # A set: an event that is written twice must not count twice.
    rows = [(one.name, event) for one in study.estimands for event in sorted(set(one.events))]
    return table("estimand event", rows)


def _missing_rules(study: Study) -> ParameterTable:
    columns = "missing_rule method carries_baseline:boolean carries_unscheduled:boolean section"
    rows = [(one.name, one.rule, one.baseline, one.unscheduled, one.section) for one in study.missing_rules]
    return table(columns, rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "endpoints": _endpoints,
    "response_conditions": _response_conditions,
    "estimands": _estimands,
    "estimand_events": _estimand_events,
    "missing_rules": _missing_rules,
}
