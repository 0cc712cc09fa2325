"""A signed statement says who, what and when, and holds for what it is bound to and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.errors import IntegrityError, NotAllowedError
from pipelines.signers import (
    add_signer,
    changing,
    check_statement,
    end_of_day,
    revoke_signer,
    signed_statement,
    statements,
)
from pipelines.study import Study
from tests.small_cut import small_study
from tests.small_signers import ADMIN_ID, add_signers, key_of, signer_of

BOUND = {"cut_id": "c" * 64, "manifest_sha256": "d" * 64}


@pytest.fixture
def study(tmp_path: Path, clock: Any) -> Study:
    made = small_study(tmp_path)
    add_signers(made, ada=("approver", "author"), airflow="service")
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Clock:
        day = "2026-03-01"

        def __call__(self) -> str:
            return f"{self.day}T12:00:00.000Z"

    clock = Clock()
    monkeypatch.setattr(changing, "utc_now", lambda _: clock())
    monkeypatch.setattr(statements, "utc_now", lambda _: clock())
    return clock


def signed(study: Study, key: str = "ada", signer: str = "", role: str = "approver") -> dict[str, Any]:
    return signed_statement(study, BOUND, meaning="approve", role=role, key=key_of(key), signer=signer)


@pytest.mark.requirement("SIG-1")
def test_a_statement_holds_printed_name_role_meaning_and_utc_time(study: Study) -> None:
    made = signed(study)
    assert (made["name"], made["role"], made["meaning"]) == ("ADA", "approver", "approve")
    assert made["signed_at"] == "2026-03-01T12:00:00.000Z"
    assert made["bound"] == BOUND
    assert check_statement(study, made, meaning="approve", roles=("approver",), bound=BOUND).signer == "ada"


@pytest.mark.requirement("SIG-2")
@pytest.mark.parametrize(
    "part", ["study", "name", "role", "meaning", "signed_at", "signer", "signed_by", "register", "signature", "bound"]
)
def test_a_statement_of_which_one_part_is_altered_fails(study: Study, part: str) -> None:
    made = signed(study)
    values = {
        "study": "OTHER", "name": "BOB", "role": "author", "meaning": "review", "signed_at": "2026-03-01T12:00:01.000Z",
        "signer": "office", "signed_by": "airflow", "register": "0" * 64, "signature": "00" * 64,
        "bound": BOUND | {"cut_id": "e" * 64},
    }  # fmt: skip
    altered = made | {part: values[part]}
    meaning: Any = altered["meaning"]
    with pytest.raises((IntegrityError, NotAllowedError)):
        check_statement(study, altered, meaning=meaning, roles=None, bound=altered["bound"])


@pytest.mark.requirement("SIG-2")
def test_a_statement_moved_to_another_record_names_what_differs(study: Study) -> None:
    made = signed(study)
    with pytest.raises(IntegrityError, match=r"bound to another record \(manifest_sha256\)"):
        check_statement(study, made, meaning="approve", bound=BOUND | {"manifest_sha256": "e" * 64})
    with pytest.raises(IntegrityError, match=r"bound to another record \(manifest_sha256\)"):
        check_statement(study, made, meaning="approve", bound={"cut_id": BOUND["cut_id"]})


def test_a_statement_of_another_meaning_or_role_is_not_taken_for_what_is_asked(study: Study) -> None:
    made = signed(study)
    with pytest.raises(NotAllowedError, match="means 'approve', and 'unblind' is asked for"):
        check_statement(study, made, meaning="unblind", bound=BOUND)
    with pytest.raises(NotAllowedError, match="Asked for: author"):
        check_statement(study, made, meaning="approve", roles=("author",), bound=BOUND)
    with pytest.raises(NotAllowedError, match="role that is not asked for"):
        signed(study, role="statistician")


@pytest.mark.requirement("SIG-3")
def test_an_unknown_key_or_the_key_of_somebody_else_signs_nothing(study: Study) -> None:
    with pytest.raises(NotAllowedError, match="does not know this key"):
        signed(study, key="eve")
    with pytest.raises(NotAllowedError, match="not that of the signer 'ada'"):
        signed(study, key=ADMIN_ID, signer="ada")


def test_a_service_signs_what_a_registered_person_answered_and_nothing_in_its_own_name(study: Study) -> None:
    made = signed(study, key="airflow", signer="ada")
    assert (made["signer"], made["signed_by"], made["name"]) == ("ada", "airflow", "ADA")
    assert check_statement(study, made, meaning="approve", bound=BOUND).signer == "ada"
    for signer in ("", "eve"):
        with pytest.raises(NotAllowedError):
            signed(study, key="airflow", signer=signer)


@pytest.mark.requirement("SIG-3")
def test_what_was_signed_before_a_revocation_stays_and_what_is_signed_after_does_not(study: Study, clock: Any) -> None:
    before = signed(study)
    clock.day = "2026-03-05"
    revoke_signer(study, "ada", reason="left the study", key=key_of(ADMIN_ID))
    assert check_statement(study, before, meaning="approve", bound=BOUND).signer == "ada"
    with pytest.raises(NotAllowedError, match="does not know this key"):
        signed(study)
    # Who knows the register as it was cannot go on with it either.
    record = {name: value for name, value in before.items() if name != "signature"} | {
        "signed_at": "2026-03-06T00:00:00.000Z"
    }
    forged = record | {"signature": key_of("ada").sign(statements._signed_bytes(record)).hex()}
    with pytest.raises(NotAllowedError, match="when the register was changed: revoked"):
        check_statement(study, forged, meaning="approve", bound=BOUND)


@pytest.mark.requirement("SIG-3")
def test_what_was_signed_since_a_key_was_compromised_does_not_count(study: Study, clock: Any) -> None:
    early = signed(study)
    clock.day = "2026-03-04"
    late = signed(study)
    clock.day = "2026-03-08"
    revoke_signer(study, "ada", reason="laptop stolen", key=key_of(ADMIN_ID), compromised_since=date(2026, 3, 3))
    assert check_statement(study, early, meaning="approve", bound=BOUND).signer == "ada"
    with pytest.raises(NotAllowedError, match="compromised since 2026-03-03"):
        check_statement(study, late, meaning="approve", bound=BOUND)


@pytest.mark.requirement("SIG-3")
def test_a_signer_signs_up_to_their_last_day_and_not_after(study: Study, clock: Any) -> None:
    bob = replace(signer_of("bob", "approver"), valid_until=end_of_day(date(2026, 3, 31)))
    add_signer(study, bob, key=key_of(ADMIN_ID))
    clock.day = "2026-03-31"
    assert signed(study, key="bob")
    for day in ("2026-04-01", "2026-02-28"):
        clock.day = day
        with pytest.raises(NotAllowedError, match="outside of the signer's time"):
            signed(study, key="bob")


def test_what_is_no_statement_is_said_to_be_none(study: Study) -> None:
    made = signed(study)
    without = {name: value for name, value in made.items() if name != "name"}
    for record in ({}, without, made | {"more": "x"}, made | {"signed_at": 7}, made | {"bound": "x"}):
        with pytest.raises(IntegrityError, match="no signed statement"):
            check_statement(study, record, meaning="approve", bound=BOUND)
