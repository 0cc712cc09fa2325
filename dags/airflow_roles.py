"""The roles of a trial in Airflow with its FAB auth manager: `python dags/airflow_roles.py` makes them.

Rule    nobody of a trial may edit a task instance, so nobody marks a sign-off a success; who signs may answer its form
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# What everybody of a trial sees: runs, tasks, their logs and what they returned (ids and counts).
_SEEN = (
    "Assets",
    "DAG Code",
    "DAG Runs",
    "DAG Versions",
    "DAG Warnings",
    "DAGs",
    "HITL Detail",
    "ImportError",
    "Task Instances",
    "Task Logs",
    "Website",
    "XComs",
)
_OWN = {"My Password": "can_read,can_edit", "My Profile": "can_read,can_edit"}
_READ = dict.fromkeys(_SEEN, "can_read") | _OWN
_MENU = {"DAGs": "can_read,menu_access", "DAG Runs": "can_read,menu_access", "Browse": "menu_access"}
# Airflow asks for `can_edit` of the DAG besides, where something below it is changed; alone it lets one pause a DAG.
_ANSWERS = {"HITL Detail": "can_read,can_edit,menu_access", "DAGs": "can_read,can_edit,menu_access"}
_STARTS = {"DAG Runs": "can_read,can_create,menu_access"}
# The names are those of the study's register; an `admin` is Airflow's own Admin.
ROLES: dict[str, dict[str, str]] = {
    "data_manager": _READ | _MENU | _ANSWERS | _STARTS,
    "blinded_statistician": _READ | _MENU | _ANSWERS,
    "unblinded_statistician": _READ | _MENU | _ANSWERS,
    "signer": _READ | _MENU | _ANSWERS,
    "auditor": _READ | _MENU,
}


def entries() -> list[dict[str, str]]:
    """Returns the roles as `airflow roles import` reads them."""
    return [
        {"name": role, "resource": resource, "action": action}
        for role, allowed in ROLES.items()
        for resource, action in allowed.items()
    ]


def main() -> int:
    """Imports the roles; one that is there already stays as it is."""
    with tempfile.TemporaryDirectory(prefix="afterglow-roles-") as folder:
        file = Path(folder) / "roles.json"
        file.write_text(json.dumps(entries()))
        done = subprocess.run([sys.executable, "-m", "airflow", "roles", "import", str(file)], check=False)  # noqa: S603
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
