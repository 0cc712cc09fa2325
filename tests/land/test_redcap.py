"""Real REDCap projects land under their own data dictionary, as an independent reading of their CSV says."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.cut import cut_inputs
from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory
from pipelines.study import Study, load_study
from tests.small_study import STUDY_FILE, deliver, make_study

PROJECTS = Path(__file__).resolve().parents[1] / "data" / "redcap"
# What is expected of a project under its dictionary alone: outcome, reason codes, columns that are not kept.
EXPECTED: dict[str, tuple[str, tuple[str, ...], set[str]]] = {
    "arm-single-longitudinal": ("accepted", (), {"image_profile"}),
    "dag": ("accepted", (), {"first_name", "last_name", "address", "telephone", "email", "dob"}),
    "decimal-comma": ("accepted", (), {"name"}),
    "empty-rows": ("refused", ("F_CONTRACT",), set()),
    "potentially-problematic-values": ("warned", ("Q_DATE", "Q_NUMBER"), set()),
    "repeating-instruments": ("accepted", (), {"first_name", "dob"}),
    "repeating-instruments-sparse": ("accepted", (), {"first_name", "dob"}),
    "validation-types-1": (
        "accepted",
        (),
        {
            *("f_file_upload", "f_signature", "v_email", "v_mrn_10d", "v_mrn_generic", "v_phone", "v_phone_australia"),
            *("v_postalcode_australia", "v_postalcode_canada", "v_postalcode_french", "v_postalcode_germany"),
            *("v_ssn", "v_vmrn", "v_zipcode"),
        },
    ),
}
# Without the sites S01 and S02 of their own: all of it comes from one hub, the groups tell the sites apart.
HUB = "  IRT: {name: Randomisation, kind: vendor, layout: irt}\n  HUB: {name: Data centre, kind: vendor, layout: hub}\n"


def study_of(folder: Path, project: Path, columns: str = "", *, form: str = "", layout: str = "edc") -> Study:
    folder.mkdir(parents=True, exist_ok=True)
    (found,) = project.glob("dict*.csv")
    (folder / "dictionary.csv").write_bytes(found.read_bytes())
    entry = (
        f"    - {{file: 'data_{{date}}.csv', metadata: dictionary.csv, format: {{{form}}}, columns: {{{columns}}}}}\n"
    )
    text = STUDY_FILE.replace("quarantine_limit_pct: 60", "quarantine_limit_pct: 100")
    text = text.replace("  IRT: {name: Randomisation, kind: vendor, layout: irt}\n", HUB)
    return make_study(folder, text.replace("layouts:\n", f"layouts:\n  hub:\n{entry}  redcap:\n{entry}").replace(
        "S01: {name: First, layout: edc}", "S01: {name: First, layout: redcap}"
    ))  # fmt: skip


def landed(study: Study, project: Path, site: str = "S01") -> DeliveryReceipt:
    deliver(study, site, "data_2026-06-01.csv", (project / "data.csv").read_bytes())
    (receipt,) = land(study).deliveries
    return receipt


def read(project: Path) -> list[dict[str, str]]:
    with (project / "data.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def query(study: Study, receipt: DeliveryReceipt, table: str, columns: str) -> list[tuple[object, ...]]:
    path = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / f"{table}.parquet"
    return duckdb.execute(f"select {columns} from '{path}' order by all").fetchall()


@pytest.mark.parametrize("project", EXPECTED)
def test_a_project_lands_under_its_own_dictionary_or_says_why_not(tmp_path: Path, project: str) -> None:
    outcome, codes, dropped = EXPECTED[project]
    study = study_of(tmp_path, PROJECTS / project, form="decimal: ','" if project == "decimal-comma" else "")
    receipt = landed(study, PROJECTS / project)
    assert (receipt.outcome, receipt.codes) == (outcome, codes)
    if outcome == "refused":
        return
    rows = read(PROJECTS / project)
    assert receipt.rows_in == len(rows) == receipt.rows_accepted + receipt.rows_quarantined
    kept = [name for name in rows[0] if name not in dropped]
    path = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "text.parquet"
    table = pq.read_table(path).drop_columns(["_delivery_id", "_source_file", "_source_row"])
    assert table.to_pylist() == [{name: row[name] for name in kept} for row in rows]


@pytest.mark.parametrize("project", ["clinical-trial-1", "longitudinal"])
def test_a_project_with_identifiers_that_nobody_marked_is_refused_until_the_study_file_drops_them(
    tmp_path: Path, shared_data: Path, project: str
) -> None:
    folder = shared_data / "redcap" / project
    receipt = landed(study_of(tmp_path / "1", folder), folder)
    assert receipt.codes == ("F_PII",)
    names = {
        "clinical-trial-1": ["email"],
        "longitudinal": [
            *("comments", "next_of_kin_contact_name", "next_of_kin_contact_address", "next_of_kin_confirmed"),
        ],
    }[project]  # fmt: skip
    own = ", ".join(f"{name}: {{class: drop}}" for name in names)
    receipt = landed(study_of(tmp_path / "2", folder, own), folder)
    assert (receipt.outcome, receipt.rows_in, receipt.rows_quarantined) == ("accepted", len(read(folder)), 0)


def test_values_that_are_not_as_the_dictionary_says_are_named_by_row_and_column(tmp_path: Path) -> None:
    project = PROJECTS / "potentially-problematic-values"
    study = study_of(tmp_path, project)
    receipt = landed(study, project)
    assert query(study, receipt, "quarantine", "_source_row, column_name, code") == [
        (row, column, code)
        for row in (1, 2)
        for column, code in (("date_before_validation", "Q_DATE"), ("integer_before_validation", "Q_NUMBER"))
    ]


def test_decimal_commas_are_read_beside_decimal_points(tmp_path: Path) -> None:
    project = PROJECTS / "decimal-comma"
    own = "height: {to: vs.HEIGHT, unit: m}, bmi: {to: vs.BMI}"
    for number, form in enumerate(("", "decimal: ','")):
        study = study_of(tmp_path / str(number), project, own, form=form)
        found = query(study, landed(study, project), "rows/vs", "usubjid, vstestcd, vsstresn")
        assert found == sorted(
            (f"SMALL-S01-{row['record_id']}", test, float(row[column].replace(",", ".")))
            for row in read(project)
            for column, test in (("height", "HEIGHT"), ("bmi", "BMI"))
        )


def test_events_are_visits(tmp_path: Path) -> None:
    project = PROJECTS / "arm-single-longitudinal"
    own = """redcap_event_name: {to: visit, codes: {intake_arm_1: BL, dischage_arm_1: D2, follow_up_arm_1: W1}},
             interview_date: {to: date}, weight: {type: number, to: vs.WEIGHT, unit: kg}"""
    study = study_of(tmp_path, project, own)
    found = query(study, landed(study, project), "rows/vs", "usubjid, visit, vsdtc, vsstresn")
    visits = {"intake_arm_1": "BL", "dischage_arm_1": "D2", "follow_up_arm_1": "W1"}
    assert found == sorted(
        (f"SMALL-S01-{row['record_id']}", visits[row["redcap_event_name"]], row["interview_date"], float(row["weight"]))
        for row in read(project)
    )


@pytest.mark.parametrize("project", ["repeating-instruments", "repeating-instruments-sparse"])
def test_a_row_of_a_repeating_instrument_makes_records_of_that_instrument_only(tmp_path: Path, project: str) -> None:
    own = """date_enrolled: {to: dm.rficdtc}, sex: {to: dm.sex, codes: {"0": F, "1": M}}, date_bp: {to: date},
             bp_systolic: {to: vs.SYSBP, unit: mmHg}, bp_diastolic: {to: vs.DIABP, unit: mmHg},
             redcap_repeat_instance: {to: timepoint}"""
    study = study_of(tmp_path, PROJECTS / project, own)
    receipt = landed(study, PROJECTS / project)
    rows = read(PROJECTS / project)
    assert query(study, receipt, "rows/dm", "usubjid, rficdtc, sex") == sorted(
        (f"SMALL-S01-{row['record_id']}", row["date_enrolled"] or None, {"0": "F", "1": "M", "": None}[row["sex"]])
        for row in rows
        if row["redcap_repeat_instrument"] == "" and (row["date_enrolled"] or row["sex"])
    )
    measured = [row for row in rows if row["redcap_repeat_instrument"] == "bp"]
    assert query(study, receipt, "rows/vs", "usubjid, vstestcd, vsdtc, vstpt, vsstresn") == sorted(
        (f"SMALL-S01-{row['record_id']}", test, row["date_bp"], row["redcap_repeat_instance"], float(row[column]))
        for row in measured
        for column, test in (("bp_systolic", "SYSBP"), ("bp_diastolic", "DIABP"))
    )


def test_a_number_of_an_instance_alone_is_no_record(tmp_path: Path) -> None:
    project = PROJECTS / "repeating-instruments"
    study = study_of(tmp_path, project, "redcap_repeat_instance: {to: ae.aeseq}, sex: {to: ae.aesev}")
    receipt = landed(study, project)
    assert query(study, receipt, "rows/ae", "_source_row") == [(1,), (5,)]


def test_data_access_groups_are_sites_and_a_row_without_one_is_set_aside(tmp_path: Path) -> None:
    project = PROJECTS / "dag"
    own = "redcap_data_access_group: {to: site, codes: {daga: S01, dagb: S02}}, demographics_complete: {to: dm.stratum}"
    study = study_of(tmp_path, project, own)
    content = (project / "data.csv").read_text("utf-8")
    first = content.splitlines()[1]
    deliver(study, "HUB", "data_2026-06-01.csv", content + first.replace("331-1,daga", "444-1,") + "\n")
    (receipt,) = land(study).deliveries
    sites = {"daga": "S01", "dagb": "S02"}
    assert query(study, receipt, "rows/dm", "siteid, usubjid, stratum") == sorted(
        (site := sites[row["redcap_data_access_group"]], f"SMALL-{site}-{row['record_id']}", "Incomplete")
        for row in read(project)
    )
    assert query(study, receipt, "quarantine", "_source_row, column_name, code") == [
        (4, "redcap_data_access_group", "Q_KEY")
    ]


def test_an_export_without_the_identifiers_that_are_dropped_anyway_lands(tmp_path: Path) -> None:
    rows = read(PROJECTS / "dag")
    names = [name for name in rows[0] if name not in EXPECTED["dag"][2]]
    text = "\n".join([",".join(names), *(",".join(row[name] for name in names) for row in rows)]) + "\n"
    study = study_of(tmp_path, PROJECTS / "dag")
    deliver(study, "S01", "data_2026-06-01.csv", text)
    assert land(study).deliveries[0].outcome == "accepted"
    deliver(study, "S01", "data_2026-06-02.csv", text.replace("bmi", "bni"))
    refused = land(study).deliveries[1]
    assert (refused.codes, "Missing: bmi. Undeclared: bni." in refused.detail) == (("F_CONTRACT",), True)


def test_a_changed_dictionary_lands_again_and_gives_another_cut(tmp_path: Path) -> None:
    project = PROJECTS / "arm-single-longitudinal"
    study = study_of(tmp_path, project)
    first = landed(study, project)
    before = cut_inputs(study)
    path = tmp_path / "dictionary.csv"
    path.write_text(path.read_text("utf-8").replace("Record ID", "Number of the record"), encoding="utf-8")
    changed = load_study(tmp_path)
    (again,) = land(changed).deliveries
    after = cut_inputs(changed)
    assert (again.new, again.landing_key == first.landing_key, again.rows_in) == (True, False, first.rows_in)
    assert before.cut_id != after.cut_id
    assert before.document["study_file_sha256"] == after.document["study_file_sha256"]
    assert list(before.document["metadata_sha256"]) == list(after.document["metadata_sha256"]) == ["dictionary.csv"]
