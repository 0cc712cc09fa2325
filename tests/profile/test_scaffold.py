"""A study scaffolded from samples loads, and lands its own samples; a person only corrects it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.core.errors import InputRefusedError
from pipelines.land import land
from pipelines.profile import new, profile
from pipelines.study import Study, load_study
from tests.real_files import SHIPPED
from tests.small_study import deliver
from tests.small_workbook import packed, parts, row

ROOT = Path(__file__).resolve().parents[2]


def sample(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def landed(study: Study, inbox: Path, *samples: Path) -> list[tuple[str, str, int]]:
    """Returns what becomes of the samples in the inbox that was made: file, outcome, rows accepted."""
    for path in samples:
        deliver(study, inbox.name, path.name, path.read_bytes())
    return [(receipt.file, receipt.outcome, receipt.rows_accepted) for receipt in land(study).deliveries]


def test_a_file_of_several_sites_is_delivered_by_a_centre(tmp_path: Path) -> None:
    rows = ("1,S 1,BL,30", "1,S 1,W4,12", "2,S 2,BL,28")
    path = sample(tmp_path / "in", "s.csv", "id,site,visit,madrs", *rows)
    receipt = new(tmp_path / "mine", [path])
    study = load_study(tmp_path / "mine")
    assert {key: site.kind for key, site in study.sites.items()} == {"CENTRE": "vendor", "S-1": "site", "S-2": "site"}
    assert receipt.inbox == tmp_path / "mine" / "inbox" / "CENTRE"
    assert landed(study, receipt.inbox, path) == [("s.csv", "accepted", 3)]


def test_visits_stand_in_the_order_of_time_with_one_baseline(tmp_path: Path) -> None:
    path = sample(tmp_path / "in", "s.csv", "id,phq9.m2,phq9.w1,phq9.bl", "1,5,9,20", "2,6,10,21")
    new(tmp_path / "mine", [path])
    visits = load_study(tmp_path / "mine").visits
    assert [visit.visit for visit in visits] == ["BASELINE", "W1", "M2"]
    assert [visit.baseline for visit in visits] == [True, False, False]


def xpt(path: Path, columns: dict[str, Any]) -> Path:
    pyreadstat.write_xport(pd.DataFrame(columns), str(path))
    return path


def test_data_sets_of_sdtm_become_one_entry(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"STUDYID": ["ST", "ST"], "USUBJID": ["ST-1", "ST-2"]}
    visits = {"VISITNUM": [1.0, 2.0], "VISIT": ["BASELINE", "WEEK 4"]}
    results = {"QSTESTCD": ["MADRSTOT", "MADRSTOT"], "QSSTRESN": [30.0, 12.0]}
    samples = [
        xpt(tmp_path / "dm.xpt", keys | {"DOMAIN": ["DM", "DM"], "ARM": ["Placebo", "Ketamine"]}),
        xpt(tmp_path / "qs.xpt", keys | {"DOMAIN": ["QS", "QS"]} | visits | results),
    ]
    receipt = new(tmp_path / "mine", samples)
    study = load_study(tmp_path / "mine")
    (export,) = study.layouts["export"]
    assert (export.file, export.sdtm) == ("{domain}.xpt", ("dm", "qs"))
    assert {code: arm.role for code, arm in study.arms.items()} == {"Ketamine": "experimental", "Placebo": "control"}
    assert list(study.instruments) == ["MADRS"]
    outcomes = landed(study, receipt.inbox, *samples)
    assert outcomes == [("dm.xpt", "accepted", 2), ("qs.xpt", "accepted", 2)]


def test_a_sample_of_which_nothing_can_land_is_left_out_and_said(tmp_path: Path) -> None:
    good = sample(tmp_path / "in", "a.csv", "id,madrs", "1,30", "2,20")
    bad = sample(tmp_path / "in", "b.csv", "id,id", "1,30")
    receipt = new(tmp_path / "mine", [good, bad])
    assert any(remark.startswith("Left out:") and "F_HEADER" in remark for remark in receipt.look_at)
    assert "# left out: " in receipt.study_file.read_text()
    assert [export.file for export in load_study(tmp_path / "mine").layouts["export"]] == ["a.csv"]
    with pytest.raises(InputRefusedError, match="F_HEADER"):
        new(tmp_path / "other", [bad])
    assert not (tmp_path / "other").exists()


def test_two_exports_of_one_kind_are_one_entry(tmp_path: Path) -> None:
    names = ("s_2026-05-31.csv", "s_2026-06-30.csv")
    samples = [sample(tmp_path / "in", name, "id,madrs", "1,30", "2,20") for name in names]
    new(tmp_path / "mine", samples)
    assert [export.file for export in load_study(tmp_path / "mine").layouts["export"]] == ["s_{date}.csv"]


def test_the_documented_proposal_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n\$ afterglow (profile \S+)\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    result = CliRunner().invoke(main, shown.group(1).split())
    assert result.stdout == shown.group(2)


def test_a_sas_catalogue_beside_a_data_set_gives_codes_by_the_format_of_the_column(tmp_path: Path) -> None:
    for name in ("parser_files/haven/hadley.sas7bdat", "sas/formats.sas7bcat"):
        (tmp_path / Path(name).name).write_bytes((SHIPPED / name).read_bytes())
    (proposal,) = profile(tmp_path / "hadley.sas7bdat")
    assert proposal.columns["workshop"]["codes"] == {"1": "R", "2": "SAS"}
    assert proposal.columns["gender"]["codes"] == {"f": "Female", "m": "Male"}


def test_a_catalogue_among_the_samples_is_told_apart_from_exports(tmp_path: Path) -> None:
    samples = [SHIPPED / "parser_files/haven/hadley.sas7bdat", SHIPPED / "sas/formats.sas7bcat"]
    receipt = new(tmp_path / "mine", samples)
    assert [remark for remark in receipt.look_at if "a SAS catalogue is no export" in remark]


TABLE = {"subject": ["01", "01", "02"], "visit": ["BL", "W4", "BL"], "madrs": [30, 12, 28]}


def in_format(path: Path) -> Path:
    """Writes the table above in the format that the file's name tells."""
    table = pa.table(TABLE)
    rows = [[str(value) for value in line.values()] for line in table.to_pylist()]
    head = {"datasetJSONVersion": "1.1.0", "records": 3, "columns": [{"name": name} for name in TABLE]}
    csv = "\n".join(",".join(line) for line in [list(TABLE), *rows]) + "\n"
    cells = "".join(row(number, *texts) for number, texts in enumerate([list(TABLE), *rows], start=1))
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".xpt":
        pyreadstat.write_xport(table.to_pandas(), str(path))
    else:
        content = {
            ".gz": gzip.compress(csv.encode(), mtime=0),
            ".ndjson": "".join(json.dumps(line) + "\n" for line in [head, *rows]).encode(),
            ".xlsx": packed(parts(cells)),
        }
        path.write_bytes(content[path.suffix])
    return path


@pytest.mark.parametrize("name", ["s.parquet", "s.xpt", "s.csv.gz", "s.ndjson", "s.xlsx"])
def test_a_study_from_a_sample_of_any_format_lands_it(tmp_path: Path, name: str) -> None:
    path = in_format(tmp_path / name)
    receipt = new(tmp_path / "mine", [path])
    study = load_study(tmp_path / "mine")
    assert [visit.visit for visit in study.visits] == ["BL", "W4"]
    assert landed(study, receipt.inbox, path) == [(name, "accepted", 3)]


REAL = {
    "claus": ("claus_2020/claus-2020.xlsx",),
    "dia": ("dia_antidepressant/chapter15_example.sas7bdat",),
    "dataset_json": ("dataset_json/*.ndjson",),
}


@pytest.mark.parametrize("name", REAL)
def test_a_study_of_real_exports_lands_them(tmp_path: Path, shared_data: Path, name: str) -> None:
    samples = [path for pattern in REAL[name] for path in sorted(shared_data.glob(pattern))]
    receipt = new(tmp_path / "mine", samples)
    outcomes = landed(load_study(tmp_path / "mine"), receipt.inbox, *samples)
    assert len(outcomes) == len(samples)
    assert {outcome for _, outcome, _ in outcomes} <= {"accepted", "warned"}
