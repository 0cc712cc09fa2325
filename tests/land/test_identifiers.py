"""Identifiers are found by a column's name and by its values, and nothing of them is written outside the vault."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.land import DeliveryReceipt, land
from pipelines.land.identifiers import identifier_in_header
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.canaries import outside_the_vault
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

SCORES = "scores_2026-02-01.csv"
NAMED = {
    "patient_name": "name",
    "FirstName": "name",
    "NAME_LAST": "name",
    "dob": "date of birth",
    "Birth Date": "date of birth",
    "BRTHDTC": "date of birth",
    "mrn": "medical record number",
    "SSN": "social security number",
    "phone": "telephone number",
    "telephone_1": "telephone number",
    "fax": "fax number",
    "pt_email": "e-mail address",
    "home.address": "address",
    "street": "address",
    "zip": "address",
    "PostCode": "address",
    "insurance_no": "health plan number",
    "account": "account number",
    "drivers_license": "certificate or licence number",
    "plate": "vehicle",
    "device_serial_no": "device",
    "url": "web address",
    "ip_address": "IP address",
    "fingerprint": "biometric",
    "photo": "photograph",
}
INNOCENT = [
    "visit_name",
    "site_name",
    "dose_form",
    "record_id",
    "therapist",
    "phone_visit",
    "plate_id",
    "kit_number",
    "LBNAM",
    "INVNAM",
    "AETERM",
    "USUBJID",
    "SUBJID",
    "ip_dose",
    "drug_name",
    "test_name",
    "description",
    "zipper",
    "shipping",
    "AGE",
    "sex",
    "country",
    "consent_date",
    "mailing",
    "street_drugs",
]


@pytest.mark.parametrize(("header", "kind"), NAMED.items())
def test_a_column_named_like_an_identifier_is_known(header: str, kind: str) -> None:
    assert identifier_in_header(header) == kind


@pytest.mark.parametrize("header", INNOCENT)
def test_a_column_that_only_sounds_like_one_is_let_through(header: str) -> None:
    assert identifier_in_header(header) is None


def only(study: Study) -> DeliveryReceipt:
    (receipt,) = land(study).deliveries
    return receipt


def with_column(text: str) -> str:
    return STUDY_FILE.replace("note: {class: free_text}", text)


@pytest.mark.requirement("PRV-2")
@pytest.mark.parametrize("declared", ["{class: free_text}", "{class: clinical}", "{class: quasi}", None])
def test_a_column_of_names_refuses_the_file_whether_declared_or_not(tmp_path: Path, declared: str | None) -> None:
    study = make_study(tmp_path, with_column(f"patient_name: {declared}") if declared else STUDY_FILE)
    content = scores_file(scores_row("001", note="Canaria"), scores_row("002")).replace("note", "patient_name")
    deliver(study, "S01", SCORES, content)
    receipt = only(study)
    assert (receipt.outcome, receipt.codes) == ("refused", ("F_PII",))
    assert "'patient_name': name, 1 row(s)" in receipt.detail
    assert outside_the_vault(study, "Canaria") == []
    assert (study.folder.vault / "refused" / receipt.sha256 / SCORES).read_text() == content


def test_a_column_of_names_that_is_dropped_lands_and_is_written_nowhere(tmp_path: Path) -> None:
    study = make_study(tmp_path, with_column("patient_name: {class: drop}"))
    content = scores_file(scores_row("001", note="Canaria"), scores_row("002", note="mail@canaria.example"))
    deliver(study, "S01", SCORES, content.replace("note", "patient_name"))
    assert (only(study).outcome, only(study).rows_accepted) == ("accepted", 2)
    assert outside_the_vault(study, "anaria") == []


FOUND = {
    "wrote to jane.canary@mail.example.org": "e-mail address",
    "call 617-555-0142": "telephone number",
    "(617) 555-0142": "telephone number",
    "+41 79 555 01 42": "telephone number",
    "reached on 07700 900123": "telephone number",
    "SSN 078-05-1120": "social security number",
    "see https://example.org/jane": "web address",
    "from 192.168.17.4": "IP address",
    "lives at 88 Dawnview Way": "address",
    "Bahnhofstrasse 12": "address",
    "DOB: 1971-03-04": "date of birth",
    "Mrs. Canary came late": "name",
    "MRN 00123456": "medical record number",
    "00:1B:44:11:3A:B7": "device",
}
LEFT = [
    "2026-01-05 09:30",
    "2026-01-05T09:30:00+01:00",
    "120/80 then 118-76-110",
    "dose 0.5 mg/kg over 40 min, 1.2.3 revised",
    "01-701-1015",
    "2 days after the session, on the way home",
    "seen by Dr Smith, room 12",
    "12.03.2024",
    "-1.2345678901e+10",
    "10 000 units twice",
    "patient went home with 30 tablets",
    "MADRS 30 -> 15 (-50 %)",
]


@pytest.mark.requirement("PRV-2")
@pytest.mark.parametrize(("text", "kind"), FOUND.items())
@pytest.mark.parametrize("name", ["note", "day"])
def test_an_identifier_in_a_value_refuses_the_file(tmp_path: Path, text: str, kind: str, name: str) -> None:
    study = make_study(tmp_path)
    fields = {name: text}
    deliver(study, "S01", SCORES, scores_file(scores_row("001"), scores_row("002", **fields)))
    receipt = only(study)
    assert receipt.codes == ("F_PII_TEXT",)
    assert f"'{name}': {kind}, 1 row(s)" in receipt.detail
    assert text not in receipt.detail
    assert outside_the_vault(study, text) == []


@pytest.mark.parametrize("text", LEFT)
def test_a_value_that_only_looks_like_one_is_let_through(tmp_path: Path, text: str) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, scores_file(scores_row("001", note=f'"{text}"')))
    assert only(study).outcome == "accepted"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["6175550142", "2125550143", "3055550144"], "telephone number"),
        (["1951-03-04", "1988-07-14", "1970-01-31"], "date of birth"),
    ],
)
def test_a_column_of_nothing_else_is_found_under_an_innocent_name(tmp_path: Path, values: list[str], kind: str) -> None:
    study = make_study(tmp_path, with_column("note: {class: clinical}"))
    deliver(study, "S01", SCORES, scores_file(*(scores_row(f"{i}00", note=it) for i, it in enumerate(values, 1))))
    receipt = only(study)
    assert receipt.codes == ("F_PII_TEXT",)
    assert f"'note': {kind}, 3 row(s)" in receipt.detail


def test_a_file_without_a_header_tells_no_value_as_a_column(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    deliver(study, "S01", SCORES, "1,Alice,alice@canary.example\n2,Bob,bob@canary.example\n")
    receipt = only(study)
    assert receipt.codes == ("F_PII",)
    assert "Column number 3: e-mail address" in receipt.detail
    assert "lice" not in receipt.detail


REDCAP = """\
    - file: data.csv
      columns:
        record_id: {class: pseudonym, to: subject}
        NAMED: {class: clinical}
        ethnicity: {}
        race: {}
        gender: {class: quasi, codes: {"0": F, "1": M}, to: dm.sex}
        height: {type: number, unit: cm, to: vs.HEIGHT}
        weight: {type: number, unit: kg, to: vs.WEIGHT}
        demographics_complete: {}
    - file: scores_{date}.csv
"""
IDENTIFYING = ["name_last", "name_first", "address", "phone", "dob", "email"]


def redcap_study(root: Path, form: str) -> Study:
    columns = "\n        ".join(f"{name}: {form}" for name in IDENTIFYING)
    layout = REDCAP.replace("NAMED: {class: clinical}", columns)
    return make_study(root, STUDY_FILE.replace("    - file: scores_{date}.csv\n", layout))


def test_the_redcap_trial_is_refused_for_identifiers_and_lands_without_them(shared_data: Path, tmp_path: Path) -> None:
    content = (shared_data / "redcap" / "clinical-trial-1" / "data.csv").read_bytes()
    study = redcap_study(tmp_path / "clinical", "{class: clinical}")
    deliver(study, "S01", "data.csv", content)
    receipt = only(study)
    assert receipt.codes == ("F_PII",)
    assert [name for name in IDENTIFYING if f"'{name}'" not in receipt.detail] == []
    assert receipt.detail.count("500 row(s)") == len(IDENTIFYING)
    assert outside_the_vault(study, "@aol.com") == []
    dropped = redcap_study(tmp_path / "dropped", "{class: drop}")
    deliver(dropped, "S01", "data.csv", content)
    receipt = only(dropped)
    assert (receipt.outcome, receipt.rows_in, receipt.rows_accepted) == ("accepted", 500, 500)
    assert outside_the_vault(dropped, "Wojdyla") == []


def test_decimal_commas_land_where_they_are_declared(shared_data: Path, tmp_path: Path) -> None:
    layout = """\
    - file: data.csv
      format: {type: delimited, decimal: ","}
      columns:
        record_id: {class: pseudonym, to: subject}
        name: {class: drop}
        height: {type: number, unit: m, to: vs.HEIGHT}
        weight: {type: number, unit: kg, to: vs.WEIGHT}
        bmi: {class: drop}
        demographics_complete: {}
    - file: scores_{date}.csv
"""
    study = make_study(tmp_path, STUDY_FILE.replace("    - file: scores_{date}.csv\n", layout))
    deliver(study, "S01", "data.csv", (shared_data / "redcap" / "decimal-comma" / "data.csv").read_bytes())
    receipt = only(study)
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted", 4)
    rows = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "rows" / "vs.parquet"
    found = duckdb.execute(f"select vsstresn from read_parquet('{rows}') where vstestcd = 'WEIGHT'").fetchall()
    assert sorted(found) == [(45.9,), (52.3,), (92.3,), (123.4,)]
