"""A hostile delivery beside a good one: what every test of a hostile class asserts of both."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import main
from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import delivered_path, landing_directory
from pipelines.study import Study
from tests.small_study import deliver, scores_file, scores_row

# Stands in every cell that must be found in no receipt, log, message or quarantine.
CANARY = "CANARY5417"
BAD, GOOD = "scores_2026-02-01.csv", "scores_2026-02-02.csv"


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What became of the hostile file: its receipt, and (row, column, code) of what was set aside."""

    receipt: DeliveryReceipt
    quarantine: list[tuple[int, str | None, str]]
    study: Study

    def rows(self, name: str = "text.parquet") -> list[tuple[object, ...]]:
        """Returns the rows of one of its files, without where they came from."""
        return [row[3:] for row in duckdb.execute(f"from {self._scan(name)} order by _source_row").fetchall()]

    def count(self, name: str, condition: str) -> int:
        """Returns how many rows of one of its files fulfil the condition."""
        counted = duckdb.execute(f"select count(*) from {self._scan(name)} where {condition}").fetchone()
        return int(counted[0]) if counted else 0

    def _scan(self, name: str) -> str:
        directory = landing_directory(self.study.folder, self.receipt.sha256, self.receipt.landing_key)
        return f"read_parquet('{directory}/{name}')"


def land_beside_a_good_file(
    study: Study,
    content: str | bytes,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    *,
    file: str = BAD,
) -> Landed:
    """Lands `content` and another file of the site; checks what holds for every delivery, whatever is in it.

    The other file lands whole; the delivered bytes are kept; rows are conserved; CANARY is said nowhere; the command
    line ends with the exit code of its outcome.
    """
    path = deliver(study, "S01", file, content)
    # Everything that may be said: all loggers down to their lowest level.
    with caplog.at_level(logging.DEBUG):
        receipts = {receipt.file: receipt for receipt in land(study).deliveries}
        deliver(study, "S01", GOOD, scores_file(scores_row("801"), scores_row("802")))
        again = {receipt.file: receipt for receipt in land(study).deliveries}
        with pytest.raises(SystemExit) as ended:
            main(["land", str(study.folder.root)], standalone_mode=True)
    assert (again[GOOD].outcome, again[GOOD].rows_accepted) == ("accepted", 2)
    receipt = receipts[file]
    assert ended.value.code == 0, "a file that is known already is no news"
    assert again[file].codes == receipt.codes, "the second run says the same"
    kept = delivered_path(study.folder, receipt.sha256, file)
    assert kept is not None
    assert kept.read_bytes() == path.read_bytes()
    quarantine: list[tuple[int, str | None, str]] = []
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    if receipt.outcome in {"accepted", "warned"}:
        assert receipt.rows_in == receipt.rows_accepted + receipt.rows_quarantined
        query = (
            f"select _source_row, column_name, code from read_parquet('{directory}/quarantine.parquet') order by all"
        )
        quarantine = duckdb.execute(query).fetchall()
        assert len({row for row, _, _ in quarantine}) == receipt.rows_quarantined
        text = duckdb.execute(f"select count(*) from read_parquet('{directory}/text.parquet')").fetchone()
        assert text == (receipt.rows_in,)
    else:
        assert (receipt.rows_in, receipt.rows_accepted, receipt.rows_quarantined) == (0, 0, 0)
        assert sorted(path.name for path in directory.iterdir()) == ["hashes.json", "receipt.json"]
    _check_nothing_told(study, receipt, directory, capfd, caplog)
    return Landed(receipt=receipt, quarantine=quarantine, study=study)


def _check_nothing_told(
    study: Study,
    receipt: DeliveryReceipt,
    directory: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    printed = capfd.readouterr()
    said = [printed.out, printed.err, caplog.text, repr(receipt), (directory / "receipt.json").read_text()]
    assert not [text for text in said if CANARY in text]
    # Of one line each: what came in a name or a value starts no line of its own, and moves no cursor.
    assert receipt.detail.isprintable()
    assert receipt.file.isprintable()
    assert not any(character in printed.out + printed.err for character in "\x1b\x07\x08\r\u2028\u202e")
    outside = [
        path
        for path in (study.folder.root / "store").rglob("quarantine.parquet")
        if CANARY.encode() in path.read_bytes()
    ]
    assert outside == []
