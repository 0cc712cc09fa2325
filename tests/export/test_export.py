"""What leaves the house: no date, no clear key, no age above 90, no typed text, and it is told."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import NotAllowedError, UsageError
from pipelines.cut import published_cut
from pipelines.export import export
from pipelines.ledger import events
from pipelines.run import run
from pipelines.study import Study, load_study
from tests.build.trial import SUBJECTS, TRIAL, make_trial

TEXT = TRIAL.replace("range: [18, 90]", "range: [18, 120]")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = make_trial(
        tmp_path_factory.mktemp("export") / "small", TEXT, subjects=SUBJECTS.replace("001,30,", "001,97,")
    )
    run(study)
    return study


@pytest.fixture(scope="module")
def exported(published: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("shared") / "none"
    export(published, profile="none", to=to)
    return to


@pytest.mark.requirement("PRV-5")
@pytest.mark.slow
def test_rows_that_leave_hold_study_days_capped_ages_and_coded_keys(published: Study, exported: Path) -> None:
    clear = published_cut(published.folder)
    assert clear
    with duckdb.connect() as connection:
        ages = connection.execute(f"select max(age) from '{exported}/tables/adsl.parquet'").fetchone()
        days = connection.execute(
            f"select distinct rfstdt_day, trtsdt_day from '{exported}/tables/adsl.parquet' where trtsdt_day is not null"
        ).fetchall()
        before = connection.execute(f"select max(age) from '{clear.tables}/adsl.parquet'").fetchone()
        assert (before, ages, days) == ((97,), (90,), [(1, 1)])
        # The same subject has the same code in every table.
        joined = (
            f"select count(*) from '{exported}/tables/adqs.parquet' as a left join '{exported}/tables/adsl.parquet'"
        )
        unmatched = connection.execute(f"{joined} as s on a.usubjid = s.usubjid where s.usubjid is null").fetchone()
        assert unmatched == (0,)
    for path in exported.rglob("*"):
        if path.suffix == ".parquet":
            content = repr(pq.read_table(path).to_pylist())
            assert not any("date" in str(field.type) for field in pq.read_schema(path)), path.name
        else:
            content = path.read_text() if path.is_file() and path.name != "export.json" else ""
        # No date (the trial is of 2026), no subject, no site, no file.
        for found in (r"2026-\d\d", r"SMALL-S01", r"\bS01\b", r"\.csv"):
            assert not re.search(found, content), (path.name, found)


@pytest.mark.requirement("PRV-5")
@pytest.mark.slow
@pytest.mark.parametrize("profile", ["cms", "opensafely"])
def test_a_profile_that_hides_small_counts_shares_counts_alone(published: Study, tmp_path: Path, profile: str) -> None:
    study = load_study(shutil.copytree(published.folder.root, tmp_path / "small"))
    command = ["export", str(study.folder.root), "--profile", profile, "--to"]
    done = CliRunner().invoke(main, [*command, str(tmp_path / "x")])
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "x").iterdir()} == {"counts", "export.json"}
    # Of four subjects every count but zero is small.
    for path in (tmp_path / "x" / "counts").glob("*.csv"):
        with path.open() as file:
            assert {row["subjects"] for row in csv.DictReader(file)} <= {"", "0"}, path.name
    (tmp_path / "x").joinpath("export.json")
    said = [each.event for each in events(study.folder) if each.action == "export"]
    assert said[-1]
    assert said[-1].field == f"profile {profile}"
    # The same once more tells nothing more; another profile does.
    again = CliRunner().invoke(main, [*command, str(tmp_path / "again")])
    assert again.exit_code == 0, again.output
    other = {"cms": "opensafely", "opensafely": "cms"}[profile]
    refused = CliRunner().invoke(main, [*command[:3], other, "--to", str(tmp_path / "other")])
    assert (refused.exit_code, (tmp_path / "other").exists()) == (13, False)


@pytest.mark.requirement("PRV-5")
@pytest.mark.slow
def test_the_counts_are_those_of_the_tables(published: Study, exported: Path) -> None:
    rows = pq.read_table(exported / "counts" / "response.parquet").to_pylist()
    asked = {"endpoint": "primary", "estimand": "treatment_policy", "missing_rule": "observed", "avisit": "W1"}
    shown = {
        (row["category"], row["arm"]): row["subjects"]
        for row in rows
        if all(row[name] == value for name, value in asked.items())
    }
    cut = published_cut(published.folder)
    assert cut
    with duckdb.connect() as connection:
        query = (
            f"select coalesce(crit1fl, 'missing'), trta, count(*) from '{cut.tables}/response.parquet' "
            "where trta is not null"
            + "".join(f" and {name} = '{value}'" for name, value in asked.items())
            + " group by all"
        )
        counted = {(category, arm): count for category, arm, count in connection.execute(query).fetchall()}
    assert counted
    assert {cell: count for cell, count in shown.items() if "TOTAL" not in cell and count} == counted
    assert shown["TOTAL", "TOTAL"] == sum(counted.values())
    listed = json.loads((exported / "export.json").read_bytes())
    assert set(listed["files"]) == {
        path.relative_to(exported).as_posix()
        for path in exported.rglob("*")
        if path.is_file() and path.name != "export.json"
    }
    assert {"source_file", "delivery_id", "srcdom", "srcseq"} <= set(listed["withheld_columns"]["adsl"])


def test_only_a_published_cut_leaves_and_into_a_new_folder(published: Study, tmp_path: Path) -> None:
    with pytest.raises(NotAllowedError, match="only a published cut is exported"):
        export(published, profile="cms", to=tmp_path / "x", cut_id="0" * 64)
    with pytest.raises(UsageError, match="is there already"):
        export(published, profile="cms", to=tmp_path)
    with pytest.raises(UsageError, match="is no profile"):
        export(published, profile="some", to=tmp_path / "x")
