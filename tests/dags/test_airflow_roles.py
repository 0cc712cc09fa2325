"""The roles that `dags/airflow_roles.py` makes: who may mark a task, answer a sign-off, start a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_roles import ROLES as AIRFLOW_ROLES
from pipelines.roles import AUDITOR, COMMANDS, ROLES

REPOSITORY = Path(__file__).resolve().parents[2]
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager"
# The API asks for the permission first: 404 is that of a task that is not there, asked for by who may.
MAY, MAY_NOT = 404, 403
CHANGES_NOTHING = {"mark": MAY_NOT, "clear": MAY_NOT, "answer": MAY_NOT, "start": MAY_NOT}
SIGNS = CHANGES_NOTHING | {"answer": MAY}


@pytest.mark.requirement("SCH-1")
@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_more_in_airflow_than_on_the_command_line(role: str) -> None:
    """What Airflow's permissions let a role do, held against the table of roles and commands."""
    allowed = AIRFLOW_ROLES.get(role, {})

    def may(resource: str, action: str) -> bool:
        return action in allowed.get(resource, "").split(",")

    starts, answers = may("DAG Runs", "can_create"), may("HITL Detail", "can_edit")
    # A run of `land_exports` lands, one of `cut_trial` does the rest.
    assert not starts or all(role in COMMANDS[verb] for verb in ("land", "build", "gate", "report", "publish", "run"))
    assert answers == (role in COMMANDS["sign"] and role in AIRFLOW_ROLES)
    changing = {
        (resource, action)
        for resource, actions in allowed.items()
        for action in actions.split(",")
        if action not in {"can_read", "menu_access"} and resource not in {"My Password", "My Profile"}
    }
    # `can_edit` of a DAG is what Airflow asks for beside the form's.
    assert changing <= {("DAG Runs", "can_create"), ("HITL Detail", "can_edit"), ("DAGs", "can_edit")}
    assert changing == set() or role != AUDITOR


@pytest.mark.slow
@pytest.mark.requirement("SCH-1")
def test_no_role_of_a_trial_marks_a_task_and_the_auditor_changes_nothing(tmp_path: Path) -> None:
    import airflow_home

    home = airflow_home.environment(tmp_path, dict(os.environ))
    own = {
        "AIRFLOW__CORE__AUTH_MANAGER": f"{FAB}.FabAuthManager",
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__API_AUTH__JWT_SECRET": "a key of the tests, long enough for SHA-512; it opens nothing " * 2,
        "PYTHONPATH": str(REPOSITORY / "dags"),
    }
    for command in (
        ["-m", "airflow", "db", "migrate"],
        [str(REPOSITORY / "dags" / "airflow_roles.py")],
        [str(Path(__file__).with_name("roles_asked.py"))],
    ):
        done = subprocess.run(
            [sys.executable, *command], check=False, capture_output=True, text=True, env=home | own, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert {answers.pop("read") for answers in said.values()} == {200}
    assert said == {
        "data_manager": SIGNS | {"start": MAY},
        "blinded_statistician": SIGNS,
        "unblinded_statistician": SIGNS,
        "signer": SIGNS,
        "auditor": CHANGES_NOTHING,
        # Airflow's own role of users: with it a sign-off can be marked a success, and publishing still asks.
        "User": {"mark": MAY, "clear": MAY, "answer": MAY, "start": MAY},
    }
