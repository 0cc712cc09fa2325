"""Free text is in no table unless the study file releases it, and what stands for it cannot be guessed."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines.core.errors import IntegrityError, StudyFileError
from pipelines.land import DeliveryReceipt, land
from pipelines.land.store import landing_directory
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study


def only(study: Study) -> DeliveryReceipt:
    (receipt,) = land(study).deliveries
    return receipt


AE_LAYOUT = """\
    - file: ae_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        term: {class: free_text, to: ae.aeterm}
        start: {type: date, to: ae.aestdtc}
        told: {class: free_text, to: ce.ceterm}
        outcome: {class: free_text, to: ae.aeout}
    - file: scores_{date}.csv
"""
AE_FILE = "id,term,start,told,outcome\n001,Canary felt dizzy,2026-01-05,x,better\n001,Canary slept,2026-01-05,x,well\n"


@pytest.mark.requirement("PRV-4")
@pytest.mark.parametrize("releasable", [False, True])
def test_free_text_is_in_no_table_unless_it_is_releasable(tmp_path: Path, *, releasable: bool) -> None:
    layout = AE_LAYOUT.replace("free_text, to: ae.aeterm", "free_text, releasable: true, to: ae.aeterm")
    text = STUDY_FILE.replace("    - file: scores_{date}.csv\n", layout if releasable else AE_LAYOUT)
    study = make_study(tmp_path, text)
    deliver(study, "S01", "ae_2026-02-01.csv", AE_FILE)
    receipt = only(study)
    assert (receipt.outcome, receipt.rows_accepted) == ("warned", 2)
    rows = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "rows" / "ae.parquet"
    landed = duckdb.execute(f"select aeterm, aeout from read_parquet('{rows}') order by _source_row").fetchall()
    # Withheld terms of one day stay two events.
    assert len({term for term, _ in landed}) == 2
    assert {outcome for _, outcome in landed} == {None}
    assert all(str(term).startswith("Canary" if releasable else "WITHHELD ") for term, _ in landed)


@pytest.mark.requirement("PRV-4")
def test_what_stands_for_withheld_text_holds_in_every_delivery_and_cannot_be_guessed(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("    - file: scores_{date}.csv\n", AE_LAYOUT)

    def terms(study: Study, *days: str) -> list[str]:
        for day in days:
            deliver(study, "S01", f"ae_{day}.csv", AE_FILE if day == days[0] else AE_FILE + "001,More,2026-02-01,x,y\n")
        found = []
        for receipt in land(study).deliveries:
            rows = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "rows" / "ae.parquet"
            found += duckdb.execute(f"select aeterm from read_parquet('{rows}') order by _source_row").fetchall()
        return [term for (term,) in found]

    first, second, *later = terms(make_study(tmp_path / "a", text), "2026-02-01", "2026-03-01")
    assert later[:2] == [first, second]
    assert re.fullmatch(r"WITHHELD [0-9a-f]{16}", first)
    # Another study's key gives other digits: whoever knows the text, the subject and the code cannot make them.
    assert not {first, second} & {*terms(make_study(tmp_path / "b", text), "2026-02-01")}


@pytest.mark.requirement("PRV-3")
def test_a_key_made_for_withheld_text_does_not_let_a_study_change_to_pseudonyms_midway(tmp_path: Path) -> None:
    text = STUDY_FILE.replace("    - file: scores_{date}.csv\n", AE_LAYOUT)
    study = make_study(tmp_path, text)
    deliver(study, "S01", "ae_2026-02-01.csv", AE_FILE)
    land(study)
    study = make_study(tmp_path, text.replace("signoff: none", "signoff: none\npseudonyms: vault"))
    with pytest.raises(IntegrityError, match=r"H_KEY.*clear ids"):
        land(study)


SDTM_AE = STUDY_FILE.replace("{type: xpt}, sdtm: qs}", "{type: delimited}, sdtm: aeOPTION}").replace("qs_", "ae_")
SDTM_AE = SDTM_AE.replace(".xpt", ".csv")
VERBATIM_AE = "STUDYID,DOMAIN,USUBJID,AESEQ,AETERM,AEDECOD,AESTDTC\nX,AE,X-1,1,Canary was unwell,Malaise,2026-01-05\n"


@pytest.mark.requirement("PRV-4")
@pytest.mark.parametrize(("option", "shown"), [("", "WITHHELD"), (", releasable: [aeterm]", "Canary was unwell")])
def test_verbatim_terms_of_an_sdtm_file_are_withheld_unless_named_and_decoded_ones_stay(
    tmp_path: Path, option: str, shown: str
) -> None:
    study = make_study(tmp_path, SDTM_AE.replace("OPTION", option))
    deliver(study, "S03", "ae_2026-02-01.csv", VERBATIM_AE)
    receipt = only(study)
    rows = landing_directory(study.folder, receipt.sha256, receipt.landing_key) / "rows" / "ae.parquet"
    ((term, decoded),) = duckdb.execute(f"select aeterm, aedecod from read_parquet('{rows}')").fetchall()
    assert (term.startswith(shown), decoded) == (True, "Malaise")
    # No key is made where nothing is made with it.
    assert study.folder.pseudonym_key.exists() == (not option)


def test_only_verbatim_variables_are_made_releasable(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"'aedecod' is not withheld\. Withheld are: aeterm"):
        make_study(tmp_path, SDTM_AE.replace("OPTION", ", releasable: [aedecod]"))
    with pytest.raises(StudyFileError, match="Write `releasable: true` at the column"):
        make_study(tmp_path, STUDY_FILE.replace("      columns:\n", "      releasable: [aeterm]\n      columns:\n", 1))
