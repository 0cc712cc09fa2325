"""`make airflow`: its pages are up, its login works, and nothing is left when it is stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(REPOSITORY / "dags" / "airflow_ui.py")]


def environment(home: Path, port: int) -> dict[str, str]:
    return {**os.environ, "AFTERGLOW_AIRFLOW_HOME": str(home), "AFTERGLOW_AIRFLOW_PORT": str(port)}


@pytest.mark.slow
def test_airflow_starts_prints_a_login_that_works_and_stops_whole(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = subprocess.Popen(PROGRAM, env=environment(tmp_path, port), stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    printed = ""
    try:
        for line in program.stdout:
            printed += line
            if "Ctrl-C" in line:
                break
        address, user, password = re.findall(r"^  (?:Airflow|user|password) +(\S+)$", printed, re.MULTILINE)
        login = json.dumps({"username": user, "password": password}).encode()
        request = urllib.request.Request(
            f"{address}/auth/token", data=login, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["access_token"]
        assert (tmp_path / "passwords.json").stat().st_mode & 0o077 == 0
    finally:
        program.send_signal(signal.SIGINT)
        rest, _ = program.communicate(timeout=120)

    assert (program.returncode, rest.strip()) == (0, "Stopped.")
    time.sleep(1)
    assert left_running(tmp_path) == []


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            PROGRAM, env=environment(tmp_path / "home", port), capture_output=True, text=True, check=False
        )

    assert done.returncode == 1
    assert done.stdout.startswith(f"Port {port} is in use.")
    assert not (tmp_path / "home").exists()


def left_running(home: Path) -> list[str]:
    """Processes that were started with this home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"AIRFLOW_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found
