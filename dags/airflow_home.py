"""Airflow's settings for `make demo`, `make airflow` and the tests: a home of its own, SQLite, nothing from outside."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def settings(home: Path) -> dict[str, str]:
    """Returns the environment variables of an Airflow that lives in `home`, runs our DAGs and tells nobody."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # Several processes write: on a busy machine one may wait longer than the usual 5 s for its turn.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__API__EXPOSE_STACKTRACE": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "GX_ANALYTICS_ENABLED": "false",
    }


def environment(home: Path, outer: dict[str, str]) -> dict[str, str]:
    """Returns `outer` with these settings, and without what another Airflow on this machine has set."""
    kept = {name: value for name, value in outer.items() if not name.startswith("AIRFLOW_")}
    return {**kept, **settings(home)}
