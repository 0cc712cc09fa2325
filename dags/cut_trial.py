"""DAG `cut_trial.<study>`: make a data cut and publish it.

build → gate → report → sign (as the study file asks) → publish
A gate that fails ends the run unpublished; its report is written all the same. So is that of a cut as known on an
earlier day, which ends there.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from airflow.sdk import DAG, TriggerRule, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from pipelines.study import Study
from sign_off import sign_tasks
from study_dags import cut_form, for_each_study, for_who_started, published_asset, schedule, study_dag


def cut_trial(study: Study) -> DAG:
    """Returns the cutting DAG of one study."""
    with study_dag("cut_trial", study, schedule=schedule(study, "cut"), params=cut_form(study)) as dag:

        @task
        @for_who_started
        def build() -> dict[str, Any]:
            from pipelines.build import build as build_cut
            from pipelines.core.fence import next_run

            asked = get_current_context()["params"]
            # One number for all tasks of this run and their retries: one that was overtaken may not publish.
            number = next_run(study.folder.runs)
            receipt = build_cut(
                study,
                as_of=date.fromisoformat(asked["as_of"]) if asked["as_of"] else None,
                data_cutoff=date.fromisoformat(asked["data_cutoff"]) if asked["data_cutoff"] else None,
                blinded=asked["blinded"],
            )
            return {"cut_id": receipt.cut_id, "reused": receipt.reused, "rows": receipt.rows, "run": number}

        @task
        @for_who_started
        def gate(cut_id: str) -> dict[str, Any]:
            from pipelines.gate import gate as gate_cut

            receipt = gate_cut(study, cut_id)
            if receipt.blocking:
                msg = f"Cut {cut_id}: {receipt.verdict}. Nothing is published; the report lists the failed checks."
                raise AirflowFailException(msg)
            return {"verdict": receipt.verdict, "checks": receipt.checks}

        @task(trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
        @for_who_started
        def report(cut_id: str) -> str:
            from pipelines.report import report as report_cut

            return str(report_cut(study, cut_id).path)

        @task.short_circuit
        def is_to_be_published() -> bool:
            # As `afterglow run` does: an earlier state becomes the published one only where that was asked for.
            asked = get_current_context()["params"]
            return not asked["as_of"] or bool(asked["publish_as_of"])

        @task(outlets=[published_asset(study)])
        @for_who_started
        def publish(cut_id: str, run: int) -> str:
            from pipelines.publish import publish as publish_cut

            return str(publish_cut(study, cut_id, run=run).report)

        built: Any = build()
        cut_id = built["cut_id"]
        gated = gate(cut_id)
        release = [*sign_tasks(study, cut_id), publish(cut_id, built["run"])]
        chain(gated, report(cut_id), is_to_be_published(), *release)
        # Said again, as the report is written after a gate that failed too: nobody is asked to sign that cut.
        gated >> release
    return dag


globals().update(for_each_study("cut_trial", cut_trial))
