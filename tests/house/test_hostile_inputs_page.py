"""docs/hostile-inputs.md: every reason code has its row, and every row a test that is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from pipelines.land.receipts import REASONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hostile-inputs.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith(("|---", "| what"))]
ROW = re.compile(r"\| (.+) \| ([AWQFH]) \| (?:`([FHQW]_[A-Z_]+)` )?\| `(tests/[\w/]+\.py)::(test_\w+)` \|")
ROWS = [match.groups() for line in LINES if (match := ROW.fullmatch(line))]


@cache
def collected(path: str) -> frozenset[str]:
    """Returns the tests that pytest collects from a module: its functions, none of them skipped outright."""
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return frozenset(
        test.name for test in tests if not any("mark.skip" in ast.unparse(it) for it in test.decorator_list)
    )


def test_every_line_of_the_tables_is_a_class_with_its_outcome_and_its_test() -> None:
    assert [line for line in LINES if not ROW.fullmatch(line)] == []
    assert len(ROWS) > 90


def test_every_reason_code_has_its_row_and_every_row_a_code_that_fits_its_outcome() -> None:
    assert {code for _, _, code, _, _ in ROWS if code} == set(REASONS)
    assert [what for what, outcome, code, _, _ in ROWS if code and code[0] != outcome] == []
    assert [what for what, outcome, code, _, _ in ROWS if not code and outcome not in "AW"] == []


def test_every_test_that_the_tables_name_is_collected_and_its_code_stands_in_its_module() -> None:
    assert [f"{path}::{test}" for _, _, _, path, test in ROWS if test not in collected(path)] == []
    # The gate's checks carry their codes in expectations/, not in the tests that put their faults in.
    own = [(code, path) for _, _, code, path, _ in ROWS if code and not path.startswith("tests/gate/")]
    assert [(code, path) for code, path in own if code not in (ROOT / path).read_text(encoding="utf-8")] == []


def test_no_class_stands_twice() -> None:
    assert len({(what, path, test) for what, _, _, path, test in ROWS}) == len(ROWS)
