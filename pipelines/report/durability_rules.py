"""The rules of durability in words, each with the value that the study file gives it."""

from __future__ import annotations

from pipelines.report.formats import plain
from pipelines.study.durability import Durability, LossOfResponse, RelapseByScore
from pipelines.study.model import Study


def parameters(study: Study) -> list[tuple[str, str, str]]:
    """Returns (parameter, value, section) for each number of durability and of areas under the curve."""
    rows = [(f"Durability {each.paramcd}", words(each), each.section) for each in study.durability]
    for endpoint in study.endpoints:
        for area in endpoint.area_under_curve:
            name = f"Area under the response curve, endpoint {endpoint.name.replace('_', ' ')}"
            missed = {"observed": "none where it was missed", "locf": "where it was missed, the last score before it"}
            rows.append((name, f"from day 1 to visit {area.visit}; {missed[area.missing_rule]}", area.section))
    return rows


def words(each: Durability) -> str:
    """Returns what starts and what ends the time of one parameter."""
    parts = [f"{each.param}; starts at the {each.start.words} of endpoint {each.endpoint}"]
    if each.relapse:
        parts.append(_relapse(each.relapse))
    if each.loss_of_response:
        parts.append(_loss(each.loss_of_response))
    if each.events:
        parts.append(f"events: {', '.join(each.events)}")
    censoring = [event for event in each.censoring_events if event not in each.events]
    if censoring:
        parts.append(f"censored at: {', '.join(censoring)}")
    if each.censor_after_gap_days is not None:
        parts.append(f"censored where more than {each.censor_after_gap_days} days pass without an assessment")
    if each.maintenance:
        doses = "of any dose from the start on"
        if each.maintenance.category:
            doses = f"of a dose of category {each.maintenance.category}"
        parts.append(f"on maintenance within {each.maintenance.window_days} days {doses}")
    return "; ".join(parts)


def _relapse(rule: RelapseByScore) -> str:
    relation = ">" if rule.strict else "\u2265"
    text = f"relapse: score {relation} {plain(rule.min_score)}"
    if rule.assessments > 1:
        text += f" at {rule.assessments} consecutive assessments, {_apart(rule.days_apart)}{_first(rule.dated_at)}"
    return text


def _loss(rule: LossOfResponse) -> str:
    text = f"loss of {rule.of}"
    if rule.below_reduction_pct is not None:
        text += f" (reduction < {plain(rule.below_reduction_pct)} %)"
    if rule.confirmed:
        apart = f", {_apart(rule.days_apart)}" if rule.days_apart else ""
        text += f" at two assessments in a row{apart}{_first(rule.dated_at)}"
    return text


def _apart(days: tuple[int, int]) -> str:
    return f"{days[0]} to {days[1]} days apart"


def _first(dated_at: str) -> str:
    return ", dated at the first" if dated_at == "first" else ""
