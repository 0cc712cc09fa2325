"""The schema `study`: the study file as tables, the only place where the models get a protocol's numbers from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.study import Study
from pipelines.study.checks import parse_population

if TYPE_CHECKING:
    import duckdb

    from pipelines.cut import CutInputs

# What stands for every arm in a blinded cut.
BLINDED = "BLINDED"


@dataclass(frozen=True, kw_only=True)
class ParameterTable:
    """One table of schema `study`: its columns with their types, and its rows."""

    columns: dict[str, str]
    rows: list[Sequence[Any]]


def create_parameters(connection: duckdb.DuckDBPyConnection, study: Study, inputs: CutInputs) -> None:
    """Creates schema `study` in the connected database."""
    connection.execute("create schema study")
    for name, table in parameter_tables(study, inputs).items():
        columns = ", ".join(f"{column} {kind}" for column, kind in table.columns.items())
        connection.execute(f"create table study.{name} ({columns})")
        if table.rows:
            marks = ", ".join("?" for _ in table.columns)
            connection.executemany(f"insert into study.{name} values ({marks})", table.rows)


def parameter_tables(study: Study, inputs: CutInputs) -> dict[str, ParameterTable]:
    """Returns every table of schema `study` by its name."""
    makers: dict[str, Callable[[Study], ParameterTable]] = {
        "sites": _sites,
        "population": _population,
        "visits": _visits,
        "instruments": _instruments,
        "instrument_visits": _instrument_visits,
        "endpoints": _endpoints,
        "estimands": _estimands,
        "estimand_events": _estimand_events,
        "missing_rules": _missing_rules,
        "durability": _durability,
        "durability_events": _durability_events,
        "therapy_planned": _therapy_planned,
        "biomarkers": _biomarkers,
        "biomarker_units": _biomarker_units,
        "vital_signs": _vital_signs,
    }
    tables = {name: maker(study) for name, maker in makers.items()}
    return {"settings": _settings(study, inputs), "arms": _arms(study, inputs), **tables}


def _table(columns: str, rows: Sequence[Sequence[Any]]) -> ParameterTable:
    """`columns` is `name name:type ...`; varchar where no type is written."""
    pairs = [word.partition(":") for word in columns.split()]
    return ParameterTable(columns={name: kind or "varchar" for name, _, kind in pairs}, rows=list(rows))


def _settings(study: Study, inputs: CutInputs) -> ParameterTable:
    columns = (
        "studyid title design blinding blinded:boolean signoff data_cutoff:date baseline_rule tie "
        "integration_from_days:integer integration_to_days:integer"
    )
    signoff = study.signoff if isinstance(study.signoff, str) else ",".join(study.signoff)
    row = [
        study.study, study.title, study.design, study.blinding, inputs.document["blinded"], signoff,
        inputs.document["data_cutoff"], study.baseline, study.tie, *study.therapy.integration_window_days,
    ]  # fmt: skip
    return _table(columns, [row])


def _arms(study: Study, inputs: CutInputs) -> ParameterTable:
    columns = "arm arm_label arm_role"
    if inputs.document["blinded"]:
        return _table(columns, [(BLINDED, "Blinded treatment", "blinded")])
    return _table(columns, [(code, arm.label, arm.role) for code, arm in study.arms.items()])


def _sites(study: Study) -> ParameterTable:
    rows = [(code, site.name, site.country or None, site.kind) for code, site in study.sites.items()]
    return _table("siteid site_name country kind", rows)


def _population(study: Study) -> ParameterTable:
    return _table("variable operator value", parse_population(study.population.analysed) or [])


def _visits(study: Study) -> ParameterTable:
    columns = (
        "visit visitnum:double visit_label target_day:integer window_from_day:integer window_to_day:integer "
        "is_baseline:boolean of_period:boolean"
    )
    rows = [
        (one.visit, one.visitnum, one.label, one.day, *(one.window or (None, None)), one.baseline, one.of_period)
        for one in study.visits
    ]
    return _table(columns, rows)


def _instruments(study: Study) -> ParameterTable:
    return _table("paramcd analysed_total", [(code, use.analysed_total) for code, use in study.instruments.items()])


def _instrument_visits(study: Study) -> ParameterTable:
    every = tuple(visit.visit for visit in study.visits)
    rows = [(code, visit) for code, use in study.instruments.items() for visit in (use.visits or every)]
    return _table("paramcd visit", rows)


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
    return _table(columns, rows)


def _estimands(study: Study) -> ParameterTable:
    return _table("estimand strategy", [(one.name, one.strategy) for one in study.estimands])


def _estimand_events(study: Study) -> ParameterTable:
    # A set: an event that is written twice must not count twice.
    rows = [(one.name, event) for one in study.estimands for event in sorted(set(one.events))]
    return _table("estimand event", rows)


def _missing_rules(study: Study) -> ParameterTable:
    return _table("missing_rule", [(rule,) for rule in dict.fromkeys(study.missing_rules)])


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
    return _table(columns, rows)


def _durability_events(study: Study) -> ParameterTable:
    rows = [(one.paramcd, event) for one in study.durability for event in sorted(set(one.events))]
    return _table("paramcd event", rows)


def _therapy_planned(study: Study) -> ParameterTable:
    return _table("prtrt planned_sessions:integer", list(study.therapy.planned.items()))


def _biomarkers(study: Study) -> ParameterTable:
    rows = [(code, one.label, one.unit, one.lower_limit) for code, one in study.biomarkers.items()]
    return _table("lbtestcd label unit lower_limit:double", rows)


def _biomarker_units(study: Study) -> ParameterTable:
    rows = [
        (code, unit, factor)
        for code, one in study.biomarkers.items()
        for unit, factor in {**one.conversions, one.unit: 1.0}.items()
    ]
    return _table("lbtestcd from_unit factor:double", rows)


def _vital_signs(study: Study) -> ParameterTable:
    rows = [(code, one.label, one.unit, one.alert_above, one.strict) for code, one in study.vital_signs.items()]
    return _table("vstestcd label unit alert_above:double alert_strict:boolean", rows)
