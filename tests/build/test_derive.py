"""dbt: its unit tests pass, and what fails in it stops the build with a reason."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.build import build, derive, project
from pipelines.build import derive as derive_module
from pipelines.build.database import create_database
from pipelines.build.derive import run_dbt
from pipelines.core.errors import AfterglowError, GateFailedError, NotAllowedError
from pipelines.cut import cut_inputs
from pipelines.study import Study
from tests.build.trial import make_trial


@pytest.fixture
def changed_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a copy of the dbt project that the build uses, for a test to break."""
    copy = tmp_path / "dbt_project"
    shutil.copytree(project.PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    for module in (project, derive):
        monkeypatch.setattr(module, "PROJECT", copy)
    monkeypatch.setattr(project.parsed_project, "__defaults__", (copy / "target",))
    return copy


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def unit_tests(study: Study, folder: Path) -> dict[str, Any]:
    """Builds every model with its unit tests; returns the status of each unit test."""
    folder.mkdir(exist_ok=True)
    database = folder / "cut.duckdb"
    create_database(database, study, cut_inputs(study))
    result = run_dbt("build", database=database, scratch=folder / "scratch").result
    return {one.node.name: str(one.status) for one in result if one.node.resource_type == "unit_test"}


@pytest.mark.slow
def test_each_rule_of_the_models_holds_on_its_boundary(trial: Study, tmp_path: Path) -> None:
    statuses = unit_tests(trial, tmp_path)
    assert {name: status for name, status in statuses.items() if status != "pass"} == {}
    assert {
        "response_is_reached_at_exactly_fifty_percent",
        "remission_is_reached_at_exactly_the_cutoff",
        "a_score_on_the_last_day_of_a_window_counts_and_one_day_later_is_unscheduled",
        "a_relapse_is_confirmed_5_to_15_days_later_and_dated_at_the_second_score",
        "a_relapse_is_not_confirmed_4_or_16_days_later_or_after_a_score_below",
    } <= set(statuses)


@pytest.mark.slow
def test_the_unit_tests_see_a_rule_that_slipped(trial: Study, tmp_path: Path, changed_project: Path) -> None:
    rule = ") * 100 {} {{{{ endpoint }}}}.min_reduction_pct"
    change(changed_project / "macros" / "endpoints.sql", rule.format(">="), rule.format(">"))
    statuses = unit_tests(trial, tmp_path / "build")
    # Models below one whose unit test fails are skipped, their unit tests too.
    assert "fail" in statuses.values()
    assert statuses["response_is_reached_at_exactly_fifty_percent"] in {"fail", "skipped"}


def test_a_broken_data_test_fails_the_gate_and_leaves_nothing(tmp_path: Path, changed_project: Path) -> None:
    grain = "columns: [{0}]\n            required: [{0}]"
    change(changed_project / "models" / "marts" / "adsl.yml", grain.format("usubjid"), grain.format("siteid"))
    study = make_trial(tmp_path / "study")
    with pytest.raises(GateFailedError, match="1 rows break this test") as failure:
        build(study)
    assert failure.value.exit_code == 12
    assert not any(study.folder.cuts.glob("*"))


def test_a_broken_contract_stops_the_build_and_names_the_model(tmp_path: Path, changed_project: Path) -> None:
    column = "name: age, data_type: {}"
    change(changed_project / "models" / "marts" / "adsl.yml", column.format("integer"), column.format("date"))
    study = make_trial(tmp_path / "study")
    with pytest.raises(AfterglowError, match=r"adsl: [^|]*\|[^$]*age") as failure:
        build(study)
    assert failure.value.exit_code == 1
    assert not any(study.folder.cuts.glob("*"))


def test_a_project_that_was_parsed_is_not_parsed_again_until_it_changes(changed_project: Path) -> None:
    parsed: list[str] = []

    def parse() -> Any:
        parsed.append("parsed")
        return run_dbt(
            "parse", database=changed_project.parent / "cut.duckdb", scratch=changed_project.parent / "scratch"
        ).result

    first = project.parsed_project(parse)
    again = project.parsed_project(parse)
    assert (len(parsed), set(first.nodes)) == (1, set(again.nodes))
    change(changed_project / "macros" / "endpoints.sql", "Remission:", "Remission is")
    project.parsed_project(parse)
    assert len(parsed) == 2


def test_what_is_parsed_ahead_carries_the_database_names_of_every_cut(tmp_path: Path) -> None:
    assert {node.database for node in derive_module._parsed(tmp_path).nodes.values()} == {"cut", "steps"}


@pytest.mark.parametrize(
    ("message", "error", "said"),
    [
        (
            'IO Error: Could not write file "/a/cut.duckdb": No space left on device',
            NotAllowedError,
            "The disk is full",
        ),
        ("Out of Memory Error: failed to allocate data of size 1.0 MiB", NotAllowedError, "no more memory"),
        ('Binder Error: Referenced column "aval" not found', AfterglowError, "could not be derived"),
    ],
)
def test_a_model_that_the_machine_had_no_room_for_is_told_so_and_no_fault_of_the_model(
    message: str, error: type[Exception], said: str
) -> None:
    node = SimpleNamespace(name="adqs", resource_type="model", original_file_path="models/marts/adqs.sql")
    failed = SimpleNamespace(status="error", message=message, node=node, failures=None)
    with pytest.raises(error, match=said):
        derive_module._raise_failures(SimpleNamespace(result=[failed], success=False))
