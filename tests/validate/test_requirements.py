"""Requirements and tests belong together: none without the other."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

from pipelines.validate.requirements import Control, load_controls, load_requirements

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
KNOWN = load_requirements()


def named(file: str) -> set[str]:
    """Returns the requirements that the tests of a file name."""
    calls = [node for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))) if isinstance(node, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "requirement"]
    return {str(argument.value) for mark in marks for argument in mark.args if isinstance(argument, ast.Constant)}


@pytest.mark.parametrize("file", FILES)
def test_every_test_shows_a_requirement_and_names_none_that_there_is_not(file: str) -> None:
    assert KNOWN.of_test(file, ())
    assert named(file) <= {each.id for each in KNOWN.requirements}


def test_no_folder_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    folders = {part for file in FILES for part in Path(file).parts[:-1]}
    assert [
        folder for folder in folders for pattern in pytestconfig.getini("norecursedirs") if fnmatch(folder, pattern)
    ] == []


def test_every_requirement_is_shown_by_a_test_or_is_somebodys_duty() -> None:
    shown = {each for file in FILES for each in (*named(file), *KNOWN.of_test(file, ()))}
    assert [each.id for each in KNOWN.requirements if each.id not in shown and not each.duty] == []
    assert [each.id for each in KNOWN.requirements if each.id in shown and each.duty] == []


@pytest.mark.parametrize("control", load_controls(), ids=lambda control: control.control)
def test_every_control_can_be_switched_off_and_has_its_test(control: Control) -> None:
    assert (ROOT / control.file).read_text(encoding="utf-8").count(control.find) == 1
    assert control.find != control.replace
    assert control.requirement in {each.id for each in KNOWN.requirements}
    file, _, name = control.test.partition("::")
    assert name.partition("[")[0] in {*_functions(file), ""}


def _functions(file: str) -> set[str]:
    return {
        node.name for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    }
