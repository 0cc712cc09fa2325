"""How dates that are known in part are completed."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.build.parameters.table import ParameterTable, table
from pipelines.study import Study


def _partial_dates(study: Study) -> ParameterTable:
    rules = {kind: getattr(study.partial_dates, kind) for kind in type(study.partial_dates).model_fields}
    rows = [(kind, one.impute, one.highest, one.not_before, one.not_after) for kind, one in rules.items()]
    return table("date_of impute highest not_before not_after", rows)


TABLES: dict[str, Callable[[Study], ParameterTable]] = {"partial_dates": _partial_dates}
