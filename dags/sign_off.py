"""Signing inside Airflow: by the demo signer, or by a person who answers in Airflow's form.

Rule    the answer becomes a signature in the task that receives it, with the service's key, for the registered signer
        whom Airflow's login named;
        a task marked a success by hand, or an edited XCom, signs nothing, and `publish` asks for the signatures
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, task
from airflow.sdk.configuration import conf
from airflow.sdk.execution_time.hitl import HITLUser

from pipelines.study import Study

if TYPE_CHECKING:
    from pipelines.signers import Signer

# The auth managers that compare logins; `fab_logins.py` is ours.
BY_LOGIN = (".SimpleAuthManager", ".TrialAuthManager")
# What the person sees: where to look, and what Airflow knows of it. Counts and ids only.
BODY = """\
Study **%(study)s**, signing as **%(role)s**

Asked: %(asked)s. An answer of anybody else signs nothing.

- Cut: `{{ ti.xcom_pull(task_ids='build')['cut_id'] }}`
- Verdict of the gate: **{{ ti.xcom_pull(task_ids='gate')['verdict'] }}**
- Report: `{{ ti.xcom_pull(task_ids='report') }}`

Read the report first. **Approve** signs this cut in your name. **Reject** says in your name that it is not to be
published. Either stands in the study's own records, with your reason.
"""


class SignOff(ApprovalOperator):
    """Asks a person, and signs the cut in that person's name with what they answered."""

    template_fields = (*ApprovalOperator.template_fields, "cut_id")

    def __init__(self, *, study: Study, cut_id: Any, role: str, **settings: Any) -> None:
        # Airflow fills `settings` with the DAG's parameters and retries. This form asks for a reason and no more, and
        # a retry would ask the person again.
        reason = Param(
            None, type=["null", "string"], title="Reason", description="Say why, above all where you reject."
        )
        super().__init__(
            subject=f"{study.name}: sign the data cut as {role}",
            body=BODY % {"study": study.name, "role": role, "asked": _asked(study, role)},
            **{**settings, "params": {"reason": reason}, "retries": 0, "assigned_users": _answering(study, role)},
        )
        self.study = study
        self.cut_id = cut_id
        self.role = role

    def execute(self, context: Any) -> dict[str, str] | None:
        """Asks, unless the cut is published already: its signatures are closed."""
        if is_published(self.study, self.cut_id):
            return {"answer": "signed before"}
        super().execute(context)
        return None

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, str]:
        """Signs what was answered; after a rejection, what follows is skipped.

        Returns:
            The answer and the user's id, for the run's history.
        """
        if "error" not in event:
            from pipelines.sign import sign_answer

            self.validate_chosen_options(event["chosen_options"])
            sign_answer(
                self.study,
                self.cut_id,
                user=event["responded_by_user"]["name"],
                role=self.role,
                meaning="approve" if event["chosen_options"] == [self.APPROVE] else "reject",
                reason=str((event["params_input"] or {}).get("reason") or ""),
            )
        super().execute_complete(context, event)
        return {"answer": event["chosen_options"][0], "by": event["responded_by_user"]["id"]}


def sign_tasks(study: Study, cut_id: Any) -> list[Any]:
    """Returns the tasks that sign, in the order in which the study file names the roles; none if it asks for none."""

    @task
    def sign(cut_id: str) -> dict[str, str]:
        from pipelines.sign import DEMO_ROLE, DEMO_SIGNER
        from pipelines.sign import sign as sign_cut

        if is_published(study, cut_id):
            return {"answer": "signed before"}
        sign_cut(study, cut_id, name=DEMO_SIGNER, role=DEMO_ROLE, method="demo")
        return {"answer": "signed by nobody: a demo", "by": DEMO_ROLE}

    if study.signoff == "none":
        return []
    if study.signoff == "demo":
        return [sign(cut_id)]
    return [
        SignOff(task_id=f"sign_{re.sub(r'[^A-Za-z0-9_]', '_', role)}", study=study, cut_id=cut_id, role=role)
        for role in study.signoff
    ]


def _answering(study: Study, role: str) -> list[HITLUser] | None:
    """Returns whose answer Airflow takes: the users of the role's signers; None leaves that to `sign_answer`."""
    if not conf.get("core", "auth_manager").endswith(BY_LOGIN):
        # Other managers know users by numbers of their own.
        return None
    return [HITLUser(id=user, name=user) for entry in _signers(study, role) for user in entry.users] or None


def _signers(study: Study, role: str) -> list[Signer]:
    from pipelines.signers import register

    return [entry for entry in register(study).entries().values() if role in entry.roles]


def _asked(study: Study, role: str) -> str:
    """Returns who is asked, for the form: names and logins without what Jinja or Markdown would read."""
    told = [f"{entry.name} ({', '.join(entry.users) or 'no login'})" for entry in _signers(study, role)]
    return re.sub(r"[^\w .,;()@'-]", "?", "; ".join(told)) or "whom the register of signers names for this role"


def is_published(study: Study, cut_id: str) -> bool:
    """Whether the cut's signatures are closed."""
    from pipelines.cut import Cut

    return Cut(study.folder, cut_id).seal.exists()
