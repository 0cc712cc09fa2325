from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.core.errors import NotAllowedError

CUT = "c" * 64


def test_a_study_that_asks_for_no_signature_is_published_without_one(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial")

    cut = run("cut_trial.trial")

    assert (cut.state, steps.done) == ("success", ["build", "gate", "report", "publish"])
    assert cut.returned["gate"] == {"verdict": "PASS", "checks": 3}


def test_the_demo_signer_signs_and_says_so(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial", signoff="demo")

    assert run("cut_trial.trial").state == "success"
    assert steps.done == ["build", "gate", "report", "sign", "publish"]
    assert steps.calls[3] == ("sign", CUT, {"name": "Demo signer", "role": "demo", "method": "demo"})


@pytest.mark.parametrize("signoff", ["demo", "[approver]"])
def test_a_cut_that_was_published_before_is_not_signed_again(signoff: str, studies: Any, steps: Any, run: Any) -> None:
    folder = studies.add("trial", signoff=signoff)
    (folder / "cuts" / CUT).mkdir(parents=True)
    (folder / "cuts" / CUT / "seal.json").touch()

    assert run("cut_trial.trial").state == "success"
    assert steps.done == ["build", "gate", "report", "publish"]


def test_a_gate_that_blocks_publishes_nothing_and_its_report_is_written(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial", signoff="demo")
    steps.blocking = True

    cut = run("cut_trial.trial")

    assert (cut.state, steps.done) == ("failed", ["build", "gate", "report"])
    assert (cut.tasks["gate"], cut.tasks["publish"]) == ("failed", "upstream_failed")


def test_a_build_that_is_not_allowed_fails_at_once(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial")
    steps.build_error = NotAllowedError("unblinding needs two signatures")

    cut = run("cut_trial.trial")

    assert (cut.state, steps.done, cut.tasks["report"]) == ("failed", ["build"], "upstream_failed")


@pytest.mark.parametrize(("blinding", "blinded"), [("open", False), ("blinded", True)])
def test_the_form_offers_the_cuts_parameters_with_the_studys_defaults(
    blinding: str, blinded: bool, studies: Any, dag_bag: Any
) -> None:
    studies.add("trial", blinding=blinding)

    params = dag_bag().dags["cut_trial.trial"].params

    assert {key: params.get_param(key).schema["type"] for key in params} == {
        "as_of": ["null", "string"],
        "publish_as_of": "boolean",
        "data_cutoff": ["null", "string"],
        "blinded": "boolean",
    }
    assert params.dump() == {"as_of": None, "publish_as_of": False, "data_cutoff": None, "blinded": blinded}


def test_what_the_form_says_reaches_build(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial")

    run("cut_trial.trial", as_of="2026-03-01", data_cutoff="2026-02-01", blinded=True)

    asked = {"as_of": date(2026, 3, 1), "data_cutoff": date(2026, 2, 1), "blinded": True}
    assert steps.calls[0] == ("build", asked)


@pytest.mark.parametrize("signoff", ["none", "demo"])
def test_a_cut_as_known_on_an_earlier_day_is_published_only_where_the_form_asks_for_it(
    signoff: str, studies: Any, steps: Any, run: Any
) -> None:
    studies.add("trial", signoff=signoff)

    earlier = run("cut_trial.trial", as_of="2026-03-01")

    assert (earlier.state, steps.done) == ("success", ["build", "gate", "report"])
    assert earlier.tasks["publish"] == "skipped"
    assert run("cut_trial.trial", as_of="2026-03-01", publish_as_of=True).state == "success"
    assert steps.done[-1] == "publish"


def test_the_form_refuses_what_is_no_date(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial")

    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="not a 'date'"):
        run("cut_trial.trial", as_of="yesterday")
    assert steps.calls == []


def test_verification_runs_by_itself_after_each_publication(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial")

    verified = run("verify_published.trial")

    assert (verified.state, verified.returned["verify"], steps.done) == ("success", {"files": 7}, ["verify"])
