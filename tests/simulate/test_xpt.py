"""Transport files as the simulator writes them: any reader gets back what was put in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.simulate.tables import Table
from pipelines.simulate.xpt import ibm_float, xpt_bytes


def _table() -> Table:
    numeric = {"AESEQ": 4, "DOSE": 8}
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


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=3).map(str))
def test_an_ibm_number_is_the_nearest_ieee_double(text: str) -> None:
    stored = ibm_float(text)
    mantissa = int.from_bytes(stored[1:], "big")
    value = (-1) ** (stored[0] >> 7) * mantissa * 16.0 ** ((stored[0] & 0x7F) - 64 - 14)
    assert value == float(text)


@pytest.mark.parametrize(
    ("text", "stored"), [("1", "4110000000000000"), ("0", "00" * 8), ("-118.625", "c276a00000000000")]
)
def test_known_ibm_numbers(text: str, stored: str) -> None:
    assert ibm_float(text).hex() == stored
