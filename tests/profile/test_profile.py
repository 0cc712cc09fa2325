"""A proposal says what a column is likely to be; a person corrects it, and landing guesses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.core.errors import InputRefusedError, NotAllowedError
from pipelines.land import land
from pipelines.profile import new, profile
from pipelines.study import load_study
from tests.small_study import deliver

STUDIES = Path(__file__).resolve().parents[2] / "studies"


def proposed(folder: Path, header: str, *rows: str, name: str = "x.csv", encoding: str = "utf-8") -> dict[str, Any]:
    path = folder / name
    path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
    (proposal,) = profile(path)
    return proposal.entry


COLUMNS = [
    ("record_id", ["1", "2", "2"], {"class": "pseudonym", "to": "subject"}),
    ("patient_name", ["A B", "C D", "E F"], {"class": "drop"}),
    ("DOB", ["1990-01-01", "1980-01-01", "1970-01-01"], {"class": "drop"}),
    ("site_id", ["S01", "S01", "S02"], {"class": "pseudonym", "to": "site", "codes": ["S01", "S02"]}),
    ("visit", ["BL", "W1", "BL"], {"to": "visit", "required": True, "codes": ["BL", "W1"]}),
    ("arm", ["K", "P", "K"], {"class": "treatment", "codes": ["K", "P"], "to": "dm.arm"}),
    ("visit_date", ["2026-01-01", "2026-01-02", "2026-01-03"], {"type": "date", "to": "date"}),
    ("seen", ["13/01/2026", "02/01/2026", "03/01/2026"], {"type": "date", "date_order": "dmy"}),
    ("MADRS_Total", ["30", "20", "10"], {"type": "integer", "to": "qs.MADRS.total"}),
    ("phq9_3", ["0", "1", "2"], {"type": "integer", "to": "qs.PHQ9.03"}),
    ("madrs_11", ["0", "1", "2"], {"type": "integer"}),
    ("Age", ["30", "40", "50"], {"class": "quasi", "type": "integer", "to": "dm.age"}),
    ("weight_kg", ["70.5", "80", "90"], {"type": "number", "unit": "kg", "to": "vs.WEIGHT"}),
    ("colour", ["red", "red", "blue"], {"codes": ["blue", "red"]}),
    ("note", ["one thing", "another", "a third"], {"class": "free_text"}),
]


@pytest.mark.parametrize(("name", "values", "expected"), COLUMNS, ids=[name for name, _, _ in COLUMNS])
def test_a_column_is_proposed_from_its_name_and_values(
    tmp_path: Path, name: str, values: list[str], expected: dict[str, Any]
) -> None:
    assert proposed(tmp_path, f"{name};x", *(f"{value};0" for value in values))["columns"][name] == expected


def test_form_and_date_in_the_name_are_taken_from_the_file(tmp_path: Path) -> None:
    entry = proposed(tmp_path, "id;crp", "1;1,5", "2;NA", name="labs_2026-06-30.csv", encoding="utf-16")
    assert entry["file"] == "labs_{date}.csv"
    assert entry["format"] == {
        "type": "delimited",
        "delimiter": ";",
        "encoding": "utf-16",
        "decimal": ",",
        "missing": ["NA"],
    }


def test_a_run_of_items_is_one_line(tmp_path: Path) -> None:
    header = "id," + ",".join(f"madrs_{item:02d}" for item in range(1, 11))
    columns = proposed(tmp_path, header, "1," + ",".join("3" * 10), "2," + ",".join("4" * 10))["columns"]
    assert columns["madrs_{01..10}"] == {"type": "integer", "to": "qs.MADRS.{01..10}"}


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"a\x00b", b"a,a\n1,2\n"):
        path = tmp_path / "x.csv"
        path.write_bytes(content)
        with pytest.raises(InputRefusedError):
            profile(path)


def test_a_scaffolded_study_lands_its_own_samples(tmp_path: Path) -> None:
    samples = sorted((STUDIES / "nimh_ketamine" / "inbox" / "NIMH").glob("*.tsv"))
    receipt = new(tmp_path / "mine", samples)
    text = receipt.study_file.read_text()
    assert max(map(len, text.splitlines())) < 200
    assert len(text.splitlines()) < 50
    study = load_study(tmp_path / "mine")
    assert [endpoint.instrument for endpoint in study.endpoints] == ["HAMD17", "HAMD6", "MADRS"]
    assert study.design == "crossover"
    assert next(visit.visit for visit in study.visits if visit.baseline) == "ses-b0"
    for sample in samples:
        deliver(study, "S01", sample.name, sample.read_bytes())
    landed = [(it.file, it.rows_accepted, it.rows_quarantined) for it in land(study).deliveries]
    assert landed == [("participants.tsv", 58, 0), ("phenotype.tsv", 235, 1)]


def test_a_study_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_text("mine")
    with pytest.raises(NotAllowedError):
        new(tmp_path, [])
    assert (tmp_path / "study.yml").read_text() == "mine"


def test_real_exports_give_a_study_file_that_loads(tmp_path: Path, shared_data: Path) -> None:
    names = ("claus_2020/claus_2020.csv", "dia_antidepressant/antidepressant_data.csv", "beat_the_blues/BtheB.csv")
    for name in names[:2]:
        receipt = new(tmp_path / Path(name).stem, [shared_data / name])
        assert yaml.safe_load(receipt.study_file.read_text())["instruments"]["HAMD17"] == {
            "analysed_total": "collected"
        }
    assert any("subject's key" in remark for remark in profile(shared_data / names[2])[0].look_at)
