"""Transport files as the simulator writes them: any reader gets back what was put in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyreadstat

from pipelines.simulate.tables import Table
from pipelines.simulate.xpt import xpt_bytes


def _table() -> Table:
    numeric = frozenset({"AESEQ", "DOSE"})
    columns = ("USUBJID", "AESEQ", "DOSE", "AETERM")
    table = Table(site="S09", kind="ae", exported=date(2026, 6, 30), suffix="xpt", columns=columns, numeric=numeric)
    table.add(USUBJID="KAP-DEMO-S09-001", AESEQ="1", DOSE="47.3", AETERM="Dizzy")
    table.add(USUBJID="KAP-DEMO-S09-002", AESEQ="65535", DOSE="", AETERM="Trübes Sehen")
    table.add(USUBJID="KAP-DEMO-S09-003", AESEQ="0", DOSE="-0.1", AETERM="")
    return table


def test_a_transport_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ae.xpt"
    path.write_bytes(xpt_bytes(_table()))
    columns, meta = pyreadstat.read_xport(str(path), output_format="dict")
    assert meta.column_names == ["USUBJID", "AESEQ", "DOSE", "AETERM"]
    assert list(columns["AESEQ"]) == [1.0, 65535.0, 0.0]
    assert list(columns["DOSE"]) == [47.3, None, -0.1]
    assert list(columns["AETERM"]) == ["Dizzy", "Trübes Sehen", ""]


def test_a_transport_file_is_whole_records_and_carries_the_day_of_the_export_as_its_only_time() -> None:
    content = xpt_bytes(_table())
    assert len(content) % 80 == 0
    assert content.count(b"30JUN26:00:00:00") == 4
    assert content == xpt_bytes(_table())
