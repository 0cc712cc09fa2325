"""Airflow with its pages on this machine alone: what `make airflow` starts, and Ctrl-C stops.

Writes  .airflow/ui/: SQLite database, logs, the generated login and token key (readable by you alone)
Rule    nothing listens but 127.0.0.1, and nothing is left running
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from airflow_home import REPOSITORY, environment

HOST = "127.0.0.1"
AIRFLOW = str(Path(sys.executable).with_name("airflow"))
# Logs are read from their files: no component needs a log server, which would listen on every address.
COMPONENTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "api-server": ["api-server", "--host", HOST],
}
READY_WITHIN_SECONDS = 180


def main() -> int:
    """Starts Airflow, says where it is, and waits for Ctrl-C."""
    home = Path(os.environ.get("AFTERGLOW_AIRFLOW_HOME") or REPOSITORY / ".airflow" / "ui")
    port = int(os.environ.get("AFTERGLOW_AIRFLOW_PORT") or 8080)
    if _taken(port):
        _say(f"Port {port} is in use. Stop what uses it, or choose another: AFTERGLOW_AIRFLOW_PORT=8081 make airflow")
        return 1
    home.mkdir(parents=True, exist_ok=True)
    password = _login(home)
    settings = _settings(home, port)
    # Every way of stopping takes the components along; a shell that starts this in the background has SIGINT ignored.
    for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, signal.default_int_handler)
    try:
        _say("Preparing Airflow's database ...")
        with (home / "migrate.log").open("w") as log:
            subprocess.run([AIRFLOW, "db", "migrate"], env=settings, stdout=log, stderr=log, check=True)  # noqa: S603
        with _components(home, port, settings) as running:
            _say("Starting Airflow ...")
            _wait_until_ready(port, running)
            _say(f"\n  Airflow   http://{HOST}:{port}\n  user      admin\n  password  {password}\n\nCtrl-C stops it.")
            while not (ended := [name for name, process in running.items() if process.poll() is not None]):
                time.sleep(1)
            _say(f"{', '.join(ended)} ended. See {home}/*.log")
            return 1
    except KeyboardInterrupt:
        _say("Stopped.")
        return 0
    except (TimeoutError, subprocess.CalledProcessError) as error:
        _say(f"Airflow did not start: {error}. See {home}/*.log")
        return 1


def _settings(home: Path, port: int) -> dict[str, str]:
    return {
        **environment(home, dict(os.environ)),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(home / "jwt_secret", 64),
        "AIRFLOW__API__SECRET_KEY": _kept_secret(home / "secret_key", 32),
        # Landing's tasks are processes; each holds a few hundred MB.
        "AIRFLOW__CORE__PARALLELISM": "4",
    }


def _login(home: Path) -> str:
    path = home / "passwords.json"
    if not path.exists():
        _write_privately(path, json.dumps({"admin": secrets.token_urlsafe(12)}) + "\n")
    return str(json.loads(path.read_text())["admin"])


def _kept_secret(path: Path, size: int) -> str:
    if not path.exists():
        _write_privately(path, secrets.token_urlsafe(size))
    return path.read_text()


def _write_privately(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def _components(home: Path, port: int, settings: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    running: dict[str, subprocess.Popen[bytes]] = {}
    with contextlib.ExitStack() as logs:
        try:
            for name, command in COMPONENTS.items():
                log = logs.enter_context((home / f"{name}.log").open("w"))
                arguments = [*command, "--port", str(port)] if name == "api-server" else command
                # A session of its own: Ctrl-C reaches this program alone, which then stops each with its children.
                running[name] = subprocess.Popen(  # noqa: S603  (our own commands)
                    [AIRFLOW, *arguments], env=settings, stdout=log, stderr=log, start_new_session=True
                )
            yield running
        finally:
            _stop(running)


def _stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The API server last: tasks that are ending report to it.
    for name, process in running.items():
        if name != "api-server":
            process.send_signal(signal.SIGINT)
    for name, process in running.items():
        if name == "api-server":
            process.terminate()
        try:
            process.wait(timeout=5 if name == "api-server" else 30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # What a component left behind is in its session.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until_ready(port: int, running: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in running.values()):
            return
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(f"http://{HOST}:{port}/api/v2/monitor/health", timeout=5) as answer:
                health = json.load(answer)
            if all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
                return
        time.sleep(0.5)
    msg = f"not ready after {READY_WITHIN_SECONDS} s"
    raise TimeoutError(msg)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
