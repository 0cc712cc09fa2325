"""How sites are watched: the metrics in use with their thresholds, and the tests that each counts."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study
from pipelines.study.monitoring import site_metrics


def _metrics(study: Study) -> ParameterTable:
    columns = (
        "metric metric_version label definition method unit n_unit judged_by direction section parameter:integer "
        "min_n:integer per:double threshold_amber:double threshold_red:double "
        "tolerated_value:double"
    )
    rows = [
        (
            one.metric, one.metric_version, one.label, one.definition, one.method, one.unit, one.n_unit, one.judged_by,
            one.direction, one.section, one.parameter, one.min_n, one.per, one.amber, one.red,
            one.tolerated,
        )
        for one in site_metrics(study)
    ]  # fmt: skip
    return table(columns, rows)


def _metric_tests(study: Study) -> ParameterTable:
    return table("metric testcd", [(one.metric, test) for one in site_metrics(study) for test in one.tests])


TABLES: dict[str, Callable[[Study], ParameterTable]] = {
    "metrics": _metrics,
    "metric_tests": _metric_tests,
}
