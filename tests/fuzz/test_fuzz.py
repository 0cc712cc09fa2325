"""The fuzz itself: its cases can be repeated, its files land when nobody mutates them, and it finds what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.land.contract import Contract
from pipelines.land.readers import TextRows, read_text_rows
from pipelines.land.receipts import RefusedError
from tests.fuzz import bench
from tests.fuzz.bench import LANDED_EVERY, Bench, Case, Verdict, make_case
from tests.fuzz.figures import Figures
from tests.fuzz.seeds import CANARY, Seed, seeds


def unmutated(seed: Seed, number: int = LANDED_EVERY) -> Case:
    file = seed.file("2030-01-01")
    return Case(number=number, seed=seed, delivered=seed.packed(seed.content, "2030-01-01"), mutations=[], file=file)


def test_a_case_is_the_same_bytes_at_any_time() -> None:
    cases = [make_case(1, number) for number in range(200)]
    assert [make_case(1, case.number).delivered for case in cases] == [case.delivered for case in cases]
    assert make_case(2, 5).delivered != make_case(1, 5).delivered


def test_every_seed_lands_and_its_second_reader_finds_the_same(tmp_path: Path) -> None:
    verdicts = Bench(tmp_path).run([unmutated(seed) for seed in seeds()])
    assert {verdict.seed: (verdict.outcome, verdict.fault, verdict.checked) for verdict in verdicts} == {
        seed.name: ("warned" if "Q_" in str(verdict.codes) or "W_" in str(verdict.codes) else "accepted", "", True)
        for seed, verdict in zip(seeds(), verdicts, strict=True)
    }


def test_cases_of_every_seed_keep_every_promise(tmp_path: Path) -> None:
    verdicts = Bench(tmp_path).run([make_case(7, number) for number in range(2 * len(seeds()))])
    assert [verdict for verdict in verdicts if verdict.fault] == []
    assert {verdict.path_of for verdict in verdicts} == {"read", "landed"}


def read_with(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    def changed(path: Path, contract: Contract) -> TextRows:
        text = read_text_rows(path, contract)
        return replace(text, table=change(text.table))

    monkeypatch.setattr(bench, "read_text_rows", changed)


def one_verdict(root: Path) -> Verdict:
    return Bench(root).run([unmutated(seeds()[0], LANDED_EVERY + 1)])[0]


def test_a_row_that_is_lost_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_with(monkeypatch, lambda table: table.slice(1))
    verdict = one_verdict(tmp_path)
    assert (verdict.fault, verdict.lost) == ("40 rows were delivered, 39 landed", 1)
    figures = Figures(run=1)
    figures.add([verdict], 0)
    assert "1 rows lost" in figures.line()


def test_a_text_that_is_changed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_with(monkeypatch, lambda table: table.set_column(2, table.column_names[2], table.column(0)))
    assert one_verdict(tmp_path).fault == "row 1, column number 3: another text landed"


def test_a_value_that_is_told_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, contract: Contract) -> TextRows:
        raise RefusedError("F_PARSE", f"Near {CANARY}.")

    monkeypatch.setattr(bench, "read_text_rows", refused)
    assert one_verdict(tmp_path).fault.startswith("leak")


def test_an_error_that_nobody_declared_is_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, contract: Contract) -> TextRows:
        raise KeyError(CANARY)

    monkeypatch.setattr(bench, "read_text_rows", broken)
    verdict = one_verdict(tmp_path)
    assert verdict.fault.startswith("crash: KeyError in test_fuzz.py")
    assert CANARY not in verdict.fault
