"""What the study measures: psychotherapy, biomarkers, vital signs."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study


def _therapy_planned(study: Study) -> ParameterTable:
    return table("prtrt planned_sessions:integer", list(study.therapy.planned.items()))


def _biomarkers(study: Study) -> ParameterTable:
    rows = [(code, one.label, one.unit, one.lower_limit) for code, one in study.biomarkers.items()]
    return table("lbtestcd label unit lower_limit:double", rows)


def _biomarker_units(study: Study) -> ParameterTable:
    rows = [
        (code, unit, factor)
        for code, one in study.biomarkers.items()
        for unit, factor in {**one.conversions, one.unit: 1.0}.items()
    ]
    return table("lbtestcd from_unit factor:double", rows)


def _vital_signs(study: Study) -> ParameterTable:
    rows = [(code, one.label, one.unit, one.alert_above, one.strict) for code, one in study.vital_signs.items()]
    return table("vstestcd label unit alert_above:double alert_strict:boolean", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "therapy_planned": _therapy_planned,
    "biomarkers": _biomarkers,
    "biomarker_units": _biomarker_units,
    "vital_signs": _vital_signs,
}
