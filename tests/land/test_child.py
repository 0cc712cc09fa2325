"""A parser that crashes, hangs or eats memory is a reason code, and landing goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipelines.land.contract import Contract, contract_for
from pipelines.land.readers import child
from pipelines.land.readers.text_rows import TextRows
from pipelines.land.receipts import RefusedError
from pipelines.study.layout import Xpt
from tests.small_study import make_study


def contract(folder: Path) -> Contract:
    matched = contract_for(make_study(folder), "S01", "scores_2026-02-01.csv")
    assert matched is not None
    return matched[0]


def run(folder: Path, fault: str) -> TextRows:
    delivered = folder / "delivered"
    delivered.write_text("Jane Doe")
    form = Xpt(type="xpt", missing=(fault,))
    return child.parse_in_child("tests.land.faulty_parser", delivered, contract(folder), form)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("crash", "F_PARSE", "signal 11"),
        ("hang", "F_TIMEOUT", "3 s"),
        ("loop", "F_TIMEOUT", "3 s"),
        ("memory", "F_PARSE", "MiB of memory"),
        ("error", "F_PARSE", "failed"),
        ("nothing", "F_PARSE", "without a result"),
    ],
)
def test_a_parser_that_goes_wrong_is_a_reason_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, code: str, said: str
) -> None:
    monkeypatch.setattr(child, "LIMITS", child.Limits(seconds=3))
    started = time.monotonic()
    with pytest.raises(RefusedError) as caught:
        run(tmp_path, fault)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert "Jane Doe" not in str(caught.value)
    assert time.monotonic() - started < 30
    assert not list((tmp_path / "vault").glob(".landing-*")) or fault == ""


def test_a_parser_gives_its_rows_back_and_sees_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERGLOW_KEY", "secret")
    text = run(tmp_path, "none")
    assert text.table.to_pydict() == {"a": ["no key"]}
    assert not list(tmp_path.rglob(".landing-*"))
