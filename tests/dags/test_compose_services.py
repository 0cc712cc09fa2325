"""Each service of docker-compose.yml, run for real without Docker: PostgreSQL from the system, Airflow from .venv."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dags.conftest import DAGS, REPOSITORY, Studies
from tests.postgres import POSTGRES, free_port, postgres_server, wait_for

BIN = Path(sys.executable).parent
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


class Services:
    """The compose file's services as processes: its commands, its environment, its health checks."""

    def __init__(self, home: Path, studies: Path, database_port: int, password: str) -> None:
        self.api_port, self.scheduler_port = free_port(), free_port()
        self.home = home
        said = {
            "POSTGRES_PASSWORD": password,
            "AFTERGLOW_JWT_SECRET": secrets.token_hex(64),
            "AFTERGLOW_API_SECRET": secrets.token_hex(32),
            "AFTERGLOW_FERNET_KEY": "",
        }
        text = re.sub(
            r"\$\{(\w+):([-?])([^}]*)\}",
            lambda match: said.get(match[1], match[3] if match[2] == "-" else ""),
            (REPOSITORY / "docker-compose.yml").read_text(),
        )
        # The names that Docker's network would resolve, and the paths that its volumes would lay.
        for name, here in {
            "@postgres:5432": f"@127.0.0.1:{database_port}",
            "http://api-server:8080": f"http://127.0.0.1:{self.api_port}",
            "http://localhost:8080": f"http://127.0.0.1:{self.api_port}",
            "http://localhost:8974": f"http://127.0.0.1:{self.scheduler_port}",
            "http://127.0.0.1:8080": f"http://127.0.0.1:{self.api_port}",
            "/var/lib/airflow": str(home),
        }.items():
            text = text.replace(name, here)
        self.services: dict[str, Any] = yaml.safe_load(text)["services"]
        image = dict(re.findall(r"(\w+)=(\S+)", (REPOSITORY / "Dockerfile").read_text().rsplit("ENV", 1)[1]))
        image |= {"PATH": f"{BIN}:{os.environ['PATH']}", "AIRFLOW_HOME": str(home)}
        image |= {"AFTERGLOW_STUDIES": str(studies), "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS)}
        image |= {
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.api_port),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.scheduler_port),
        }
        self.image = image
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, name: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW_", "AFTERGLOW_"))}
        return {**kept, **self.image, **self.services[name]["environment"]}

    def run(self, name: str) -> None:
        log = (self.home / f"{name}.log").read_text() if (self.home / f"{name}.log").exists() else ""
        done = subprocess.run(
            self.services[name]["command"], env=self.environment(name), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:] + log

    def start(self, name: str) -> None:
        with (self.home / f"{name}.log").open("w") as log:
            self.running[name] = subprocess.Popen(
                self.services[name]["command"],
                env=self.environment(name),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_healthy(self, name: str) -> bool:
        assert self.running[name].poll() is None, (self.home / f"{name}.log").read_text()[-3000:]
        check = self.services[name]["healthcheck"]["test"]
        assert check[0] == "CMD"
        return subprocess.run(check[1:], env=self.environment(name), capture_output=True, check=False).returncode == 0

    def stop(self, name: str) -> int:
        """Stops a service as `docker compose stop` does; returns the exit code, -9 when it had to be killed.

        Docker's init passes SIGTERM to the command, and what is still there after the grace period is killed. Airflow's
        DAG processor now and then waits for good on one of its own children after SIGTERM.
        """
        process = self.running[name]
        process.terminate()
        try:
            return process.wait(timeout=self.grace(name))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()

    def grace(self, name: str) -> float:
        said = self.services[name].get("stop_grace_period", "10s")
        number, unit = re.fullmatch(r"(\d+)([sm])", said).groups()  # type: ignore[union-attr]
        return int(number) * {"s": 1, "m": 60}[unit]

    def kill(self) -> None:
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def ask(self, path: str, body: Any = None, token: str = "") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


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
