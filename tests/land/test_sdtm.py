"""What is SDTM already: which variables may come, what tells two records apart, what of it the vault alone holds."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines.core.errors import StudyFileError
from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory, treatment_directory
from pipelines.study import Study
from pipelines.study.domains import DOMAINS, domain_of_dataset
from tests.small_study import STUDY_FILE, deliver, make_study

STAGING = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "staging"
SDTM = (
    STUDY_FILE.replace('    - {file: "qs_{date}.xpt", format: {type: xpt}, sdtm: qs}\n', "    - {ENTRY}\n")
    .replace("quarantine_limit_pct: 60", "quarantine_limit_pct: 100")
    .replace("biomarkers:\n", "vital_signs:\n  WEIGHT: {label: Weight, unit: kg}\nbiomarkers:\n")
)
ENTRY = 'file: "{domain}.csv", sdtm: [DATASET]'
WEIGHT = "USUBJID,VSSEQ,VSTESTCD,VSSTRESN,VSSTRESU,VISITNUM,VSDTC"


def landed(root: Path, dataset: str, *rows: str, blinding: str = "open") -> tuple[Study, DeliveryReceipt]:
    """Lands one data set, as a CSV of these lines, in the study at `root`."""
    text = SDTM.replace("ENTRY", ENTRY.replace("DATASET", dataset)).replace("blinding: open", f"blinding: {blinding}")
    study = make_study(root, text)
    deliver(study, "S03", f"{dataset}.csv", "\n".join([*rows, ""]))
    (receipt,) = land(study).deliveries
    return study, receipt


def rows_of(study: Study, receipt: DeliveryReceipt, domain: str) -> pd.DataFrame:
    directory = landing_directory(study.folder, receipt.sha256, receipt.landing_key)
    return pd.read_parquet(directory / "rows" / f"{domain}.parquet")


@pytest.mark.parametrize(
    ("added", "first", "second"),
    [
        (f"VS{name}", "1", "2")
        for name in (
            *("REPNUM", "TPTNUM", "GRPID", "SPID", "REFID", "LOC", "LAT", "DIR", "METHOD", "POS", "EVAL", "EVALID"),
            *("CAT", "SCAT", "TPT"),
        )
    ],
)
def test_what_sdtm_tells_results_apart_by_makes_no_duplicates(
    tmp_path: Path, added: str, first: str, second: str
) -> None:
    lines = [f"S-1,1,WEIGHT,{value},kg,0,2026-01-05,{mark}" for value, mark in ((70, first), (71, second))]
    study, receipt = landed(tmp_path, "vs", f"{WEIGHT},{added}", *lines)
    assert (receipt.codes, receipt.rows_accepted) == ((), 2)
    assert list(rows_of(study, receipt, "vs")[added.lower()].astype(str).str[0]) == [first, second]


def test_a_number_alone_tells_two_results_apart_and_equal_numbers_do_not(tmp_path: Path) -> None:
    apart = [f"S-1,{number},WEIGHT,{70 + number},kg,0,2026-01-05" for number in (1, 2)]
    _, receipt = landed(tmp_path / "apart", "vs", WEIGHT, *apart)
    assert (receipt.codes, receipt.rows_accepted) == ((), 2)
    twice = [f"S-1,1,WEIGHT,{value},kg,0,2026-01-05" for value in (70, 71)]
    _, receipt = landed(tmp_path / "twice", "vs", WEIGHT, *twice)
    assert (receipt.codes, receipt.rows_quarantined) == (("Q_DUP",), 2)


SCORE = "USUBJID,QSSEQ,QSTESTCD,QSSTRESN,VISITNUM,QSDTC,QSEVAL"


def test_an_item_told_apart_by_its_number_alone_would_add_up_twice(tmp_path: Path) -> None:
    rows = [f"S-1,{number},MADRS01,{number},0,2026-01-05,RATER" for number in (1, 2)]
    _, receipt = landed(tmp_path / "one", "qs", SCORE, *rows)
    assert (receipt.codes, receipt.rows_quarantined) == (("Q_DUP",), 2)
    rows = [f"S-1,{number},MADRS01,{number},0,2026-01-05,{rater}" for number, rater in ((1, "SITE"), (2, "CENTRAL"))]
    _, receipt = landed(tmp_path / "two", "qs", SCORE, *rows)
    assert (receipt.codes, receipt.rows_accepted) == ((), 2)


@pytest.mark.parametrize(("unit", "codes"), [("kg", ()), ("", ()), ("LB", ("Q_UNIT",)), ("g", ("Q_UNIT",))])
def test_a_weight_in_another_unit_than_the_studys_is_set_aside(
    tmp_path: Path, unit: str, codes: tuple[str, ...]
) -> None:
    _, receipt = landed(tmp_path, "vs", WEIGHT, f"S-1,1,WEIGHT,154,{unit},0,2026-01-05", "S-2,1,WEIGHT,70,kg,0,")
    assert (receipt.codes, receipt.rows_quarantined) == (codes, len(codes))


def test_the_trials_design_names_its_arms_and_no_subject(tmp_path: Path) -> None:
    rows = ["STUDYID,DOMAIN,ARMCD,ARM,TAETORD,ETCD,ELEMENT", "SMALL,TA,KET,Ketamine,1,SCRN,Screen"]
    study, receipt = landed(tmp_path, "ta", *rows, blinding="blinded")
    assert receipt.outcome == "accepted"
    assert list(rows_of(study, receipt, "ta")["arm"]) == ["Ketamine"]


def test_a_subject_beside_the_design_is_held(tmp_path: Path) -> None:
    _, receipt = landed(tmp_path, "ta", "USUBJID,ARMCD,TAETORD", "S-1,KET,1", blinding="blinded")
    assert receipt.codes == ("H_UNBLIND",)


@pytest.mark.parametrize(("name", "value"), [("ARMTXT", "Ketamine"), ("TRTGRP", "1")])
def test_a_supplemental_qualifier_that_tells_the_arm_is_held(tmp_path: Path, name: str, value: str) -> None:
    header = "USUBJID,RDOMAIN,IDVAR,IDVARVAL,QNAM,QVAL"
    rows = ["S-1,DM,,,SAFETY,Y", "S-1,DM,,,HEIGHT,180", f"S-1,DM,,,{name},{value}"]
    _, receipt = landed(tmp_path, "suppdm", header, *rows, blinding="blinded")
    assert receipt.codes == ("H_UNBLIND",)


def test_records_may_be_related_without_a_subject(tmp_path: Path) -> None:
    header = "STUDYID,RDOMAIN,USUBJID,IDVAR,IDVARVAL,RELTYPE,RELID"
    _, receipt = landed(tmp_path, "relrec", header, "S,AE,S-1,AESEQ,1,,R1", "S,CM,,CMSPID,,MANY,R2")
    assert (receipt.codes, receipt.rows_accepted) == ((), 2)


@pytest.mark.parametrize(
    ("dataset", "header", "row"),
    [
        ("se", "USUBJID,SESEQ,ETCD,SESTDTC", "S-1,1,KETARM,2026-01-05"),
        ("pc", "USUBJID,PCSEQ,PCTESTCD,PCSTRESN,PCDTC", "S-1,1,KETARM,12.5,2026-01-05"),
        ("suppec", "USUBJID,RDOMAIN,IDVAR,IDVARVAL,QNAM,QVAL", "S-1,EC,ECSEQ,1,BATCH,KETARM"),
        ("ec", "USUBJID,ECSEQ,ECTRT,ECLOT,SPDEVID,ECSTDTC", "S-1,1,KETARM,KETARM,KETARM,2026-01-05"),
        ("vs", f"{WEIGHT},SPDEVID", "S-1,1,WEIGHT,70,kg,0,2026-01-05,KETARM"),
    ],
)
def test_what_tells_an_arm_is_in_the_vault_only(tmp_path: Path, dataset: str, header: str, row: str) -> None:
    study, receipt = landed(tmp_path, dataset, header, row, blinding="blinded")
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted", 1)
    kept = treatment_directory(study.folder, receipt.sha256, receipt.landing_key)
    assert "KETARM" in pd.read_parquet(kept / "text.parquet").to_csv()
    for path in study.folder.deliveries.rglob("*"):
        if path.suffix == ".parquet":
            assert "KETARM" not in pd.read_parquet(path).to_csv(), path
        elif path.is_file():
            assert b"KETARM" not in path.read_bytes(), path
    domain = DOMAINS[domain_of_dataset(dataset) or ""]
    if domain.in_vault:
        text = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "text.parquet"
        assert list(pd.read_parquet(text)) == ["_delivery_id", "_source_file", "_source_row"]


def test_a_variable_that_is_not_sdtms_refuses_the_file(tmp_path: Path) -> None:
    _, receipt = landed(tmp_path, "cm", "USUBJID,CMTRT,CMFAVOURITE", "S-1,ASPIRIN,1")
    assert receipt.codes == ("F_CONTRACT",)


@pytest.mark.parametrize(
    ("dataset", "domain"),
    [
        *[("qsda", "qs"), ("FAEH", "fa"), ("suppae", "suppqual"), ("suppqsda", "suppqual"), ("suppex", "suppex")],
        *[("xx", None), ("suppxx", None), ("aetoolong", None)],
    ],
)
def test_a_data_set_is_part_of_its_domain(dataset: str, domain: str | None) -> None:
    assert domain_of_dataset(dataset) == domain


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('file: "{domain}.xpt", sdtm: [ae, nonsense]', r"sdtm: 'nonsense' is no SDTM data set"),
        ("file: all.xpt, sdtm: [ae, dm]", r"file: stands for several data sets\. Write `\{domain\}`"),
        ('file: "{domain}.xpt", sdtm: [ae, AE]', "a data set stands twice"),
        ('file: "{domain}.csv", columns: {id: {class: pseudonym, to: subject}}', "it lists none"),
    ],
)
def test_a_wrong_list_of_data_sets_is_told_with_its_line(tmp_path: Path, entry: str, said: str) -> None:
    text = SDTM.replace("ENTRY", entry)
    line = 1 + text[: text.index(entry)].count("\n")
    with pytest.raises(StudyFileError, match=said) as raised:
        make_study(tmp_path, text)
    assert f"study.yml:{line}:" in str(raised.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('file: "{domain}.xpt", sdtm: [dm, ae]', "no layout has the data set suppdm"),
        ('file: "{domain}.xpt", sdtm: [dm, suppdm]', r"Write `releasable: \[qval\]`"),
        ('file: "{domain}.xpt", sdtm: [dm, suppdm], releasable: [qval]', None),
    ],
)
def test_a_population_is_told_by_a_qualifier_that_is_delivered_and_may_be_shown(
    tmp_path: Path, entry: str, said: str | None
) -> None:
    told = "population: {analysed: \"suppdm.efficacy = 'Y'\"}\nvisits:\n"
    text = SDTM.replace("ENTRY", entry).replace("visits:\n", told)
    if said is None:
        assert make_study(tmp_path, text).population.analysed == "suppdm.efficacy = 'Y'"
        return
    with pytest.raises(StudyFileError, match=said):
        make_study(tmp_path, text)


def test_restatements_are_resolved_by_the_key_that_landing_tells_records_by() -> None:
    # Scores are resolved where their items are added up, and of a subject there is one record.
    found = {}
    for path in sorted(STAGING.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        source = re.search(r"source\('landed', '(\w+)'\)", text)
        parts = re.search(r"rank\(\) over \(\s*partition by([^)]*?)order by", text)
        if source and parts and "row_number" not in text:
            found[source.group(1)] = {name.strip() for name in parts.group(1).split(",")}
    assert found == {
        name: {"usubjid", *DOMAINS[name].key} for name in ("ae", "ce", "ds", "ex", "lb", "pr", "vs", "suppqual")
    }


def test_every_key_is_of_variables_that_the_domain_has() -> None:
    for domain in DOMAINS.values():
        names = [variable.name for variable in domain.variables]
        assert len(set(names)) == len(names)
        assert {*domain.key, domain.date or domain.variables[0].name} <= set(names), domain.name
        # Names are columns in SQL as they stand.
        duckdb.sql(f"select {', '.join(f'null as {name}' for name in names)}")
