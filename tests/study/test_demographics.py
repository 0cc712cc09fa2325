"""Without demographics in any file there is nobody to make tables of, and that is said before they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.build import build
from pipelines.core.errors import StudyFileError
from pipelines.land import land
from pipelines.study.demographics import require_demographics
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

WITHOUT = STUDY_FILE.replace(", to: dm.age}", "}").replace("{type: date, to: dm.rficdtc}", "{type: date}")


def test_scores_alone_land_and_make_no_tables(tmp_path: Path) -> None:
    study = make_study(tmp_path, WITHOUT)
    deliver(study, "S01", "scores_2026-03-01.csv", scores_file(scores_row("001")))
    assert not land(study).refused
    with pytest.raises(
        StudyFileError, match=r"study\.yml: layouts: no file has demographics.*`to: dm\.age`"
    ) as failure:
        build(study)
    assert failure.value.exit_code == 11
    assert not any(study.folder.cuts.glob("*"))


@pytest.mark.parametrize(
    "text",
    [
        STUDY_FILE,
        # A vendor's file may bring the subjects of all sites, a constant is enough, and so is SDTM.
        WITHOUT.replace("arm: {class: treatment", "sex: {class: quasi, to: dm.sex}\n        arm: {class: treatment"),
        WITHOUT.replace("{ds.dsdecod: RANDOMIZED}", "{ds.dsdecod: RANDOMIZED, dm.country: USA}"),
        WITHOUT.replace(
            '"qs_{date}.xpt", format: {type: xpt}, sdtm: qs', '"{domain}.xpt", format: {type: xpt}, sdtm: [qs, dm]'
        ),
    ],
)
def test_one_file_that_brings_them_is_enough(tmp_path: Path, text: str) -> None:
    study = make_study(tmp_path, text)
    require_demographics(study)
