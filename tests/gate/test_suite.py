"""Suites: what a file may say, and what is said about one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.gate.suite import GATES, SuiteError, load_suites
from pipelines.land.receipts import REASONS
from pipelines.study.domains import DOMAINS

GOOD = """
checks:
  - id: {prefix}-TEST-001
    sentence: Every row says where it came from.
    standard: ICH E6(R3) 4.2
    where: a is null
"""
PREFIXES = {"landed": "LAN", "curated": "CUR", "published": "PUB"}


def _suites(root: Path, curated: str | None = None) -> Path:
    for gate in GATES:
        (root / gate).mkdir()
        (root / gate / "test.yml").write_text(GOOD.format(prefix=PREFIXES[gate]), encoding="utf-8")
    if curated is not None:
        (root / "curated" / "test.yml").write_text(curated, encoding="utf-8")
    return root


def test_a_check_is_critical_unless_it_says_otherwise(tmp_path: Path) -> None:
    suites = load_suites(_suites(tmp_path))
    assert [(suite.gate, suite.table, suite.checks[0].severity) for suite in suites] == [
        (gate, "test", "critical") for gate in GATES
    ]


CHECK = GOOD.format(prefix="CUR")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CHECK.replace("where", "wear"), r"expectations/curated/test.yml: checks\.0\.wear: Extra inputs"),
        (CHECK.replace("    where: a is null\n", ""), "exactly one of where, rows, expectation"),
        (CHECK + "    rows: select 1\n", "exactly one of where, rows, expectation"),
        (CHECK + "    kwargs: {column: a}\n", "kwargs belong to an expectation"),
        (CHECK + "    at_most_pct: 5\n", "a critical check allows no failing row"),
        (CHECK + "    severity: fatal\n", "'critical', 'major' or 'minor'"),
        (CHECK.replace("CUR-TEST", "CUR-ADQS"), "ids of this suite start with CUR-TEST-"),
        (CHECK + CHECK.replace("checks:\n", "").lstrip("\n"), "two checks have the same id"),
        ("checks: []", "at least 1 item"),
        ("- a list", "a suite is a mapping"),
        ("table: other\n" + CHECK, "taken from the file's place"),
        ("checks: [", "while parsing"),
    ],
)
def test_a_wrong_suite_is_refused_with_its_file_and_reason(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(SuiteError, match=said) as raised:
        load_suites(_suites(tmp_path, content))
    assert raised.value.exit_code == 12


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    root = _suites(tmp_path, "checks: []")
    (root / "landed" / "test.yml").unlink()
    with pytest.raises(SuiteError) as raised:
        load_suites(root)
    assert "expectations/landed: no suite" in str(raised.value)
    assert "expectations/curated/test.yml" in str(raised.value)


def test_every_domain_and_every_mart_has_suites_at_its_gates() -> None:
    suites = {(suite.gate, suite.table) for suite in load_suites()}
    assert {table for gate, table in suites if gate == "landed"} == {*DOMAINS, "deliveries", "quarantine"}
    # The reconciliation is the gate's own: it is derived by no model, and published beside the verdicts.
    published = {table for gate, table in suites if gate == "published"} - {"reconciliation"}
    assert {table for gate, table in suites if gate == "curated"} == published


def test_ids_are_unique_over_all_suites() -> None:
    ids = [check.id for suite in load_suites() for check in suite.checks]
    assert len(ids) == len(set(ids))


def test_the_code_of_a_check_is_a_reason_code_and_each_that_looks_across_files_has_its_checks() -> None:
    coded = {check.id: check.code for suite in load_suites() for check in suite.checks if check.code}
    assert set(coded.values()) == {"W_LOGIC", "W_ORDER", "W_SUM"} <= set(REASONS)
    for table in ("ADAE", "ADQS", "ADSL", "ADVS", "BIOMARKERS", "EXPOSURE", "THERAPY"):
        assert "W_ORDER" in {code for check, code in coded.items() if f"-{table}-" in check}
