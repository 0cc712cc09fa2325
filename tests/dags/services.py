"""The compose file's services as processes of this machine: PostgreSQL from the system, Airflow from .venv."""

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
from pathlib import Path
from typing import Any

import yaml

from tests.dags.conftest import DAGS, REPOSITORY
from tests.postgres import free_port

BIN = Path(sys.executable).parent


class Services:
    """The compose file's services as processes: its commands, its environment, its health checks."""

    def __init__(self, home: Path, studies: Path, database_port: int, password: str, **settings: str) -> None:
        self.api_port, self.scheduler_port = free_port(), free_port()
        self.home = home
        said = {
            "POSTGRES_PASSWORD": password,
            "AFTERGLOW_JWT_SECRET": secrets.token_hex(64),
            "AFTERGLOW_API_SECRET": secrets.token_hex(32),
            "AFTERGLOW_FERNET_KEY": "",
        } | settings
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
        image |= {"AFTERGLOW_STUDIES": str(studies), "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), "PYTHONPATH": str(DAGS)}
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

    def ask(self, path: str, body: Any = None, token: str = "", method: str | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
