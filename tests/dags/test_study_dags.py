from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.errors import BusyError, GateFailedError, InputRefusedError, IntegrityError

VERBS = ("land_exports", "cut_trial", "verify_published")


def schedules(dags: Any, study: str) -> tuple[str, ...]:
    return tuple(type(dags[f"{verb}.{study}"].timetable).__name__ for verb in VERBS)


def test_the_shipped_studies_have_their_three_dags_and_no_import_error(dag_bag: Any) -> None:
    bag = dag_bag()

    assert bag.import_errors == {}
    assert {"kap_demo", "nimh_ketamine"} <= {dag_id.split(".")[1] for dag_id in bag.dags}
    for dag_id, dag in bag.dags.items():
        assert dag_id.split(".")[0] in VERBS
        assert "read_study_file" not in dag.task_ids


@pytest.mark.usefixtures("airflow_home")
def test_parsing_the_dag_files_loads_none_of_the_heavy_libraries() -> None:
    heavy = "{'duckdb', 'dbt', 'great_expectations', 'pandas', 'pyarrow', 'scipy', 'matplotlib', 'numpy'}"
    code = f"import sys, land_exports, cut_trial, verify_published\nprint(sorted({heavy} & set(sys.modules)))"
    dags = Path(__file__).resolve().parents[2] / "dags"

    printed = subprocess.run([sys.executable, "-c", code], cwd=dags, capture_output=True, text=True, check=True).stdout

    assert printed.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("{}", ("NullTimetable", "AssetTriggeredTimetable", "AssetTriggeredTimetable")),
        (
            "{landing: '0 5 * * *', cut: by_hand, verify: '@weekly'}",
            ("CronTriggerTimetable", "NullTimetable", "AssetOrTimeSchedule"),
        ),
        ("{cut: '0 6 * * 1'}", ("NullTimetable", "CronTriggerTimetable", "AssetTriggeredTimetable")),
    ],
)
def test_the_schedule_is_the_study_files(
    schedule: str, expected: tuple[str, str, str], studies: Any, dag_bag: Any
) -> None:
    studies.add("trial", schedule=schedule)

    assert schedules(dag_bag().dags, "trial") == expected


def test_new_data_of_a_study_wakes_that_studys_cut_and_its_publication_the_verification(
    studies: Any, dag_bag: Any
) -> None:
    studies.add("trial")
    dags = dag_bag().dags

    announced = dags["land_exports.trial"].task_dict["announce"].outlets
    published = dags["cut_trial.trial"].task_dict["publish"].outlets

    assert [asset.uri for asset in announced] == ["afterglow://trial/store"]
    assert [asset.uri for asset in published] == ["afterglow://trial/published"]
    assert dags["cut_trial.trial"].timetable.asset_condition.objects == (*announced,)
    assert dags["verify_published.trial"].timetable.asset_condition.objects == (*published,)


def test_a_study_is_written_by_one_run_of_a_kind_at_a_time(studies: Any, dag_bag: Any) -> None:
    studies.add("trial")

    assert {dag.max_active_runs for dag in dag_bag().dags.values()} == {1}


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (BusyError, "retry"),
        (OSError, "retry"),
        (TimeoutError, "retry"),
        (InputRefusedError, "fail"),
        (GateFailedError, "fail"),
        (IntegrityError, "fail"),
        (ValueError, "fail"),
    ],
)
def test_only_what_may_pass_is_tried_again(error: type[Exception], action: str, studies: Any, dag_bag: Any) -> None:
    studies.add("trial")
    build = dag_bag().dags["cut_trial.trial"].task_dict["build"]

    assert build.retries == 7
    assert build.retry_policy.evaluate(error("x"), 1, 7).action.value == action


def test_a_broken_study_file_leaves_the_others_and_fails_by_name_line_and_key(
    studies: Any, dag_bag: Any, run: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    studies.add("good")
    broken = studies.add("bad") / "study.yml"
    broken.write_text(broken.read_text().replace("signoff:", "sign_off:"))

    bag = dag_bag()

    assert bag.import_errors == {}
    assert set(bag.dags) == {f"{verb}.{study}" for verb in VERBS for study in ("good", "bad")}
    assert bag.dags["land_exports.bad"].tags >= {"study file wrong"}
    assert f"{broken}:5: sign_off: unknown key" in bag.dags["cut_trial.bad"].doc_md
    assert run("land_exports.bad").state == "failed"
    assert f"{broken}:5: sign_off: unknown key" in capfd.readouterr().out


@pytest.mark.parametrize("said", ["whenever", "99 * * * *", "on_new_data"])
def test_a_schedule_that_is_no_cron_is_a_broken_study_file(said: str, studies: Any, dag_bag: Any) -> None:
    path = studies.add("trial", schedule=f"{{landing: '{said}'}}")

    doc = dag_bag().dags["land_exports.trial"].doc_md

    assert f"{path}/study.yml: schedule.landing: '{said}' is no cron expression" in doc


@pytest.mark.parametrize("folder", ["with space", "ümlaut", "no_file"])
def test_a_folder_that_can_be_no_study_is_shown_and_not_passed_over(folder: str, studies: Any, dag_bag: Any) -> None:
    studies.add("good")
    (studies.root / folder).mkdir()

    bag = dag_bag()

    assert bag.import_errors == {}
    shown = [dag for dag_id, dag in bag.dags.items() if dag_id.startswith("land_exports.") and "good" not in dag_id]
    assert "study file wrong" in shown[0].tags
