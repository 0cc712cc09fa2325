"""Two whole runs on machines that are set as far apart as can be give the same; `make same-bytes` does two hundred."""

from __future__ import annotations

import pytest

from tests.house.tables_page import published_models
from tests.same_bytes.same_bytes import all_runs, differing, quick_room, root_hash
from tests.same_bytes.settings import clock_library, made_locales, settings


@pytest.mark.slow
@pytest.mark.requirement("RES-4")
def test_whole_runs_on_differently_set_machines_give_one_root_hash() -> None:
    with quick_room() as room:
        locales = made_locales(room / "locales")
        chosen = [settings(number, 1, locales, clock=clock_library() is not None) for number in range(2)]
        (_, first), (_, second) = all_runs(room, chosen, workers=2)
    assert isinstance(first, dict), first
    assert isinstance(second, dict), second
    tables = {name.rpartition("/")[2] for name in first if "/tables/" in name}
    # The gate writes the table of queries.
    assert tables == {"queries.parquet", *(f"{model['name']}.parquet" for model in published_models())}
    assert len([name for name in first if name.startswith("cut.duckdb: ")]) > len(tables)
    assert differing(first, second) == []
    assert root_hash(first) == root_hash(second)


def test_what_differs_is_named_and_gives_another_root_hash() -> None:
    first, other = {"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}
    assert differing(first, other) == ["b", "c"]
    assert root_hash(first) != root_hash(other)


def test_the_settings_of_a_run_follow_from_its_number_and_the_seed() -> None:
    chosen = [settings(number, 1, ("C", "C.UTF-8"), clock=True) for number in range(200)]
    assert chosen == [settings(number, 1, ("C", "C.UTF-8"), clock=True) for number in range(200)]
    assert chosen[2:] != [settings(number, 2, ("C", "C.UTF-8"), clock=True) for number in range(2, 200)]
    assert {one.threads for one in chosen} == {1, 2, 3, 4, 8}
    assert {one.clock_days for one in [settings(number, 1, ("C",), clock=False) for number in range(50)]} == {0}
