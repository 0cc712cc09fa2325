"""Versions that must agree do, and no tool reports to anybody."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKED = {
    package["name"]: package["version"]
    for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    if "version" in package
}


@pytest.mark.parametrize(
    "package", ["apache-airflow", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "pyarrow"]
)
def test_what_is_installed_is_what_is_locked(package: str) -> None:
    assert version(package) == LOCKED[package]


def test_dbt_core_stays_below_the_release_that_downloads_its_parser() -> None:
    # dbt-core 1.12 needs dbt-core-experimental-parser, whose install fetches from GitHub.
    assert LOCKED["dbt-core"].startswith("1.11.")
    assert "dbt-core-experimental-parser" not in LOCKED


def test_every_file_that_installs_uv_names_one_version() -> None:
    named = {
        found
        for file in ("Makefile", "Dockerfile")
        if (ROOT / file).is_file()
        for found in re.findall(
            r"(?:UV_VERSION\s*:?=|uv==|uv:)\s*\"?(\d+\.\d+\.\d+)", (ROOT / file).read_text(encoding="utf-8")
        )
    }
    assert len(named) == 1


@pytest.mark.parametrize(
    "setting",
    [
        "DO_NOT_TRACK := 1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS := false",
        "GX_ANALYTICS_ENABLED := false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED := false",
    ],
)
@pytest.mark.requirement("PRV-6")
def test_make_turns_telemetry_off(setting: str) -> None:
    assert f"export {setting}" in (ROOT / "Makefile").read_text(encoding="utf-8")
