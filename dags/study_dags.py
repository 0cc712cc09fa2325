"""What the three DAG files share: one DAG for each study, and its schedule, retries and assets.

Reads   the study files below `AFTERGLOW_STUDIES` (default: `studies/` beside this folder)
Rule    a study file that is wrong never takes another study's DAGs away, and never passes in silence
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pipelines.core.errors import AfterglowError, StudyFileError
from pipelines.study import Study, load_study

Asked = ParamSpec("Asked")
Result = TypeVar("Result")
Schedule = CronTriggerTimetable | AssetOrTimeSchedule | list[Asset] | None

STUDIES = Path(os.environ.get("AFTERGLOW_STUDIES") or Path(__file__).resolve().parents[1] / "studies")

# A busy study and a full or absent disk may pass; whatever else went wrong will go wrong again.
RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception="pipelines.core.errors.BusyError", reason="another process works on this study"),
        RetryRule(exception="pipelines.core.errors.AfterglowError", action=RetryAction.FAIL),
        RetryRule(exception="builtins.OSError", reason="the disk or a mount may come back"),
    ],
    default=RetryAction.FAIL,
)


def store_asset(study: Study) -> Asset:
    """What landing changes, and a cut `on_new_data` waits for."""
    return Asset(f"{study.name}/store", uri=f"afterglow://{study.name}/store")


def published_asset(study: Study) -> Asset:
    """What publishing changes, and verification waits for."""
    return Asset(f"{study.name}/published", uri=f"afterglow://{study.name}/published")


def schedule(study: Study, step: Literal["landing", "cut", "verify"]) -> Schedule:
    """Returns when the study file wants this step to run; cron is read in UTC.

    Raises:
        StudyFileError: what it says is neither `by_hand` nor cron (nor `on_new_data`, for a cut).
    """
    said = getattr(study.schedule, step)
    published = [published_asset(study)] if step == "verify" else []
    if said == "by_hand":
        return published or None
    if said == "on_new_data" and step == "cut":
        return [store_asset(study)]
    try:
        cron = CronTriggerTimetable(said, timezone="UTC")
        cron.validate()
    except AirflowException:
        msg = (
            f"{study.folder.study_file}: schedule.{step}: '{said}' is no cron expression. "
            "Write by_hand, or five fields such as '0 5 * * *' (minute, hour, day, month, weekday; UTC)."
        )
        raise StudyFileError(msg) from None
    return AssetOrTimeSchedule(timetable=cron, assets=published) if published else cron


def study_dag(verb: str, study: Study, *, schedule: Schedule, params: dict[str, Param] | None = None) -> DAG:
    """Returns an empty DAG `<verb>.<study>`: one run at a time, and on as soon as it stands here."""
    return DAG(
        f"{verb}.{study.name}",
        description=study.title,
        schedule=schedule,
        params=params,
        tags={study.name, verb},
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        default_args={
            "owner": "afterglow",
            # About two hours in all, as the wait doubles.
            "retries": 7,
            "retry_delay": timedelta(minutes=1),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=60),
            "retry_policy": RETRIES,
        },
    )


def for_who_started(step: Callable[Asked, Result]) -> Callable[Asked, Result]:
    """Names in the audit trail who started the run by hand; a scheduled run acts as the service."""

    @functools.wraps(step)
    def called(*args: Asked.args, **kwargs: Asked.kwargs) -> Result:
        from pipelines.ledger import acting_as

        user = getattr(get_current_context().get("dag_run"), "triggering_user_name", None)
        # What `dag.test()` calls its user is nobody.
        with acting_as("" if user in {None, "dag_test"} else str(user)):
            return step(*args, **kwargs)

    return called


def cut_form(study: Study) -> dict[str, Param]:
    """Returns what a manual run of a cut may choose; a run on new data or by cron takes the defaults."""
    any_day: dict[str, Any] = {"default": None, "type": ["null", "string"], "format": "date"}
    return {
        "as_of": Param(
            **any_day,
            title="As known on",
            description="Only deliveries exported up to this day. Empty: all of them.",
        ),
        "publish_as_of": Param(
            False,
            type="boolean",
            title="Publish what was known then",
            description="A cut as known on an earlier day stays a candidate. Ticked: it becomes the published one.",
        ),
        "data_cutoff": Param(
            **any_day,
            title="Data cutoff",
            description="What happened after this day is left out. Empty: nothing is.",
        ),
        "blinded": Param(
            study.blinding == "blinded",
            type="boolean",
            title="Blinded",
            description="A blinded cut pools the arms and leaves the vault closed.",
        ),
    }


def for_each_study(verb: str, make: Callable[[Study], DAG]) -> dict[str, DAG]:
    """Returns `make`'s DAG for each study, by id; for one whose study file is wrong, a DAG that fails and says why."""
    dags: dict[str, DAG] = {}
    for folder in _folders():
        try:
            dag = make(load_study(folder))
            dags[dag.dag_id] = dag
        except Exception as error:  # noqa: BLE001  (the others keep their DAGs; the DAG made here raises it)
            dag = _failing(verb, folder, error)
            dags.setdefault(dag.dag_id, dag)
    return dags


def _folders() -> Iterator[Path]:
    for folder in sorted(STUDIES.iterdir()):
        if folder.is_dir() and not folder.name.startswith((".", "_")):
            yield folder


def _failing(verb: str, folder: Path, error: Exception) -> DAG:
    said = str(error) if isinstance(error, AfterglowError) else f"{folder}: {type(error).__name__}: {error}"
    with DAG(
        f"{verb}.{re.sub(r'[^A-Za-z0-9_.-]', '_', folder.name)}",
        description="The study file is wrong: nothing runs until it is mended",
        doc_md=f"**This study cannot run:**\n\n```\n{said}\n```\n",
        tags={folder.name, verb, "study file wrong"},
        # Its own schedule cannot be read, so landing says so once a day.
        schedule="@daily" if verb == "land_exports" else None,
        catchup=False,
        is_paused_upon_creation=False,
    ) as dag:

        @task
        def read_study_file() -> None:
            raise AirflowFailException(said)

        read_study_file()
    return dag
