"""A sign-off under FAB's logins, for real: PostgreSQL, API server, scheduler, DAG processor, and people by REST."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipelines.cut import published_cut
from pipelines.sign import proved_signatures
from pipelines.study import Study, load_study
from tests.dags.conftest import REPOSITORY
from tests.dags.services import Services
from tests.noninterference import allocated, delivered
from tests.postgres import POSTGRES, postgres_server, wait_for
from tests.small_signers import add_signers, key_file

# Both have the role that may answer; the register names one of them.
PEOPLE = {"ada": "signer", "bob": "signer", "dan": "data_manager"}
MAKE_USERS = """
import sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
with get_application_builder() as builder:
    for name, role, password in (each.split(":") for each in sys.argv[1:]):
        builder.sm.add_user(name, name, name, f"{name}@example.org", [builder.sm.find_role(role)], password=password)
"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "home").mkdir()
    (tmp_path / "studies").mkdir()
    with postgres_server() as (port, password):
        settings = {"AFTERGLOW_AUTH_MANAGER": "fab_logins.TrialAuthManager"}
        started = Services(tmp_path / "home", tmp_path / "studies", port, password, **settings)
        yield started
        started.kill()


@pytest.fixture
def study(tmp_path: Path, services: Services) -> Study:
    root = tmp_path / "studies" / "trial"
    delivered(root, allocated(0, seed=1))
    said = (root / "study.yml").read_text(encoding="utf-8")
    asked = said.replace("signoff: none", "signoff: [approver]\nschedule: {cut: by_hand}")
    (root / "study.yml").write_text(asked, encoding="utf-8")
    study = load_study(root)
    add_signers(study, ada="approver", bob="blinded_statistician", dan="data_manager", airflow="service")
    key_file(services.home / "signing.key", "airflow")
    return study


def logged_in(services: Services) -> dict[str, str]:
    """Makes the roles and the logins, starts Airflow, and returns each person's token."""
    passwords = {name: secrets.token_hex(16) for name in PEOPLE}
    services.run("init")
    for command in (
        [str(REPOSITORY / "dags" / "airflow_roles.py")],
        ["-c", MAKE_USERS, *(f"{name}:{role}:{passwords[name]}" for name, role in PEOPLE.items())],
    ):
        done = subprocess.run(
            [sys.executable, *command], env=services.environment("api-server"), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
    for name in ("api-server", "scheduler", "dag-processor"):
        services.start(name)
    wait_for("the API", partial(services.is_healthy, "api-server"))
    return {
        name: services.ask("/auth/token", {"username": name, "password": password})["access_token"]
        for name, password in passwords.items()
    }


def run_of(services: Services, dag_id: str, token: str) -> str:
    """Starts a run, as soon as the DAG is there, and returns its address."""
    wait_for(dag_id, lambda: dag_id in {dag["dag_id"] for dag in services.ask("/api/v2/dags", token=token)["dags"]})
    runs = f"/api/v2/dags/{dag_id}/dagRuns"
    return f"{runs}/{services.ask(runs, {'logical_date': None}, token)['dag_run_id']}"


def status_of(services: Services, form: str, token: str, chosen: str) -> int:
    answer = {"chosen_options": [chosen], "params_input": {"reason": "read"}}
    try:
        services.ask(form, answer, token, method="PATCH")
    except urllib.error.HTTPError as error:
        return error.code
    return 200


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL server here: apt-get install postgresql")
@pytest.mark.requirement("SCH-1", "SIG-1")
def test_under_fab_the_signer_whom_the_register_names_answers_and_nobody_else(services: Services, study: Study) -> None:
    tokens = logged_in(services)

    def ended(run: str) -> Any:
        state = services.ask(run, token=tokens["dan"])["state"]
        return state if state in {"success", "failed"} else None

    landed = run_of(services, "land_exports.trial", tokens["dan"])
    assert wait_for("the landing", partial(ended, landed)) == "success"
    run = run_of(services, "cut_trial.trial", tokens["dan"])
    task = f"{run}/taskInstances/sign_approver"
    # An answer while the scheduler still ends the task's first half would fail the task: no person answers so fast.
    asked = re.compile("TaskInstance Finished: .* task_id=sign_approver,")
    log = services.home / "scheduler.log"
    wait_for("the question", lambda: asked.search(log.read_text()))
    assert services.ask(task, token=tokens["dan"])["state"] == "awaiting_input"
    form = f"{task}/-1/hitlDetails"
    assert [each["name"] for each in services.ask(form, token=tokens["bob"])["assigned_users"]] == ["ada"]

    assert [status_of(services, form, tokens[name], "Approve") for name in ("bob", "dan")] == [403, 403]
    assert services.ask(form, token=tokens["dan"])["response_received"] is False
    assert status_of(services, form, tokens["ada"], "Approve") == 200

    assert wait_for("the end of the run", partial(ended, run)) == "success", log.read_text()[-3000:]
    assert services.ask(form, token=tokens["dan"])["responded_by_user"]["name"] == "ada"
    cut = published_cut(study.folder)
    assert cut is not None
    (given,) = proved_signatures(study, cut)
    said = (given.name, given.role, given.meaning, given.signer, given.signed_by, given.method)
    assert said == ("ADA", "approver", "approve", "ada", "airflow", "airflow")
    assert json.loads(study.folder.pointer.read_bytes())["manifest_sha256"] == given.manifest_sha256
