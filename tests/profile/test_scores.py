"""Scores of rating scales are found by the names and labels of their columns: items, totals, one column a visit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.profile import Proposal, profile
from pipelines.profile.columns import propose
from pipelines.profile.sample import Description
from pipelines.profile.values import Values


def proposed(folder: Path, header: str, *rows: str) -> Proposal:
    """Returns the proposal for a CSV with these lines."""
    path = folder / "x.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (proposal,) = profile(path)
    return proposal


def test_one_column_a_visit_names_the_visit(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,bdi.pre,bdi.2m,bdi.8m", "1,30,20,10", "2,29,,").columns
    assert columns["bdi.pre"] == {"type": "integer", "to": "qs.BDI2.total", "visit": "BASELINE"}
    assert columns["bdi.2m"]["visit"] == "M2"
    assert columns["bdi.8m"]["visit"] == "M8"


def test_items_of_each_visit_fold_into_one_line(tmp_path: Path) -> None:
    names = [f"HAMD{visit}.{item}" for visit in (1, 2, 3) for item in range(1, 18)]
    columns = proposed(tmp_path, ",".join(["id", *names]), "1" + ",1" * len(names), "2" + ",0" * len(names)).columns
    assert columns["HAMD2.{1..17}"] == {"type": "integer", "to": "qs.HAMD17.{01..17}", "visit": "V2"}
    assert list(columns) == ["id", "HAMD1.{1..17}", "HAMD2.{1..17}", "HAMD3.{1..17}"]


def test_the_sixteen_of_a_scales_name_is_told_from_its_last_item(tmp_path: Path) -> None:
    names = [*(f"qids_sr_{item:02d}" for item in range(1, 17)), "qids_sr16_total", "qids_16_total", "adas_cog_11_tot"]
    columns = proposed(tmp_path, ",".join(["id", *names]), "1" + ",1" * len(names), "2" + ",0" * len(names)).columns
    assert columns["qids_sr_{01..16}"]["to"] == "qs.QIDS16.{01..16}"
    assert columns["qids_sr16_total"]["to"] == columns["qids_16_total"]["to"] == "qs.QIDS16.total"
    assert columns["adas_cog_11_tot"]["to"] == "qs.ADAS11.total"


def test_numbers_beyond_what_an_item_may_be_are_visits(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,madrs1,madrs2", "1,30,20", "2,28,12").columns
    assert columns["madrs2"] == {"type": "integer", "to": "qs.MADRS.total", "visit": "V2"}


def test_bdi2_is_the_second_edition_unless_a_bdi1_stands_beside_it(tmp_path: Path) -> None:
    alone = proposed(tmp_path, "id,bdi2_total,x", "1,30,1", "2,29,1").columns
    assert alone["bdi2_total"] == {"type": "integer", "to": "qs.BDI2.total"}
    beside = proposed(tmp_path, "id,bdi1_total,bdi2_total", "1,30,1", "2,29,1").columns
    assert beside["bdi2_total"] == {"type": "integer", "to": "qs.BDI2.total", "visit": "V2"}


def test_another_scale_and_a_change_are_no_totals(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,HAMATOTL,madrs_change,madrs", "1,1,1,1", "2,2,2,2").columns
    assert columns["HAMATOTL"] == columns["madrs_change"] == {"type": "integer"}


def test_a_baseline_beside_the_one_total_is_the_baseline_of_it(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,visit,BASVAL,HAMDTL17", "1,4,30,20", "1,5,30,10", "2,4,28,20").columns
    assert columns["BASVAL"] == {"type": "integer", "to": "qs.HAMD17.total", "visit": "BASELINE"}


def test_a_repeated_nine_outside_the_scale_is_a_missing_code(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,madrs", "1,30", "2,999").columns
    assert columns["madrs"] == {"type": "integer", "to": "qs.MADRS.total", "missing": ["999"]}


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (["30", "n/a"], ["n/a"]),
        (["30", "."], ["."]),
        (["30", "20", "-99"], ["-99"]),
        (["30", "#NULL!"], ["#NULL!"]),
        (["Norway", "NA"], None),
        (["-3", "2", "-9"], None),
    ],
)
def test_missing_codes_are_told_from_values(tmp_path: Path, cells: list[str], missing: list[str] | None) -> None:
    form = proposed(tmp_path, "id,x", *(f"{number},{cell}" for number, cell in enumerate(cells))).entry["format"]
    assert form.get("missing") == missing


@pytest.mark.parametrize(
    ("days", "settings", "said"),
    [
        (["13/01/2026", "02/01/2026"], {"date_order": "dmy"}, False),
        (["01/13/2026", "01/02/2026"], {"date_order": "mdy"}, False),
        (["03/04/2026", "02/01/2026"], {"date_order": "dmy"}, True),
    ],
)
def test_the_order_of_day_and_month_is_told_or_asked_for(
    tmp_path: Path, days: list[str], settings: dict[str, Any], said: bool
) -> None:
    proposal = proposed(tmp_path, "id,seen_on", *(f"{number},{day}" for number, day in enumerate(days)))
    assert proposal.columns["seen_on"] == {"type": "date", "to": "date"} | settings
    assert any("order of day and month" in remark for remark in proposal.look_at) is said


def test_an_identifier_is_dropped_by_its_values_too(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, "id,contact", "1,a.b@example.org", "2,c.d@example.org")
    assert proposal.columns["contact"] == {"class": "drop"}
    assert "example" not in proposal.yaml() + " ".join(proposal.look_at)


def test_an_arm_is_known_by_its_codes(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,grp,answer", "1,Placebo,no", "2,Ketamine,yes", "3,Placebo,no").columns
    assert columns["grp"] == {"class": "treatment", "codes": ["Ketamine", "Placebo"], "to": "dm.arm"}
    assert columns["answer"] == {"codes": ["no", "yes"]}


def test_value_labels_of_a_catalogue_become_codes() -> None:
    described = Description(label="Sex", format="SEXF", codes={"1": "F", "2": "M"})
    settings = propose("SEX", Values(counts={"1": 3, "2": 4}), described, None).settings
    assert settings == {"codes": {"1": "F", "2": "M"}, "class": "quasi", "to": "dm.sex"}


def test_the_better_named_column_fills_a_target(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, "id,subject_id,age", "1,S-1,30", "2,S-2,31")
    assert proposal.columns["subject_id"]["to"] == "subject"
    assert proposal.columns["id"] == {"class": "pseudonym"}
    assert any("id: looks like 'subject' too" in remark for remark in proposal.look_at)


def test_a_whole_name_of_the_subject_that_is_often_empty_is_not_the_key(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "SubjectKey,USUBJID,x", "1,ST-1,1", "1,,2", "2,ST-2,3").columns
    assert columns["SubjectKey"] == {"class": "pseudonym", "to": "subject"}
    assert columns["USUBJID"] == {"class": "pseudonym"}


def test_what_was_done_with_the_drug_is_no_arm(tmp_path: Path) -> None:
    columns = proposed(tmp_path, "id,AEACN", "1,DRUG WITHDRAWN", "2,DOSE NOT CHANGED", "3,DRUG WITHDRAWN").columns
    assert columns["AEACN"] == {"codes": ["DOSE NOT CHANGED", "DRUG WITHDRAWN"]}
