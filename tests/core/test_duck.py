"""Every database of a step stays within the memory of its threads."""

from __future__ import annotations

import pytest

from pipelines.core import duck

SORTED = (
    "select count(*) from (select hash(range) as number, range from range(6_000_000) order by number limit 5_000_000)"
)


def test_a_database_takes_memory_by_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []
    for threads in ("1", "3"):
        monkeypatch.setenv(duck.THREADS, threads)
        with duck.connect() as connection:
            settings = connection.execute(
                "select current_setting('threads'), current_setting('memory_limit')"
            ).fetchone()
        assert settings is not None
        assert settings[0] == int(threads)
        limits.append(float(settings[1].split()[0]))
    assert limits[1] == pytest.approx(3 * limits[0], rel=0.01)


def test_the_limit_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(duck.MEMORY, "1GB")
    with duck.connect() as connection:
        assert connection.execute("select current_setting('memory_limit')").fetchall() == [("953.6 MiB",)]


def test_what_does_not_fit_into_memory_goes_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(duck.THREADS, "1")
    monkeypatch.setattr(duck, "_MEGABYTES_A_THREAD", 60)
    with duck.connect() as connection:
        assert connection.execute(SORTED).fetchall() == [(5_000_000,)]
    assert not duck.spill_directory().exists()


@pytest.mark.parametrize("rows", [0, 1, 200, 201, 450])
def test_rows_are_inserted_whole_and_in_order(rows: int) -> None:
    given = [(number, None if number % 3 else number / 4, f"row's {number}") for number in range(rows)]
    with duck.connect() as connection:
        connection.execute("create table numbers (number integer, quarter double, name varchar)")
        duck.insert_rows(connection, "numbers", given)
        assert connection.execute("select * from numbers").fetchall() == given


def test_an_inserted_value_takes_the_type_of_its_column_and_not_of_its_neighbours() -> None:
    with duck.connect() as connection:
        connection.execute("create table said (text varchar)")
        duck.insert_rows(connection, "said", [(1,), (2.5,), (True,), ("a",)])
        assert connection.execute("select text from said").fetchall() == [("1",), ("2.5",), ("true",), ("a",)]
