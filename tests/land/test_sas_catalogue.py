"""A SAS catalogue gives the codes of the columns that name its formats; a delivery's values are held against them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.core.errors import StudyFileError
from pipelines.land import land
from pipelines.land.store import landing_directory
from pipelines.study import Study, load_study
from pipelines.study.metadata.sas_labels import format_name, labels_of
from tests.real_files import SHIPPED
from tests.small_study import STUDY_FILE, deliver, make_study

CATALOGUE = (SHIPPED / "sas" / "formats.sas7bcat").read_bytes()
DATA_SET = (SHIPPED / "parser_files" / "haven" / "hadley.sas7bdat").read_bytes()
# The code 2 of WORKSHOP, as the catalogue has it.
TWO = bytes.fromhex("c000000000000000")
COLUMNS = """id: {class: pseudonym, to: subject}, gender: {sas_format: $gender8.}, "q{1..4}": {type: integer}"""
WORKSHOP = "workshop: {sas_format: WORKSHOP}"


def study_of(
    folder: Path,
    workshop: str = WORKSHOP,
    columns: str = COLUMNS,
    *,
    catalogue: bytes = CATALOGUE,
    metadata: str = "metadata: formats.sas7bcat",
) -> Study:
    folder.mkdir(exist_ok=True)
    (folder / "formats.sas7bcat").write_bytes(catalogue)
    entry = f"{{file: hadley.sas7bdat, format: {{type: sas7bdat}}, {metadata}, columns: {{{columns}, {workshop}}}}}"
    return make_study(folder, STUDY_FILE.replace("layouts:\n  edc:\n", f"layouts:\n  edc:\n    - {entry}\n"))


def edited(content: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert content.count(old) == 1
    return content.replace(old, new)


def test_a_column_holds_the_codes_of_its_format_and_a_width_is_no_part_of_its_name(tmp_path: Path) -> None:
    columns = study_of(tmp_path).layouts["edc"][0].columns
    assert columns["gender"].codes == {"f": "Female", "m": "Male"}
    assert columns["workshop"].codes == {"1": "R", "2": "SAS"}
    assert columns["q{1..4}"].codes is None
    assert [format_name(name) for name in ("$sex8.", "BEST12.2", "$GENDER", "YN.")] == ["$SEX", "BEST", "$GENDER", "YN"]


def test_each_code_lands_and_a_value_without_a_label_sets_its_row_aside(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    deliver(study, "S01", "hadley.sas7bdat", DATA_SET)
    (receipt,) = land(study).deliveries
    assert (receipt.codes, receipt.rows_in, receipt.rows_accepted) == ((), 8, 8)

    study = study_of(tmp_path, catalogue=edited(CATALOGUE, b"m" + b" " * 15, b"x" + b" " * 15))
    (changed,) = land(study).deliveries
    assert (changed.codes, changed.rows_quarantined) == (("Q_CODE",), 4)
    # Another catalogue is another contract: what had landed is landed again.
    assert changed.landing_key != receipt.landing_key
    directory = landing_directory(study.folder, changed.sha256, changed.landing_key)
    reasons = duckdb.execute(f"select distinct column_name, code from '{directory}/quarantine.parquet'").fetchall()
    assert reasons == [("gender", "Q_CODE")]


def test_a_special_missing_value_has_its_label_under_the_code_that_rows_have(tmp_path: Path) -> None:
    special = edited(CATALOGUE, TWO, bytes.fromhex("000041ffffffffff"))
    assert labels_of(special)["WORKSHOP"] == {"1": "R", ".A": "SAS"}


def test_the_catalogue_is_part_of_the_study(tmp_path: Path) -> None:
    first = study_of(tmp_path).metadata
    second = study_of(tmp_path, catalogue=edited(CATALOGUE, b"Female", b"FEMALE")).metadata
    assert first.keys() == second.keys() == {"formats.sas7bcat"}
    assert first != second


MISTAKES = [
    ({"workshop": "workshop: {sas_format: WORKSHP}"}, "has no labels of 'WORKSHP'. Did you mean 'WORKSHOP'?"),
    ({"workshop": "workshop: {sas_format: YN}"}, "has no labels of 'YN'. It has: $GENDER, WORKSHOP."),
    ({"workshop": "workshop: {sas_format: WORKSHOP, codes: [1]}"}, "Write it or `codes`, not both."),
    ({"metadata": "delivery: snapshot"}, "Name that under `metadata`"),
    ({"workshop": "workshop: {}", "columns": "id: {class: pseudonym, to: subject}"}, "Write `sas_format` there"),
    ({"catalogue": CATALOGUE[:3000]}, "no format with labels can be read"),
    ({"catalogue": b"SEX,1,Female\n"}, "no format with labels can be read"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_what_is_wrong_is_said_before_data_is_read(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises(StudyFileError) as error:
        study_of(tmp_path, **change)  # type: ignore[arg-type]
    assert said in str(error.value)


def test_one_catalogue_serves_files_of_every_format(tmp_path: Path) -> None:
    study_of(tmp_path)
    text = (tmp_path / "study.yml").read_text().replace("type: sas7bdat", "type: delimited")
    (tmp_path / "study.yml").write_text(text.replace("hadley.sas7bdat", "hadley.csv"))
    assert load_study(tmp_path).layouts["edc"][0].columns["workshop"].codes == {"1": "R", "2": "SAS"}
