"""Models derive: what they hold depends on their inputs alone, and each says what one row is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
SOURCES = [*MODELS, *sorted((PROJECT / "macros").rglob("*.sql"))]

# Clock, chance and the order in which threads finish. `avg` over DOUBLE gives other last digits from run to run.
OPEN_ENDED = re.compile(
    r"\b(now|today|get_current_timestamp|random|uuid|gen_random_uuid|any_value|avg|mean|stddev\w*)\s*\("
    r"|\b(current_date|current_timestamp|current_time|localtimestamp)\b"
    r"|\b(string_agg|array_agg|list|first|last)\s*\((?![^()]*\border by\b)",
    re.IGNORECASE,
)


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|\{#.*?#\}|/\*.*?\*/", "", sql, flags=re.DOTALL)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_model_asks_the_clock_or_leaves_an_order_open(path: Path) -> None:
    assert [match.group(0) for match in OPEN_ENDED.finditer(without_comments(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("path", MODELS, ids=name)
def test_each_model_says_what_one_row_is(path: Path) -> None:
    described = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    grains = {model["name"]: model["description"] for model in described}
    assert "Grain: one row per" in grains[path.stem]
