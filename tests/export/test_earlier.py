"""What two exports would tell together: the second is refused, with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.cut import Cut
from pipelines.export import PROFILES
from pipelines.export.earlier import check_earlier, keep_export
from pipelines.study import Study
from tests.small_study import make_study

CMS, OPENSAFELY, NONE = PROFILES["cms"], PROFILES["opensafely"], PROFILES["none"]
# Arm and answer of each subject.
Subjects = dict[str, tuple[str, str]]
FORTY: Subjects = {f"{arm}{number:02d}": (arm, "Y" if number % 2 else "N") for arm in "AB" for number in range(20)}


def cut_of(study: Study, name: str, subjects: Subjects, *, blinded: bool = False) -> Cut:
    """Writes a cut's tables, as far as they are counted."""
    cut = Cut(study.folder, name * 64)
    cut.tables.mkdir(parents=True)
    cut.inputs_file.write_text(json.dumps({"blinded": blinded}))
    rows = ", ".join(f"('{who}', '{'BLINDED' if blinded else arm}', '{yes}')" for who, (arm, yes) in subjects.items())
    judged = (
        "'primary' as endpoint, 'MADRS' as paramcd, 'e' as estimand, 'observed' as missing_rule, 1 as aperiod, "
        "'W1' as avisit, trta, usubjid, yes as crit1fl"
    )
    queries = {
        "adsl": "usubjid, trta, 'ONGOING' as eosstt, 'F' as sex, 40 as age",
        "response": judged,
        "remission": judged,
        "adae": "usubjid, 'Headache' as aedecod, 'Y' as trtemfl",
    }
    with duckdb.connect() as connection:
        for table, columns in queries.items():
            connection.execute(
                f"copy (select {columns} from (values {rows}) as t (usubjid, trta, yes)) "
                f"to '{cut.tables / table}.parquet' (format parquet)"
            )
    return cut


def turned(number: int, arms: str = "A") -> Subjects:
    """Returns the forty with the answers of so many of each of these arms turned round."""
    of = [who for arm in arms for who in [each for each, (one, _) in FORTY.items() if one == arm][:number]]
    return FORTY | {who: (FORTY[who][0], "N" if FORTY[who][1] == "Y" else "Y") for who in of}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = make_study(tmp_path / "small")
    keep_export(made, cut_of(made, "a", FORTY), CMS)
    return made


@pytest.mark.requirement("PRV-5")
def test_a_cut_that_few_subjects_tell_from_one_that_was_shared_is_refused(study: Study) -> None:
    check_earlier(study, Cut(study.folder, "a" * 64), CMS)
    # The answers of ten are a small count, those of eleven none.
    check_earlier(study, cut_of(study, "b", turned(11)), CMS)
    check_earlier(study, cut_of(study, "c", dict(FORTY)), CMS)
    new: Subjects = {f"A9{number}": ("A", "Y") for number in range(2)}
    for name, subjects in {"d": turned(10), "e": turned(1), "f": FORTY | new}.items():
        with pytest.raises(NotAllowedError, match="differs from it by few subjects"):
            check_earlier(study, cut_of(study, name, subjects), CMS)
    check_earlier(study, Cut(study.folder, "e" * 64), NONE)


@pytest.mark.requirement("PRV-5")
def test_few_subjects_of_one_arm_are_few_where_arms_are_shown(study: Study) -> None:
    few_of_b = turned(12) | {who: turned(3, "B")[who] for who in FORTY if who.startswith("B")}
    with pytest.raises(NotAllowedError, match="in all or in an arm"):
        check_earlier(study, cut_of(study, "b", few_of_b), CMS)
    # A blinded cut has one arm for all: with an open one it shares the totals alone.
    check_earlier(study, cut_of(study, "c", few_of_b, blinded=True), CMS)
    with pytest.raises(NotAllowedError):
        check_earlier(study, cut_of(study, "d", turned(3, "B"), blinded=True), CMS)


@pytest.mark.requirement("PRV-5")
def test_one_profile_holds_for_all_exports_and_a_shared_cut_that_is_gone_refuses_the_next(study: Study) -> None:
    shared = Cut(study.folder, "a" * 64)
    with pytest.raises(NotAllowedError, match="was shared under the profile cms"):
        check_earlier(study, shared, OPENSAFELY)
    keep_export(study, shared, CMS)
    kept = sorted((study.folder.vault / "exports").glob("*"))
    assert [path.name for path in kept] == ["0001.json"]
    later = cut_of(study, "b", turned(12))
    shared.tables.rename(shared.directory / "gone")
    with pytest.raises(NotAllowedError, match="is gone"):
        check_earlier(study, later, CMS)
    kept[0].write_text("[]")
    with pytest.raises(IntegrityError, match="cannot be read"):
        check_earlier(study, later, CMS)
