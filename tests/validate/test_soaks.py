"""Soaks: a figure counts for the source that was tried, in the number promised, and what is not there says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.core.source import ROOT, code_sha256
from pipelines.validate.package import _soaks
from pipelines.validate.requirements import load_requirements
from pipelines.validate.soaks import Soak, deviations, load_soaks, read_soaks
from tests.soaks import write_figure

FAULTS = Soak(
    soak="faults",
    target="make faults",
    requirements=("FLT-1",),
    promised=100,
    counts="kills",
    failed="invariants broken",
)


@pytest.fixture
def soaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFTERGLOW_SOAKS", str(tmp_path / "soaks"))
    return tmp_path / "soaks"


@pytest.mark.requirement("VAL-1")
@pytest.mark.parametrize(
    ("count", "failed", "source", "state", "said"),
    [
        (100, 0, code_sha256(), "passed", ()),
        (99, 0, code_sha256(), "too few", ("OQ: the soak 'faults' tried 99 of 100.",)),
        (100, 1, code_sha256(), "failed", ("OQ: the soak 'faults' tried 100 of 100, 1 invariants broken.",)),
        (0, 0, code_sha256(), "failed", ("OQ: the soak 'faults' tried 0 of 100.",)),
        (100, 0, "ab" * 32, "other source", ("OQ: the soak 'faults' was run of another source: run `make faults` ",)),
    ],
)
def test_a_soak_stands_only_with_the_number_promised_no_failure_and_this_very_source(
    soaks: Path, count: int, failed: int, source: str, state: str, said: tuple[str, ...]
) -> None:
    write_figure("faults", count=count, failed=failed, seed=7, seconds=12.5)
    (result,) = found = read_soaks(soaks, source, [FAULTS])
    assert result.state == state
    assert [text.startswith(each) for text, each in zip(deviations(found), said, strict=True)] == [True] * len(said)
    assert result.figure is not None
    assert (result.figure.count, result.figure.seed, result.figure.seconds) == (count, 7, 12.5)


@pytest.mark.requirement("VAL-1")
@pytest.mark.parametrize(
    "content", ["", "{}", '{"soak": "faults"}', "outcome", "soak"], ids=["empty", "no key", "keys missing", "o", "s"]
)
def test_a_figure_that_says_other_than_its_counts_or_nothing_is_no_figure(soaks: Path, content: str) -> None:
    path = write_figure("faults", count=100, failed=1, seed=1)
    lies = {"outcome": {"outcome": "passed"}, "soak": {"soak": "blinding"}}.get(content)
    path.write_text(json.dumps(json.loads(path.read_text()) | lies) if lies else content)
    (result,) = read_soaks(soaks, code_sha256(), [FAULTS])
    assert (result.state, result.figure) == ("unreadable", None)
    assert len(deviations([result])) == 1


@pytest.mark.requirement("VAL-1")
def test_a_soak_that_was_not_run_is_listed_as_such(soaks: Path) -> None:
    soaks.mkdir()
    for folder in (None, soaks):
        results = read_soaks(folder, code_sha256(), [FAULTS])
        assert [each.state for each in results] == ["not run"]
        (table,) = _soaks(results)
        assert table.rows[0][:5] == ("faults", "kills", "FLT-1", "not run: make faults", "100")
    assert deviations(results) == ("OQ: the soak 'faults' was not run (`make faults`).",)


def test_every_soak_that_writes_a_figure_is_known_and_shows_requirements() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    calls = "".join(found for text in sources for found in re.findall(r"write_figure\((?:[^()]|\(.*?\))*?count=", text))
    written = set(re.findall(r'"([a-z-]+)"', calls))
    assert {"faults", "faults-real", "tamper", "tamper-ledger", "blinding", "fuzz", "agreement"} <= written
    assert written <= {each.soak for each in load_soaks()}
    known = {each.id for each in load_requirements().requirements}
    assert {name for each in load_soaks() for name in each.requirements} <= known
