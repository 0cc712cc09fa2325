"""The expectation that a query selects no row, counted without fetching what it selects.

Great Expectations' own counts the rows and then runs the query again to fetch some of them; the gate needs the count
alone, and no value in memory. Import this module after `library.great_expectations()`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation


class FailingRows(UnexpectedRowsExpectation):
    """Succeeds when `unexpected_rows_query` selects no row."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}
