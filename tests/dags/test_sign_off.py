"""Sign-off by people: what a person answers in Airflow becomes a signature, and nothing else does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.signers import add_signer
from pipelines.study import load_study
from tests.small_signers import ADMIN_ID, add_signers, key_of, signer_of

CUT = "c" * 64


@pytest.fixture
def refused() -> list[str]:
    """Whose answers Airflow did not take."""
    return []


@pytest.fixture
def answering(airflow_home: Any, refused: list[str]) -> Callable[..., Any]:
    """Answers Airflow's questions by its REST API, as the form in its pages does."""
    from airflow.api_fastapi.app import create_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from fastapi.testclient import TestClient

    def parked() -> list[tuple[str, str, str, str, str | None]]:
        with create_session() as session:
            return [
                (ti.dag_id, ti.run_id, ti.task_id, question.subject, question.body)
                for question, ti in session.query(HITLDetail, TaskInstance).filter(HITLDetail.ti_id == TaskInstance.id)
                if ti.state == "awaiting_input"
            ]

    def answer(work: Callable[[], Any], *answers: tuple[str, ...]) -> tuple[Any, list[tuple[str, str | None]]]:
        """Runs `work` while each of `answers` (user, Approve or Reject, reason) is given to the next question."""
        app = create_app(apps="core")
        asked: list[tuple[str, str | None]] = []
        failures: list[str] = []
        done = threading.Event()

        def respond() -> None:
            for user, chosen, *reason in answers:
                while not (waiting := parked()):
                    if done.wait(0.2):
                        failures.append("the run ended without a question")
                        return
                time.sleep(1.5)  # an answer within a second of the question can fail the task
                dag_id, run_id, task_id, subject, body = waiting[0]
                asked.append((subject, body))
                token = app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username=user, role="admin"))
                client = TestClient(app, headers={"Authorization": f"Bearer {token}"})
                path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
                response = client.patch(
                    path, json={"chosen_options": [chosen], "params_input": {"reason": "".join(reason)}}
                )
                if response.status_code == 403:
                    refused.append(user)
                elif response.status_code != 200:
                    failures.append(response.text)

        person = threading.Thread(target=respond)
        person.start()
        try:
            result = work()
        finally:
            done.set()
            person.join()
        assert failures == []
        return result, asked

    return answer


def test_an_approval_signs_in_the_name_of_who_gave_it_and_publishes(
    studies: Any, steps: Any, run: Any, answering: Any
) -> None:
    studies.add("trial", signoff="[approver]")

    cut, asked = answering(lambda: run("cut_trial.trial"), ("dr.ada", "Approve"))

    assert cut.state == "success"
    assert steps.done == ["build", "gate", "report", "sign", "publish"]
    signed = {"user": "dr.ada", "role": "approver", "meaning": "approve", "reason": ""}
    assert steps.calls[3] == ("sign", CUT, signed)
    assert cut.returned["sign_approver"] == {"answer": "Approve", "by": "dr.ada"}
    (subject, body) = asked[0]
    assert subject == "trial: sign the data cut as approver"
    assert all(told in body for told in (CUT, "PASS", "report/index.html"))


def test_a_rejection_is_recorded_with_its_reason_and_nothing_is_published(
    studies: Any, steps: Any, run: Any, answering: Any
) -> None:
    studies.add("trial", signoff="[approver]")

    cut, _ = answering(lambda: run("cut_trial.trial"), ("dr.ada", "Reject", "site B2 is not clean"))

    assert steps.done == ["build", "gate", "report", "sign"]
    assert (steps.calls[3][2]["meaning"], steps.calls[3][2]["reason"]) == ("reject", "site B2 is not clean")
    assert cut.tasks["publish"] == "skipped"
    assert "not clean" not in str(cut.xcoms)


def test_each_role_is_asked_in_the_study_files_order(studies: Any, steps: Any, run: Any, answering: Any) -> None:
    studies.add("trial", signoff="[author, lead approver]")

    cut, asked = answering(lambda: run("cut_trial.trial"), ("dr.ada", "Approve"), ("dr.bob", "Approve"))

    assert [subject.rsplit(" as ")[1] for subject, _ in asked] == ["author", "lead approver"]
    assert [(call[2]["user"], call[2]["role"]) for call in steps.calls if call[0] == "sign"] == [
        ("dr.ada", "author"),
        ("dr.bob", "lead approver"),
    ]
    assert cut.tasks["publish"] == "success"


def test_nobody_is_asked_to_sign_a_cut_whose_gate_failed(studies: Any, steps: Any, run: Any) -> None:
    studies.add("trial", signoff="[approver]")
    steps.blocking = True

    cut = run("cut_trial.trial")

    assert (cut.state, cut.tasks["sign_approver"]) == ("failed", "upstream_failed")


def test_the_form_can_be_sent_without_a_reason(studies: Any, dag_bag: Any) -> None:
    studies.add("trial", signoff="[approver]")

    form = dag_bag().dags["cut_trial.trial"].task_dict["sign_approver"].serialized_params

    # Airflow's page keeps its buttons closed while a field that may not be null is empty.
    assert {key: (field["value"], field["schema"]["type"]) for key, field in form.items()} == {
        "reason": (None, ["null", "string"])
    }


def test_a_sign_task_that_is_marked_a_success_signs_nothing(studies: Any, steps: Any, dag_bag: Any) -> None:
    studies.add("trial", signoff="[approver]")

    dag_bag().dags["cut_trial.trial"].test(mark_success_pattern="sign_.*")

    # `publish` is reached, and it is `pipelines.publish` that asks for the signatures.
    assert "sign" not in steps.done


@pytest.mark.requirement("SCH-1")
def test_airflow_takes_an_answer_from_the_roles_registered_signers_alone(
    studies: Any, steps: Any, run: Any, answering: Any, refused: list[str]
) -> None:
    add_signers(load_study(studies.add("trial", signoff="[approver]")), ada="approver", dan="data_manager")

    answers = (("mallory", "Approve"), ("dan", "Approve"), ("ada", "Approve"))
    cut, _ = answering(lambda: run("cut_trial.trial"), *answers)

    assert refused == ["mallory", "dan"]
    assert cut.returned["sign_approver"] == {"answer": "Approve", "by": "ada"}
    assert [call[2]["user"] for call in steps.calls if call[0] == "sign"] == ["ada"]


@pytest.mark.requirement("SCH-1")
@pytest.mark.parametrize(
    ("manager", "named"),
    [
        ("airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager", ["ada"]),
        ("fab_logins.TrialAuthManager", ["ada"]),
        # It knows people by numbers: whom the form would name is nobody, so the register is asked at the answer.
        ("airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager", None),
    ],
)
def test_a_form_names_the_signers_where_the_auth_manager_compares_logins(
    studies: Any, dag_bag: Any, monkeypatch: pytest.MonkeyPatch, manager: str, named: list[str] | None
) -> None:
    add_signers(load_study(studies.add("trial", signoff="[approver]")), ada="approver", dan="data_manager")
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
    asked = dag_bag().dags["cut_trial.trial"].task_dict["sign_approver"].assigned_users
    assert (asked and [each["name"] for each in asked]) == named


def test_the_form_says_who_is_asked_and_no_name_is_read_as_a_template(studies: Any, dag_bag: Any) -> None:
    study = load_study(studies.add("trial", signoff="[approver]"))
    body = dag_bag().dags["cut_trial.trial"].task_dict["sign_approver"].body
    assert "Asked: whom the register of signers names for this role." in body
    add_signers(study, ada="approver", dan="data_manager")
    hostile = signer_of("eve", "approver", name="Eve {{ 7 * 7 }} <b>", users=("eve",))
    add_signer(study, hostile, key=key_of(ADMIN_ID))
    body = dag_bag().dags["cut_trial.trial"].task_dict["sign_approver"].body
    assert "Asked: ADA (ada); Eve ?? 7 ? 7 ?? ?b? (eve). An answer of anybody else signs nothing." in body
