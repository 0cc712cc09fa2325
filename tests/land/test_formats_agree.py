"""One table lands to equal rows whatever format it comes in."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory, treatment_directory
from pipelines.study import Study, load_study
from tests.real_files import real_files
from tests.small_study import STUDY_FILE, deliver, make_study

FORMATS = {"xpt": "xpt", "json": "dataset_json", "ndjson": "dataset_json", "dsjc": "dataset_json"}
ROWS = {"ae": 74, "cm": 68, "dm": 18, "ds": 53, "ec": 1590, "ex": 1583, "sv": 164, "vs": 1414}
DATA = real_files("dataset_json")
# Beside a developer's clone lie more domains than the repository ships.
EVERY_DOMAIN = {name: rows for name, rows in ROWS.items() if (DATA / f"{name}.json").is_file()}


def frames(study: Study, receipt: DeliveryReceipt) -> dict[str, pd.DataFrame]:
    """Returns every table that a delivery landed to, without the delivery's own name and hash."""
    found: dict[str, pd.DataFrame] = {}
    for place in (landing_directory, treatment_directory):
        directory = place(study.folder, receipt.sha256, receipt.landing_key)
        for path in sorted(directory.rglob("*.parquet")):
            name = path.relative_to(directory).as_posix()
            found[name] = pd.read_parquet(path).drop(columns=["_delivery_id", "_source_file"])
    return found


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, dict[str, DeliveryReceipt]]:
    """Returns the study of CDISC's example data with every domain landed from each of its four formats."""
    files = [
        {"file": f"{{domain}}.{suffix}", "format": {"type": form}, "sdtm": list(EVERY_DOMAIN)}
        for suffix, form in FORMATS.items()
    ]
    named = {row[3]: row[4] for row in json.loads((DATA / "sv.json").read_bytes())["rows"]}
    visits = [
        {"visit": f"V{number:g}".replace(".", "_"), "visitnum": number, "label": label, "baseline": number == 1}
        for number, label in sorted(named.items())
    ]
    root = tmp_path_factory.mktemp("example")
    text = STUDY_FILE[: STUDY_FILE.index("sites:")].replace("limit_pct: 60", "limit_pct: 100")
    parts = {
        "sites": {"S01": {"name": "All", "layout": "sdtm"}},
        "arms": {"A": {"label": "A", "role": "experimental"}},
        "visits": visits,
        "instruments": ["MADRS"],
        "endpoints": {"instrument": "MADRS", "response": {"min_reduction_pct": 50}, "remission": {"max_score": 10}},
        "missing_rules": ["observed"],
        "layouts": {"sdtm": files},
    }
    # JSON is YAML.
    (root / "study.yml").write_text(
        text + "".join(f"{key}: {json.dumps(value)}\n" for key, value in parts.items()), encoding="utf-8"
    )
    study = load_study(root)
    for path in sorted(DATA.iterdir()):
        if path.stem in EVERY_DOMAIN:
            deliver(study, "S01", path.name, path.read_bytes())
    return study, {receipt.file: receipt for receipt in land(study).deliveries}


@pytest.mark.parametrize("domain", EVERY_DOMAIN)
def test_each_domain_lands_to_equal_rows_from_its_four_formats(
    example: tuple[Study, dict[str, DeliveryReceipt]], domain: str
) -> None:
    study, receipts = example
    first, *others = [receipts[f"{domain}.{suffix}"] for suffix in FORMATS]
    # Nothing is set aside: three blood pressures at a visit are told apart by VSREPNUM.
    assert (first.outcome, first.codes, first.rows_accepted) == ("accepted", (), EVERY_DOMAIN[domain]), first.detail
    expected = frames(study, first)
    assert len(expected[f"rows/{domain}.parquet"]) == EVERY_DOMAIN[domain]
    for other in others:
        assert (other.rows_accepted, other.codes) == (first.rows_accepted, first.codes)
        found = frames(study, other)
        assert found.keys() == expected.keys()
        for name, frame in expected.items():
            pd.testing.assert_frame_equal(found[name], frame)


HEADER = ("id", "visit", "day", "total", "crp", "sex")
AGREEING = (
    STUDY_FILE[: STUDY_FILE.index("layouts:")].replace("limit_pct: 60", "limit_pct: 100")
    + "layouts:\n"
    + "".join(f"  {layout}: [{{file: none.csv, sdtm: ae}}]\n" for layout in ("sdtm", "irt"))
    + "  edc:\n"
    + "".join(
        f"""\
    - file: {suffix}_{{date}}.{suffix}
      format: {{type: {form}}}
      columns:
        id: {{class: pseudonym, to: subject}}
        visit: {{to: visit}}
        day: {{type: date, to: date}}
        total: {{type: integer, to: qs.MADRS.total}}
        crp: {{type: number, unit: mg/L, to: lb.CRP}}
        sex: {{to: dm.sex}}
"""
        for suffix, form in (("csv", "delimited"), ("parquet", "parquet"), ("ndjson", "dataset_json"))
    )
)
TABLES = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z0-9_-]{1,3}|", fullmatch=True),
        st.sampled_from(["BL", "D2", "W1", "w1", "", "unknown"]),
        st.none() | st.dates(),
        st.none() | st.integers(-1, 62) | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    ),
    max_size=8,
)


def as_csv(rows: list[tuple[Any, ...]]) -> bytes:
    target = io.StringIO(newline="")
    # Quoted: the writer leaves a lone carriage return bare, and that ends a line.
    writer = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    writer.writerows([["" if value is None else str(value) for value in row] for row in rows])
    return target.getvalue().encode()


def as_parquet(rows: list[tuple[Any, ...]]) -> bytes:
    types = (pa.string(), pa.string(), pa.date32(), pa.int64(), pa.float64(), pa.string())
    columns = list(zip(*rows, strict=True)) or [()] * len(HEADER)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    target = io.BytesIO()
    pq.write_table(pa.table(arrays, names=list(HEADER)), target)
    return target.getvalue()


def as_ndjson(rows: list[tuple[Any, ...]]) -> bytes:
    columns = [{"itemOID": name, "name": name, "label": name, "dataType": "string"} for name in HEADER]
    metadata = {"datasetJSONVersion": "1.1.0", "records": len(rows), "columns": columns}
    lines = [metadata, *([*row[:2], row[2] and row[2].isoformat(), *row[3:]] for row in rows)]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["qsorres", "lborres"], errors="ignore")


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(TABLES)
def test_a_table_lands_to_equal_rows_from_csv_parquet_and_ndjson(rows: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root), AGREEING)
        for suffix, write in (("csv", as_csv), ("parquet", as_parquet), ("ndjson", as_ndjson)):
            deliver(study, "S01", f"{suffix}_2026-02-01.{suffix}", write(rows))
        expected, *others = land(study).deliveries
        assert expected.outcome != "refused", expected.detail
        assert expected.rows_in == len(rows)
        tables = frames(study, expected)
        # How a number is written may differ (1.0, 1), and so the text; typed values and what is set aside may not.
        del tables["text.parquet"]
        for other in others:
            assert (other.rows_in, other.rows_quarantined, other.codes) == (
                expected.rows_in,
                expected.rows_quarantined,
                expected.codes,
            )
            found = frames(study, other)
            assert found.keys() - {"text.parquet"} == tables.keys()
            for name, frame in tables.items():
                pd.testing.assert_frame_equal(typed(found[name]), typed(frame), check_exact=True)
