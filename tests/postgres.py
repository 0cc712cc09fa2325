"""A PostgreSQL server of a test's own, from the system's binaries."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None) or (
    Path(found).parent if (found := shutil.which("postgres")) else None
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged() -> list[str]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextlib.contextmanager
def postgres_server() -> Iterator[tuple[int, str]]:
    """Starts an empty PostgreSQL with the user and the database `airflow`; yields its port and password."""
    assert POSTGRES is not None
    # Not below pytest's folder nor where a test watches for temporary files: both are root's alone.
    made = [*unprivileged(), "mktemp", "-d", "-p", "/tmp"]  # noqa: S108  (mktemp makes it the server's own)
    folder = Path(subprocess.run(made, capture_output=True, text=True, check=True).stdout.strip())
    password, port = secrets.token_hex(16), free_port()
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)
    initdb = [str(POSTGRES / "initdb"), "-D", str(folder / "data"), "-U", "airflow", f"--pwfile={secret}"]
    like_the_image = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    subprocess.run([*unprivileged(), *initdb, *like_the_image], cwd=folder, check=True, capture_output=True)
    options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    server = subprocess.Popen(
        [*unprivileged(), str(POSTGRES / "postgres"), "-D", str(folder / "data"), *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready = [str(POSTGRES / "pg_isready"), "--username", "airflow", "--host", "127.0.0.1", "--port", str(port)]
        wait_for("PostgreSQL", lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0)
        create = [str(POSTGRES / "createdb"), "-U", "airflow", "-h", "127.0.0.1", "-p", str(port), "airflow"]
        subprocess.run(create, env={**os.environ, "PGPASSWORD": password}, check=True, capture_output=True)
        yield port, password
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(what: str, holds: Callable[[], Any], seconds: float = 240) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.5)
    msg = f"{what}: not within {seconds} s"
    raise TimeoutError(msg)
