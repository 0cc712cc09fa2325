"""What the study measures: psychotherapy, biomarkers, vital signs."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study


def _therapy_planned(study: Study) -> ParameterTable:
    return table("prtrt planned_sessions:integer", list(study.therapy.planned.items()))


def _biomarkers(study: Study) -> ParameterTable:
    columns = "lbtestcd label unit lower_limit:double below_limit upper_limit:double above_limit section"
    rows = [
        (code, one.label, one.unit, one.lower_limit, one.below_limit, one.upper_limit, one.above_limit, one.section)
        for code, one in study.biomarkers.items()
    ]
    return table(columns, rows)


def _biomarker_units(study: Study) -> ParameterTable:
    rows = [
        (code, unit, factor)
        for code, one in study.biomarkers.items()
        for unit, factor in {**one.conversions, one.unit: 1.0}.items()
    ]
    return table("lbtestcd from_unit factor:double", rows)


def _vital_signs(study: Study) -> ParameterTable:
    columns = (
        "vstestcd label unit alert_above:double alert_below:double alert_rise:double alert_fall:double "
        "alert_strict:boolean above_crit below_crit rise_crit fall_crit section"
    )
    rows = []
    for code, one in study.vital_signs.items():
        above, below = (">", "<") if one.strict else (">=", "<=")
        limits = (one.alert_above, one.alert_below, one.alert_rise, one.alert_fall)
        words = (f"{code} {above}", f"{code} {below}", f"{code} rise {above}", f"{code} fall {above}")
        rules = [
            None if limit is None else f"{text} {limit:g} {one.unit}" for text, limit in zip(words, limits, strict=True)
        ]
        rows.append((code, one.label, one.unit, *limits, one.strict, *rules, one.section))
    return table(columns, rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "therapy_planned": _therapy_planned,
    "biomarkers": _biomarkers,
    "biomarker_units": _biomarker_units,
    "vital_signs": _vital_signs,
}
