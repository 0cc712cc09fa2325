"""The validation package says what was shown here and what was not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic_core import to_jsonable_python

from pipelines.core.errors import IntegrityError
from pipelines.core.hashing import sha256_file
from pipelines.core.source import ROOT
from pipelines.validate import controls, operation, performance, step, validate
from pipelines.validate.installation import Installation, Package, installation
from pipelines.validate.package import Package as ValidationPackage
from pipelines.validate.package import page
from pipelines.validate.performance import Trial
from pipelines.validate.requirements import Control, Requirement, Requirements
from pipelines.validate.soaks import load_soaks

KNOWN = Requirements(
    requirements=(
        Requirement(id="AAA-1", text="It adds.", source="here"),
        Requirement(id="AAA-2", text="It skips.", source="here", tests=("test_other.py",)),
        Requirement(id="AAA-3", text="Nobody tests it.", source="here"),
        Requirement(id="AAA-4", text="Somebody is trained.", source="here", duty="the sponsor"),
    )
)
CONFTEST = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
HOOK = CONFTEST[CONFTEST.index("def pytest_collection_modifyitems") : CONFTEST.index("@pytest.fixture")]
RESULTS = """\
<testsuites><testsuite><testcase classname="test_sums" name="test_it_adds"><properties>
<property name="test" value="test_sums.py::test_it_adds"/><property name="requirement" value="AAA-1"/>
</properties></testcase></testsuite></testsuites>
"""
SUMS = """
import pytest
from sums import add

@pytest.mark.requirement("AAA-1")
def test_it_adds():
    assert add(1, 2) == 3

@pytest.mark.requirement("AAA-9")
def test_it_names_what_is_not():
    pass

def test_it_shows_nothing():
    assert add(0, 0) == 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pytest.ini").write_text("[pytest]\nmarkers = requirement(id): what it shows\n")
    (root / "conftest.py").write_text("import pytest\n\n" + HOOK)
    (root / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    (root / "test_sums.py").write_text(SUMS)
    (root / "test_other.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('no such machine')\n")
    return root


@pytest.mark.requirement("VAL-1")
def test_whatever_does_not_stand_as_it_should_is_a_deviation(project: Path, tmp_path: Path) -> None:
    operation.run_tests(project, tmp_path / "results.xml", workers=0, arguments=["-p", "no:randomly"])
    results = operation.read_results(tmp_path / "results.xml", KNOWN)
    assert [(each.test, each.requirements, each.outcome) for each in results] == [
        ("test_other.py::test_it", ("AAA-2",), "skipped"),
        ("test_sums.py::test_it_adds", ("AAA-1",), "passed"),
        ("test_sums.py::test_it_names_what_is_not", ("AAA-9",), "passed"),
        ("test_sums.py::test_it_shows_nothing", (), "failed"),
    ]
    assert operation.deviations(results, KNOWN) == (
        "OQ: test_sums.py::test_it_shows_nothing failed.",
        "OQ: test_other.py::test_it was skipped: no such machine",
        "OQ: test_sums.py::test_it_shows_nothing shows no requirement.",
        "OQ: AAA-9 is named by a test and is no requirement.",
        "OQ: AAA-2 is shown by no test that passed.",
        "OQ: AAA-3 is shown by no test that passed.",
    )


@pytest.mark.requirement("VAL-1")
def test_no_test_at_all_is_no_validation(project: Path, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="ran no test to the end"):
        operation.run_tests(project, tmp_path / "results.xml", workers=0, arguments=["--no-such-option"])
    empty = tmp_path / "empty.xml"
    empty.write_text("<testsuites><testsuite/></testsuites>")
    with pytest.raises(IntegrityError, match="no test ran"):
        operation.read_results(empty, KNOWN)


@pytest.mark.requirement("VAL-1")
def test_a_control_that_nobody_misses_is_a_deviation_and_so_is_one_that_cannot_be_tried(project: Path) -> None:
    def off(find: str, replace: str, test: str = "test_sums.py::test_it_adds") -> Control:
        return Control(
            requirement="AAA-1", control=f"{find} gone", file="sums.py", find=find, replace=replace, test=test
        )

    tried = controls.try_controls(
        project,
        (
            off("a + b", "a - b"),
            off("a + b", "b + a"),
            off("multiply", "divide"),
            off("a + b", "a - b", test="test_sums.py::test_that_is_not_there"),
        ),
        workers=2,
    )
    assert [each.outcome for each in tried] == ["noticed", "not noticed", "error", "error"]
    assert len(controls.deviations(tried)) == 3
    assert (project / "sums.py").read_text() == "def add(a, b):\n    return a + b\n"


def test_this_installation_is_what_the_lock_file_says() -> None:
    found = installation(ROOT)
    assert [each for each in found.packages if each.deviates] == []
    assert found.missing == ()
    assert {"duckdb", "apache-airflow", "great-expectations"} <= {each.name for each in found.packages}


def test_another_version_than_the_locked_one_is_a_deviation() -> None:
    assert _installed().deviations == (
        "IQ: duckdb 2.0.0 is installed; the lock file says 2.0.1.",
        "IQ: <b>odd</b> 1 is installed; the lock file says nothing of it.",
        "IQ: numpy is required and not installed.",
        "IQ: pipelines/run.py differs from the commit.",
    )


def test_the_page_shows_every_part_and_escapes_what_it_shows() -> None:
    result = operation.TestResult(test="test_sums.py::test_it_adds", requirements=("AAA-1",), outcome="passed")
    trial = Trial(what="afterglow run", expected="exit code 0", found="exit code 1")
    package = ValidationPackage(
        made_at="2026-01-01T00:00:00Z",
        installation=_installed(),
        requirements=KNOWN.requirements,
        tests=(result,),
        controls=(),
        trials=(trial,),
        soaks=(),
        deviations=(*_installed().deviations, "PQ: afterglow run: expected exit code 0, found exit code 1."),
    )
    shown = page(package, sha256="ab" * 32)
    for part in ("It adds.", "the sponsor", "&lt;b&gt;odd&lt;/b&gt;", "found exit code 1", "ab" * 32, "5 deviations"):
        assert part in shown
    assert "<b>odd" not in shown
    assert "<script" not in shown
    assert json.loads(json.dumps(to_jsonable_python(package)))["tests"][0]["test"] == result.test
    assert package.verdict == "DEVIATIONS"


@pytest.mark.requirement("VAL-1")
def test_a_package_ends_without_deviation_lists_soaks_as_not_run_and_asks_for_them_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = replace(_installed(), changed_files=(), packages=(), missing=())
    known = Requirements(requirements=(KNOWN.requirements[0], KNOWN.requirements[3]))
    monkeypatch.setattr(step, "load_requirements", lambda: known)
    monkeypatch.setattr(step, "installation", lambda _: found)
    monkeypatch.setattr(controls, "try_controls", lambda *_, **__: ())
    monkeypatch.setattr(performance, "performance", lambda _: ())
    results = tmp_path / "results.xml"
    results.write_text(RESULTS)

    receipt = validate(tmp_path / "package", results=results)
    assert (receipt.verdict, receipt.deviations, receipt.soaks) == ("PASSED", (), 0)
    sealed = json.loads((tmp_path / "package" / "manifest.json").read_bytes())
    assert sealed["files"] == {
        name: sha256_file(tmp_path / "package" / name) for name in ("validation.html", "validation.json")
    }
    assert sha256_file(tmp_path / "package" / "manifest.json") == receipt.sha256
    assert "not run: make same-bytes" in (tmp_path / "package" / "validation.html").read_text()

    (tmp_path / "soaks").mkdir()
    asked = validate(tmp_path / "package", results=results, soaks=tmp_path / "soaks")
    assert asked.verdict == "DEVIATIONS"
    assert "OQ: the soak 'faults' was not run (`make faults`)." in asked.deviations
    assert len(asked.deviations) == len(load_soaks())


def _installed() -> Installation:
    return Installation(
        afterglow="0.1.0",
        code_sha256="cd" * 32,
        commit="",
        changed_files=("pipelines/run.py",),
        lock_sha256="ef" * 32,
        python="3.11.7",
        system="Linux",
        packages=(
            Package(name="duckdb", version="2.0.0", locked=("2.0.1",)),
            Package(name="<b>odd</b>", version="1", locked=()),
        ),
        missing=("numpy",),
    )
