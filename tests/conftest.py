"""What every test shares: nothing reports to anybody, and Hypothesis measures no time."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.real_files import BESIDE

# Before any test imports Airflow, dbt or Great Expectations: they read these once. Airflow makes its home on import,
# and the tests' one must not be the developer's own.
os.environ.update(
    {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "SCARF_ANALYTICS": "false",
    }
)
UNUSED_HOME = os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="afterglow-tests-airflow-")
atexit.register(shutil.rmtree, UNUSED_HOME, ignore_errors=True)

# No deadline: machines differ. A failing example is printed so that it can be run again elsewhere.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Writes beside each result which test it is and which requirement it shows: `afterglow validate` reads both."""
    for item in items:
        item.user_properties.append(("test", item.nodeid))
        item.user_properties += [
            ("requirement", name) for mark in item.iter_markers("requirement") for name in mark.args
        ]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Returns the folder of real exports that lies beside a developer's clone; skips where there is none."""
    if not BESIDE.is_dir():
        pytest.skip(f"needs the real exports in {BESIDE} (AFTERGLOW_SHARED_DATA names another folder)")
    return BESIDE


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fails the test that imports Airflow in this process without the fixture `airflow_home`, whatever the order.

    Airflow reads its settings when it is imported: a later test that runs a DAG would find this process' empty home.
    """
    if "airflow" in sys.modules and os.environ["AIRFLOW_HOME"] == UNUSED_HOME:
        pytest.fail(f"{item.nodeid} has imported Airflow without the fixture `airflow_home`")
