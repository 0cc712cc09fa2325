"""A broken code is an input of the cuts after it: they say of whom and when, never which arm, in both lineages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.audit import review
from pipelines.build import build
from pipelines.code_break import code_break
from pipelines.core.errors import IntegrityError, UsageError
from pipelines.cut import Cut, cut_inputs
from pipelines.ledger import events
from pipelines.run import run
from pipelines.study import Study, load_study
from pipelines.trace import trace
from pipelines.verify import verify
from tests.blinded_trial import BLINDED, make_blinded, unblind_by_two
from tests.small_signers import ADMIN_ID, add_signers, key_of

SUBJECT = "SMALL-S01-001"
# Dosed on 5 January; responds on the 6th and at W1 on the 12th.
BROKEN_AT = "2026-01-10T09:30:00.000Z"
AS_FAILURE = BLINDED.replace("events: [LACK OF EFFICACY]", "events: [LACK OF EFFICACY, TREATMENT UNBLINDED]")
FLAGS = "treatment_unblinded_fl, treatment_unblinded_date, treatment_unblinded_reason"


@pytest.fixture
def january(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers signers on the first of January, and has them sign on the tenth."""
    monkeypatch.setattr("pipelines.signers.changing.utc_now", lambda _: "2026-01-01T00:00:00.000Z")
    monkeypatch.setattr("pipelines.signers.statements.utc_now", lambda _: BROKEN_AT)


def broken(root: Path, text: str = BLINDED, *, reason_class: str | None = "safety reporting") -> Study:
    study = make_blinded(root, text)
    add_signers(study, ada="unblinded_statistician")
    code_break(study, usubjid=SUBJECT, reason="a serious event", key=key_of("ada"), reason_class=reason_class)
    return study


def rows(cut: Cut, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(cut.duckdb), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.requirement("BLD-4")
@pytest.mark.slow
@pytest.mark.usefixtures("january")
def test_both_lineages_say_of_whom_and_when_and_the_report_how_often(tmp_path: Path) -> None:
    study = broken(tmp_path / "small")
    blinded = Cut(study.folder, run(study).cut_id)
    unblind_by_two(study)
    opened = Cut(study.folder, run(study, blinded=False).cut_id)
    for cut in (blinded, opened):
        assert cut.inputs["code_breaks"] == [
            {"usubjid": SUBJECT, "date": "2026-01-10", "reason_class": "safety reporting"}
        ]
        assert rows(cut, f"select usubjid, {FLAGS} from adsl where treatment_unblinded_fl = 'Y'") == [
            (SUBJECT, "Y", date(2026, 1, 10), "safety reporting")
        ]
        told = json.loads((cut.report / "statistics.json").read_bytes())["blinding_treatments_unblinded"]
        assert told == [{"reason": "safety reporting", "subjects": 1, "dosed": 1}]
        pages = "".join(page.read_text() for page in cut.report.glob("*.html"))
        assert "The treatment of 1 subject became known while the study was blinded." in pages
    assert {arm for (arm,) in rows(blinded, "select trta from adsl")} == {"BLINDED", None}
    assert review(study).code_breaks == (("safety reporting", 1, 1),)
    assert sorted(verify(study).cuts) == sorted([blinded.cut_id, opened.cut_id])


@pytest.mark.requirement("BLD-4")
@pytest.mark.slow
@pytest.mark.usefixtures("january")
def test_an_estimand_takes_it_as_an_event_where_it_names_it_and_not_otherwise(tmp_path: Path) -> None:
    query = (
        "select avisit, crit1fl from response where usubjid = '{}' and estimand = 'failure' and avisit in ('D2', 'W1')"
    )
    judged: list[list[tuple[object, ...]]] = []
    for name, text in (("named", AS_FAILURE), ("not", BLINDED)):
        study = broken(tmp_path / name / "small", text)
        cut = Cut(study.folder, build(study).cut_id)
        found = rows(cut, f"{query.format(SUBJECT)} and missing_rule = 'observed' order by avisitn")
        judged.append(found)
        chains = trace(
            study,
            "response",
            usubjid=SUBJECT,
            filters={"avisit": "W1", "estimand": "failure"},
            cut=cut.cut_id,
        )
        assert ("2026-01-10" in repr(chains)) is (name == "named")
    assert judged == [[("D2", "Y"), ("W1", "N")], [("D2", "Y"), ("W1", "Y")]]


@pytest.mark.requirement("BLD-4")
@pytest.mark.usefixtures("january")
def test_the_same_breaks_give_the_same_cut_and_those_after_its_day_or_the_lock_do_not_count(tmp_path: Path) -> None:
    study = make_blinded(tmp_path / "small")
    add_signers(study, ada=("unblinded_statistician", "data_manager"))
    before = cut_inputs(study)
    for reason in ("a serious event", "asked for once more"):
        code_break(study, usubjid=SUBJECT, reason=reason, key=key_of("ada"), reason_class="other")
        first = cut_inputs(study)
    # The second one says nothing that the first did not: neither words nor signatures are of the cut.
    known = [{"usubjid": SUBJECT, "date": "2026-01-10", "reason_class": "other"}]
    assert (before.document["code_breaks"], first.document["code_breaks"]) == ([], known)
    assert before.cut_id != first.cut_id
    for day, found in ((date(2026, 1, 9), []), (date(2026, 1, 10), known)):
        assert cut_inputs(study, data_cutoff=day).document["code_breaks"] == found


@pytest.mark.requirement("BLD-4")
def test_a_code_that_is_broken_after_a_lock_changes_no_locked_table(tmp_path: Path) -> None:
    from pipelines.lock import lock, unlock

    study = make_blinded(tmp_path / "small")
    add_signers(study, ada=("unblinded_statistician", "data_manager"))
    lock(study, reason="clean", key=key_of("ada"))
    before = cut_inputs(study).cut_id
    code_break(study, usubjid=SUBJECT, reason="a serious event", key=key_of("ada"))
    assert cut_inputs(study).cut_id == before
    unlock(study, reason="corrections", key=key_of("ada"))
    (told,) = cut_inputs(study).document["code_breaks"]
    assert told["reason_class"] == "not classified"


@pytest.mark.requirement("AUD-3")
def test_a_record_that_was_taken_away_or_changed_stops_the_next_cut(tmp_path: Path) -> None:
    study = broken(tmp_path / "small")
    (path,) = study.folder.code_breaks.glob("*.json")
    content = path.read_bytes()
    for spoilt in (content.replace(b"S01-001", b"S01-002"), content[:-40], b"[]"):
        path.write_bytes(spoilt)
        with pytest.raises(IntegrityError):
            cut_inputs(study)
    path.unlink()
    with pytest.raises(IntegrityError, match="the audit trail names it"):
        cut_inputs(study)
    # Somebody's emergency does not wait for that.
    code_break(study, usubjid=SUBJECT, reason="coma", key=key_of("ada"))


@pytest.mark.requirement("BLD-4")
def test_nothing_is_recorded_of_who_has_no_arm_or_for_a_class_that_is_none(tmp_path: Path) -> None:
    study = make_blinded(tmp_path / "small")
    add_signers(study)
    with pytest.raises(UsageError, match="no arm of this subject"):
        code_break(study, usubjid="SMALL-S01-005", reason="coma", key=key_of(ADMIN_ID))
    with pytest.raises(UsageError, match="is no class of reasons"):
        code_break(study, usubjid=SUBJECT, reason="coma", key=key_of(ADMIN_ID), reason_class="curiosity")
    assert not [each for each in events(study.folder) if each.action == "code_break"]
    assert not list(study.folder.code_breaks.glob("*"))


@pytest.mark.requirement("FLT-5")
def test_a_break_that_was_broken_off_before_its_arm_was_told_is_no_input_of_a_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        msg = "stopped"
        raise IntegrityError(msg)

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.code_break.record", stopped)
        with pytest.raises(IntegrityError, match="stopped"):
            broken(tmp_path / "small")
    study = load_study(tmp_path / "small")
    assert len(list(study.folder.code_breaks.iterdir())) == 1
    assert cut_inputs(study, blinded=True).document["code_breaks"] == []
    code_break(study, usubjid=SUBJECT, reason="a serious event", key=key_of("ada"))
    (told,) = cut_inputs(study, blinded=True).document["code_breaks"]
    assert (told["usubjid"], told["reason_class"]) == (SUBJECT, "not classified")
