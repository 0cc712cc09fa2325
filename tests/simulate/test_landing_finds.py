"""Landing finds every planted defect at its row with its code, and sets nothing else aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.land import LandReceipt, land
from pipelines.study import load_study

Place = tuple[str, str, int | None, str]


@pytest.fixture(scope="module")
def landed(simulated: Path) -> LandReceipt:
    return land(load_study(simulated))


def _set_aside(simulated: Path, receipt: LandReceipt) -> set[Place]:
    places: set[Place] = set()
    for delivery in receipt.deliveries:
        if delivery.outcome == "refused":
            places.add((delivery.site, delivery.file, None, delivery.codes[0]))
        for path in simulated.glob(f"store/deliveries/{delivery.sha256}/*/quarantine.parquet"):
            for row in pq.read_table(path).to_pylist():
                places.add((delivery.site, delivery.file, row["_source_row"], row["code"]))
    return places


def test_landing_finds_every_planted_defect_at_its_row_and_nothing_else(
    simulated: Path, landed: LandReceipt, truth: dict[str, Any]
) -> None:
    planted = {
        (defect["site"], defect["file"], defect["row"], defect["code"])
        for defect in truth["defects"]
        if defect["found_by"] == "landing"
    }
    assert _set_aside(simulated, landed) == planted


def test_the_trial_is_complete_without_the_refused_files(simulated: Path, landed: LandReceipt) -> None:
    study = load_study(simulated)
    for key, site in study.sites.items():
        accepted = {
            entry.layout_file for entry in landed.deliveries if entry.site == key and entry.outcome != "refused"
        }
        assert accepted == {export.file for export in study.layouts[site.layout]}, key


def test_rows_in_are_rows_accepted_and_rows_set_aside(landed: LandReceipt) -> None:
    accepted = [entry for entry in landed.deliveries if entry.outcome != "refused"]
    assert all(entry.rows_in == entry.rows_accepted + entry.rows_quarantined for entry in accepted)
    assert sum(entry.rows_quarantined for entry in accepted) == 19
