"""The layout table of CONTRIBUTING.md is true, and files keep to the sizes that it names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = re.findall(r"^\| `([^`]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
ROOMS = [room for room in TABLE if "/" in room and room != ".ci/run"]


def files_of_the_project() -> list[Path]:
    """Returns what git tracks or would track, so that what runs wrote is not counted."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_of_the_layout_table_exists(room: str) -> None:
    assert list(ROOT.glob(room.rstrip("/")))


def test_each_folder_is_in_the_layout_table() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in files_of_the_project() if path.parent != ROOT}
    packages = {
        f"pipelines/{path.relative_to(ROOT).parts[1]}"
        for path in files_of_the_project()
        if path.relative_to(ROOT).parts[0] == "pipelines" and len(path.relative_to(ROOT).parts) > 2
    }
    named = {room.rstrip("/") for room in ROOMS} | {room.split("/")[0] for room in ROOMS}
    assert (folders | packages) - named == set()


@pytest.mark.parametrize(
    ("pattern", "limit"),
    [
        ("pipelines/**/*.py", 300),
        ("dags/**/*.py", 300),
        ("tests/**/*.py", 300),
        ("dbt_project/models/**/*.sql", 100),
        ("dbt_project/**/*.yml", 120),
        ("expectations/**/*.yml", 140),  # a table's checks stand together, as many as it needs
    ],
)
def test_no_file_is_longer_than_the_house_allows(pattern: str, limit: int) -> None:
    mine = set(files_of_the_project())
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in ROOT.glob(pattern) if path in mine}
    assert {path.relative_to(ROOT).as_posix(): lines for path, lines in lengths.items() if lines > limit} == {}
