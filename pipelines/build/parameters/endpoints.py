"""What the study asks: endpoints, estimands, rules for missing data."""

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


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "endpoints": _endpoints,
    "estimands": _estimands,
    "estimand_events": _estimand_events,
    "missing_rules": _missing_rules,
}
