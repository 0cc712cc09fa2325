"""The command line: each verb is documented, and asking for help loads nothing heavy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pipelines.cli import main

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "airflow",
    "dbt",
    "great_expectations",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "pyreadstat",
    "scipy",
    "sqlalchemy",
)


def verbs() -> list[str]:
    assert isinstance(main, click.Group)
    return sorted(main.commands)


@pytest.mark.parametrize("verb", verbs())
def test_each_verb_is_documented(verb: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(f"afterglow {verb}" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_each_verb_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"(?:`|^)afterglow ([a-z]+(?:-[a-z]+)*)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - set(verbs()) == set()


def test_asking_for_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from pipelines.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)
    assert loaded.stdout.split() == []
