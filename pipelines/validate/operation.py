"""OQ, operational qualification: every requirement, the tests that show it, and how each of them ended here.

Rule    skipped is not passed; a requirement without a test is a deviation, and so is a test without a requirement
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lxml import etree

from pipelines.core.errors import IntegrityError
from pipelines.validate.requirements import Requirements

Outcome = Literal["passed", "failed", "skipped"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "skipped")
_PYTEST_RAN = (0, 1)


@dataclass(frozen=True, kw_only=True)
class TestResult:
    """How one test ended; `requirements` are the ids it shows, `detail` why it was skipped."""

    __test__ = False  # for pytest: a result, not a test

    test: str
    requirements: tuple[str, ...]
    outcome: Outcome
    detail: str = ""


def run_tests(root: Path, results: Path, *, workers: int, arguments: Sequence[str] = ()) -> None:
    """Runs the checkout's tests and leaves their results in the file `results` (JUnit's XML).

    Raises:
        IntegrityError: pytest could not run them.
    """
    parallel = ["-n", str(workers), "--dist", "loadfile"] if workers else []
    command = [sys.executable, "-m", "pytest", "-q", *parallel, f"--junitxml={results}", *arguments]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, env=environment, check=False)  # noqa: S603  (our own tests)
    if done.returncode not in _PYTEST_RAN or not results.is_file():
        msg = f"pytest ended with {done.returncode} and ran no test to the end. Nothing is validated."
        raise IntegrityError(msg)


def read_results(results: Path, known: Requirements) -> tuple[TestResult, ...]:
    """Returns the results, in the order of the tests' names.

    Raises:
        IntegrityError: the file holds no test.
    """
    tree = etree.parse(results, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    found = []
    for case in tree.iter("testcase"):
        properties = [(each.get("name"), each.get("value", "")) for each in case.iter("property")]
        test = dict(properties).get("test") or f"{case.get('classname')}::{case.get('name')}"
        named = tuple(value for name, value in properties if name == "requirement")
        skipped = case.find("skipped")
        wrong = case.find("failure") is not None or case.find("error") is not None
        outcome: Outcome = "failed" if wrong else "passed" if skipped is None else "skipped"
        found.append(
            TestResult(
                test=test,
                requirements=known.of_test(test.split("::")[0], named),
                outcome=outcome,
                detail=skipped.get("message", "") if skipped is not None else "",
            )
        )
    if not found:
        msg = f"{results.name}: no test ran, and nothing is not a pass."
        raise IntegrityError(msg)
    return tuple(sorted(found, key=lambda result: result.test))


def by_requirement(results: Sequence[TestResult]) -> dict[str, list[TestResult]]:
    """Returns the results of each requirement: the traceability matrix."""
    matrix: dict[str, list[TestResult]] = defaultdict(list)
    for result in results:
        for each in result.requirements:
            matrix[each].append(result)
    return dict(matrix)


def deviations(results: Sequence[TestResult], known: Requirements) -> tuple[str, ...]:
    """Returns a sentence for each test and requirement that does not stand as it should."""
    matrix = by_requirement(results)
    ids = {each.id for each in known.requirements}
    found = [f"OQ: {each.test} failed." for each in results if each.outcome == "failed"]
    found += [f"OQ: {each.test} was skipped: {each.detail}" for each in results if each.outcome == "skipped"]
    found += [f"OQ: {each.test} shows no requirement." for each in results if not each.requirements]
    found += [f"OQ: {each} is named by a test and is no requirement." for each in sorted(set(matrix) - ids)]
    for each in known.requirements:
        passed = any(result.outcome == "passed" for result in matrix.get(each.id, ()))
        if not passed and not each.duty:
            found.append(f"OQ: {each.id} is shown by no test that passed.")
    return tuple(found)
