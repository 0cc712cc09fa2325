"""The shipped checks of delivered dates take what landing takes, and nothing else."""

from __future__ import annotations

import re

import duckdb
import pytest

from pipelines.gate.rules import IS_ISO_8601
from pipelines.gate.suite import load_suites

CHECKED = {
    check.id.rpartition("-")[0]
    for suite in load_suites()
    for check in suite.checks
    if re.search(r"not is_iso_8601\(\w+dtc\)", check.where or "")
}


@pytest.mark.parametrize(
    ("date", "is_taken"),
    [
        *((date, True) for date in ("2026", "2026-01", "2026-01-05", "2026-01-05T09:30", "2026-01-05T09:30:00")),
        *((date, True) for date in ("2026---15", "--12-15", "2026-01-01/2026-01-05", "2026-01/2026-02-03T10:00")),
        *((date, False) for date in ("2026-1-5", "05/01/2026", "2026/01/05", "-226-01-05", "infinity", "2026-13-01T")),
        *((date, False) for date in ("2026---", "---15", "--12", "2026-01-05/", "/2026-01-05")),
        *((date, False) for date in ("2026-01-01/2026", "2026-01-01/2026-01-02/2026-01-03", "2026---15/2026---16", "")),
    ],
)
def test_a_date_may_be_partial_or_an_interval_as_sdtm_writes_it(date: str, is_taken: bool) -> None:
    assert {f"LAN-{name}" for name in ("AE", "CE", "DM", "DS", "EX", "LB", "PR", "QS", "VS")} == CHECKED
    with duckdb.connect() as connection:
        connection.execute(IS_ISO_8601)
        assert connection.execute("select is_iso_8601(?)", [date]).fetchone() == (is_taken,)
