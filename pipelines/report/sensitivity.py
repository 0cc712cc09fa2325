"""Sensitivity: whether the answer at one visit hangs on the endpoint, the estimand or the missing-data rule."""

from __future__ import annotations

from itertools import product

from pipelines.report.content import Record, Table
from pipelines.report.formats import percent, ratio
from pipelines.report.response import pick
from pipelines.report.tables import CutData


def table(data: CutData, made: dict[str, list[Record]], visit: str) -> Table | None:
    """Returns every definition of the study file side by side at `visit`, or None where there is only one."""
    study = data.study
    rows = [
        _row(data, made, visit, (endpoint.name, estimand.name, rule.name))
        for endpoint, estimand, rule in product(study.endpoints, study.estimands, study.missing_rules)
    ]
    if len(rows) < 2:
        return None
    columns = [f"{measure}: {group.short}" for measure in ("Response", "Remission") for group in data.groups]
    return Table(
        caption=f"Every definition of the study file, at {data.visit_label(visit)}: n/N (%)",
        columns=("Endpoint", "Estimand", "Missing data", *columns),
        rows=tuple(rows),
        heads=3,
        grouped=True,
        notes=("The first line is the primary definition. What each word means is on the page Methods and inputs.",),
    )


def _row(data: CutData, made: dict[str, list[Record]], visit: str, names: tuple[str, str, str]) -> tuple[str, ...]:
    endpoint, estimand, rule = names
    (chosen,) = (each for each in data.study.endpoints if each.name == endpoint)
    keys = {"endpoint": endpoint, "estimand": estimand, "missing_rule": rule, "avisit": visit, "aperiod": None}
    cells = [
        cell
        for measure in ("response", "remission")
        for group in data.groups
        for cell in (pick(made[measure], **keys, trta=group.code) or [{"events": None, "total": 0, "percent": None}])
    ]
    shown = [f"{ratio(cell['events'], cell['total'])} ({percent(cell['percent'])})" for cell in cells]
    return (f"{endpoint.replace('_', ' ')} ({chosen.instrument})", estimand.replace("_", " "), rule, *shown)
