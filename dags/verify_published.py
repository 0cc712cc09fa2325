"""DAG `verify_published.<study>`: hash every published file again, and the audit trail.

It runs after each publication, and by the study file's cron.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, task

from pipelines.study import Study
from study_dags import for_each_study, schedule, study_dag


def verify_published(study: Study) -> DAG:
    """Returns the verifying DAG of one study."""
    with study_dag("verify_published", study, schedule=schedule(study, "verify")) as dag:

        @task
        def verify() -> dict[str, Any]:
            from pipelines.verify import verify as verify_study

            return {"files": verify_study(study).files}

        verify()
    return dag


globals().update(for_each_study("verify_published", verify_published))
