"""DAG `land_exports.<study>`: take in what the sites delivered.

discover (who has something in the inbox) → land (one task a site) → announce (only new data wakes a cut) → account
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import DAG, TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipelines.study import Study
from study_dags import for_each_study, for_who_started, schedule, store_asset, study_dag

Figures = dict[str, int]


def land_exports(study: Study) -> DAG:
    """Returns the landing DAG of one study."""
    with study_dag("land_exports", study, schedule=schedule(study, "landing")) as dag:

        @task
        def discover() -> list[str]:
            from pipelines.land.store import arrivals

            # What is in the store is landed again when the study file's words on it change.
            stored = {arrival.site for arrival in arrivals(study.folder)} & set(study.sites)
            return sorted(stored | {folder.name for folder in study.folder.inbox.glob("*/") if any(folder.iterdir())})

        @task(map_index_template="{{ task.op_kwargs['site'] }}")
        @for_who_started
        def land(site: str) -> None:
            from pipelines.land import land as land_site

            # A folder that is no site of the study file fails here, by its name.
            receipt = land_site(study, sites=[site])
            # Pushed before the refusal is raised: the others' data goes on, and this site's square is red.
            get_current_context()["ti"].xcom_push("return_value", figures(receipt.deliveries))
            if stopped := [f"{site}/{it.file}: {it.detail}" for it in (*receipt.held, *receipt.refused) if it.new]:
                raise AirflowFailException("\n".join(stopped))

        @task(outlets=[store_asset(study)], trigger_rule=TriggerRule.ALL_DONE)
        def announce(landed: Sequence[Figures]) -> Figures:
            if not (accepted := sum(site["new_accepted"] for site in landed)):
                msg = "Nothing new was accepted."
                raise AirflowSkipException(msg)
            return {"new_accepted": accepted}

        # The run's own verdict: a refused file is the site's to mend, anything else is ours. A file that would unblind
        # the study fails every run until it is put right.
        @task(trigger_rule=TriggerRule.ALL_DONE)
        def account(sites: list[str], landed: Sequence[Figures]) -> Figures:
            from pipelines.cut import check_held

            check_held(study)
            if len(landed) != len(sites):
                msg = f"{len(sites) - len(landed)} of {len(sites)} sites did not land. See the red squares of `land`."
                raise AirflowFailException(msg)
            return {"sites": len(sites)}

        sites: Any = discover()
        landed: Any = land.expand(site=sites)
        announce(landed) >> account(sites, landed)
    return dag


def figures(deliveries: Sequence[Any]) -> Figures:
    """Returns what is told about a site's deliveries: counts only."""
    accepted = [it for it in deliveries if it.outcome in {"accepted", "warned"}]
    return {
        "deliveries": len(deliveries),
        "accepted": len(accepted),
        "refused": sum(it.outcome == "refused" for it in deliveries),
        "held": sum(it.outcome == "held" for it in deliveries),
        "new": sum(it.new for it in deliveries),
        "new_accepted": sum(it.new for it in accepted),
        "rows_in": sum(it.rows_in for it in deliveries),
        "rows_accepted": sum(it.rows_accepted for it in deliveries),
        "rows_quarantined": sum(it.rows_quarantined for it in deliveries),
    }


globals().update(for_each_study("land_exports", land_exports))
