"""Each service of docker-compose.yml, run for real without Docker: PostgreSQL from the system, Airflow from .venv."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.dags.conftest import Studies
from tests.dags.services import Services
from tests.postgres import POSTGRES, postgres_server, wait_for

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL server here: apt-get install postgresql"),
]


@pytest.fixture
def database() -> Iterator[tuple[int, str]]:
    """An empty PostgreSQL with the user and database of the compose file; yields its port and password."""
    with postgres_server() as started:
        yield started


@pytest.fixture
def services(database: tuple[int, str], tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "home").mkdir()
    (tmp_path / "studies").mkdir()
    started = Services(tmp_path / "home", tmp_path / "studies", *database)
    yield started
    started.kill()


def test_the_services_come_up_run_a_dag_and_stop_in_order(services: Services, tmp_path: Path) -> None:
    studies = Studies(tmp_path / "studies")
    studies.add("trial", schedule="{cut: by_hand}")
    studies.deliver("trial", "A1")
    studies.deliver("trial", "B2")

    services.run("init")
    for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
        services.start(name)
    for name in services.running:
        wait_for(f"{name} healthy", partial(services.is_healthy, name))

    password = json.loads((tmp_path / "home" / "passwords.json").read_text())["admin"]
    token = services.ask("/auth/token", {"username": "admin", "password": password})["access_token"]

    def dags() -> set[str]:
        return {dag["dag_id"] for dag in services.ask("/api/v2/dags", token=token)["dags"]}

    expected = {"land_exports.trial", "cut_trial.trial", "verify_published.trial"}
    wait_for("the study's DAGs", lambda: dags() == expected)
    assert services.ask("/api/v2/importErrors", token=token)["total_entries"] == 0

    runs = "/api/v2/dags/land_exports.trial/dagRuns"
    run_id = services.ask(runs, {"logical_date": None}, token)["dag_run_id"]
    state = wait_for(
        "the end of the run",
        lambda: (now := services.ask(f"{runs}/{run_id}", token=token)["state"]) in {"success", "failed"} and now,
    )
    tasks = services.ask(f"{runs}/{run_id}/taskInstances", token=token)["task_instances"]
    assert state == "success", [(task["task_id"], task["state"]) for task in tasks]
    assert sorted(task["rendered_map_index"] for task in tasks if task["task_id"] == "land") == ["A1", "B2"]
    assert len(list((tmp_path / "studies" / "trial" / "store" / "deliveries").iterdir())) == 2

    stopped = {name: services.stop(name) for name in ("triggerer", "dag-processor", "scheduler", "api-server")}
    # The scheduler holds the running tasks: its grace period must do for an end of its own.
    assert stopped["scheduler"] != -signal.SIGKILL
    with pytest.raises(urllib.error.URLError):
        services.ask("/api/v2/version")
