"""Nothing needs a network: the steps run where there is none, not even a loopback that is up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import copy_study

CODE = """\
import socket, sys
from pathlib import Path

from pipelines.run import run
from pipelines.study import load_study
from pipelines.verify import verify

try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except ConnectionRefusedError:
    sys.exit("there is a network: the test would show nothing")
except OSError:
    study = load_study(Path(sys.argv[1]))
    print(run(study).verdict, verify(study).files)
"""


@pytest.mark.requirement("PRV-6")
@pytest.mark.slow
def test_a_study_is_landed_built_gated_reported_and_published_without_a_network(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a namespace without a network cannot be made here: no unshare, or no user namespaces")
    root = copy_study("nimh_ketamine", tmp_path / "nimh")
    done = subprocess.run(
        [unshare, "-rn", sys.executable, "-c", CODE, str(root)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PASS")
