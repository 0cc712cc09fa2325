"""Run by test_airflow_roles.py in a process and an Airflow home of its own: asks the API as each role, prints JSON."""

from __future__ import annotations

import json
import sys

from airflow.api_fastapi.app import create_app
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from fastapi.testclient import TestClient

import airflow_roles

ROLES = (*airflow_roles.ROLES, "User")
TASK = "/api/v2/dags/cut_trial.trial/dagRuns/manual/taskInstances/sign_approver"


def main() -> None:
    """Prints, for each role, the status of: reading, marking a task a success, answering a form, starting a run."""
    with get_application_builder() as builder:
        for role in ROLES:
            found = builder.sm.find_role(role)
            builder.sm.add_user(role, role, role, f"{role}@example.org", [found], password="x" * 20)
    app = create_app(apps="core")
    said = {}
    with get_application_builder() as builder:
        for role in ROLES:
            token = app.state.auth_manager.generate_jwt(builder.sm.find_user(username=role))
            client = TestClient(app, headers={"Authorization": f"Bearer {token}"})
            said[role] = {
                "read": client.get("/api/v2/dags").status_code,
                "mark": client.patch(TASK, json={"new_state": "success"}).status_code,
                "clear": client.post(
                    "/api/v2/dags/cut_trial.trial/clearTaskInstances", json={"dry_run": False}
                ).status_code,
                "answer": client.patch(f"{TASK}/-1/hitlDetails", json={"chosen_options": ["Approve"]}).status_code,
                "start": client.post("/api/v2/dags/cut_trial.trial/dagRuns", json={"logical_date": None}).status_code,
            }
    sys.stdout.write(f"\n{json.dumps(said)}\n")


main()
