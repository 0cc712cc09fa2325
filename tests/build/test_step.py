"""Building a cut: whole or not at all, once, and blind where it is asked to be."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines import trace
from pipelines.build import build
from pipelines.core.errors import IntegrityError
from pipelines.core.hashing import canonical_json
from pipelines.cut import Cut
from pipelines.study import Study
from tests.build.trial import TRIAL, make_trial

TABLES = {
    *("adsl", "adqs", "response", "remission", "onset", "sustained", "durability"),
    *("durability_intervals", "retention", "response_episodes", "response_auc"),
    *("therapy", "exposure", "biomarkers", "adae", "advs", "therapy_summary"),
    *("session_peaks", "safety_alerts", "blinding_assessment"),
    *("deliveries", "quarantine", "record_changes", "site_metrics"),
}


def test_a_cut_has_its_inputs_its_database_and_a_file_for_each_table(cut: Cut) -> None:
    assert {path.name for path in cut.directory.iterdir()} == {"catalogue.json", "cut.duckdb", "inputs.json", "tables"}
    assert {path.stem for path in cut.tables.iterdir()} == TABLES
    assert cut.inputs_file.read_bytes() == canonical_json(cut.inputs)


def test_a_cut_that_exists_is_not_built_again(trial: Study, cut: Cut) -> None:
    before = cut.duckdb.stat().st_mtime_ns
    receipt = build(trial)
    assert (receipt.cut_id, receipt.reused, set(receipt.rows)) == (cut.cut_id, True, TABLES)
    assert receipt.rows["adsl"] == 5
    assert cut.duckdb.stat().st_mtime_ns == before


def test_the_database_names_no_file_of_the_store_and_answers_by_the_plain_name(cut: Cut) -> None:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        schemas = connection.execute("select distinct schema_name from duckdb_tables() order by 1").fetchall()
        assert [name for (name,) in schemas] == ["intermediate", "marts", "monitoring", "reference", "study"]
        views = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
        assert {name for schema, name in views if schema == "main"} == TABLES
        assert not [name for schema, name in views if schema in {"landed", "staging"}]
        assert connection.execute("select count(*) from response").fetchone() == (48,)


def test_of_the_steps_between_a_cut_keeps_those_that_a_trace_reads(cut: Cut) -> None:
    sources = (path.read_text(encoding="utf-8") for path in Path(trace.__file__).parent.glob("*.py"))
    read = {name for text in sources for name in re.findall(r'derived\(\s*"(\w+)"', text)}
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        kept = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'intermediate'"
        ).fetchall()
    assert {name for (name,) in kept} == read


def test_another_process_can_open_the_database_while_this_one_lives(cut: Cut) -> None:
    code = f"import duckdb; duckdb.connect({str(cut.duckdb)!r}).execute('select 1')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).stderr == b""


def test_each_column_of_a_file_says_what_it_is(cut: Cut) -> None:
    for path in cut.tables.iterdir():
        schema = pq.read_schema(path)
        assert b"Grain: one row per" in schema.metadata[b"description"]
        assert [field.name for field in schema if not (field.metadata or {}).get(b"description")] == [], path.name


@pytest.mark.requirement("BLD-5")
def test_a_blinded_cut_holds_no_arm(tmp_path: Path) -> None:
    # Arms with names that occur nowhere else.
    names = {"KET": "QZKETZQ", "PBO": "QZPBOZQ"}
    text = TRIAL.replace("  KET: {", f"  {names['KET']}: {{").replace("  PBO: {", f"  {names['PBO']}: {{")
    codes = ", ".join(f"{code}: {arm}" for code, arm in names.items())
    study = make_trial(tmp_path, text.replace("codes: [KET, PBO]", f"codes: {{{codes}}}"))
    cut = Cut(study.folder, build(study, blinded=True).cut_id)
    for path in [cut.duckdb, *cut.tables.iterdir()]:
        assert not [arm for arm in names.values() if arm.encode() in path.read_bytes()], path.name
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        arms = connection.execute("select trta, count(*) from adsl group by trta order by trta nulls last").fetchall()
        assert arms == [("BLINDED", 4), (None, 1)]
        assert connection.execute("select arm from study.arms").fetchall() == [("BLINDED",)]
        for table in TABLES:
            names_in_table = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
            if "trta" in names_in_table:
                query = f"select distinct trta from {table} where trta is not null"
                assert set(connection.execute(query).fetchall()) <= {("BLINDED",)}, table
    unblinded = build(study)
    assert unblinded.cut_id != cut.cut_id
    assert any(arm.encode() in Cut(study.folder, unblinded.cut_id).duckdb.read_bytes() for arm in names.values())


def test_a_data_cutoff_leaves_out_what_happened_after_it(trial: Study) -> None:
    cut = Cut(trial.folder, build(trial, data_cutoff=datetime.date(2026, 1, 6)).cut_id)
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        assert connection.execute("select max(adt) from adqs").fetchone() == (datetime.date(2026, 1, 6),)
        ongoing = connection.execute("select count(*) from adsl where eosstt = 'ONGOING'").fetchone()
        assert ongoing == (5,)
        assert set(connection.execute("select cnsdtdsc from durability").fetchall()) == {("DATA CUTOFF",)}


def test_damaged_rows_are_never_read(tmp_path: Path) -> None:
    study = make_trial(tmp_path)
    (path,) = study.folder.deliveries.glob("*/*/rows/qs.parquet")
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"qs\.parquet"):
        build(study)
    assert not any(study.folder.cuts.glob("*"))
