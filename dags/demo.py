"""What `make demo` runs: the DAGs of both shipped studies, one after the other, in this process and without a server.

Usage   demo.py [STUDY ...]
Writes  .airflow/demo/: SQLite database and demo.log, which holds all that Airflow and the libraries say
Exit    0 when every study is published and verified
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from airflow_home import REPOSITORY, environment

STUDIES = ("nimh_ketamine", "kap_demo")
SIMULATED = "kap_demo"
DAGS = ("land_exports", "cut_trial", "verify_published")
Returned = dict[str, list[Any]]
# An exception's message in the log, up to the next entry or traceback.
_REASON = re.compile(
    r"^[\w.]*(?:Error|Exception): (.*(?:\n(?!\d{4}-\d\d-|Traceback|During|The above).+)*)", re.MULTILINE
)


def main(studies: Sequence[str] = STUDIES) -> int:
    """Runs the demonstration; returns the exit code."""
    home = Path(os.environ.get("AFTERGLOW_AIRFLOW_HOME") or REPOSITORY / ".airflow" / "demo")
    home.mkdir(parents=True, exist_ok=True)
    # Airflow reads its settings when it is imported, and the variables of another Airflow must not reach it.
    settings = environment(home, dict(os.environ))
    os.environ.clear()
    os.environ.update(settings)
    log = home / "demo.log"
    log.write_text("")
    sys.stdout.write(f"Afterglow's DAGs, in one process without a server. What the libraries say is in {log}\n")
    started = time.monotonic()
    reports: list[str] = []
    with logged_to(log) as say:
        prepare_database()
        for study in studies:
            say(f"\n{study}")
            if study == SIMULATED:
                say(f"  simulate  {simulated()}")
            for verb in DAGS:
                before = log.stat().st_size
                returned, state = run(verb, study)
                for line in TOLD[verb](returned):
                    say(f"  {line}")
                if state != "success":
                    reasons = dict.fromkeys(_REASON.findall(log.read_bytes()[before:].decode(errors="replace")))
                    say("\n".join([f"\n{verb}.{study}: the run ended as '{state}'.", *reasons, f"See {log}"]))
                    return 1
                reports += returned.get("publish", [])
        say(f"\nDone in {time.monotonic() - started:.0f} s. The published reports:")
        say("\n".join(f"  {report}" for report in reports))
    return 0


@contextlib.contextmanager
def logged_to(log: Path) -> Iterator[Callable[[str], None]]:
    """Sends what any library prints to `log`, also past Python; yields what still speaks to the terminal."""
    sys.stdout.flush()
    terminal = os.dup(1)
    kept = os.dup(2)
    with log.open("a") as file, os.fdopen(terminal, "w") as screen:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)

        def say(text: str) -> None:
            screen.write(text + "\n")
            screen.flush()

        try:
            yield say
        finally:
            sys.stdout.flush()
            os.dup2(terminal, 1)
            os.dup2(kept, 2)
            os.close(kept)


def simulated() -> str:
    """Writes what the simulated sites deliver; files that are there already stay as they are."""
    from pipelines.simulate import simulate
    from study_dags import STUDIES as FOLDER

    made = simulate(FOLDER / SIMULATED)
    return f"{made.files} files, {made.rows} rows, {made.subjects} subjects, {made.defects} planted defects"


def prepare_database() -> None:
    """Makes Airflow's database, or brings it up to date."""
    from airflow.utils import db

    db.upgradedb()


def run(verb: str, study: str) -> tuple[Returned, str]:
    """Runs one DAG to its end; returns what each task returned (a list: a mapped task returns often) and the state."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    dag = vars(importlib.import_module(verb))[f"{verb}.{study}"]
    dag_run = dag.test()
    returned: Returned = {}
    with create_session() as session:
        rows = session.query(XComModel).filter_by(dag_id=dag.dag_id, run_id=dag_run.run_id, key="return_value")
        for row in rows.order_by(XComModel.map_index):
            returned.setdefault(row.task_id, []).append(XComModel.deserialize_value(row))
    return returned, str(dag_run.state)


def told_of_landing(returned: Returned) -> Iterator[str]:
    """Yields what landing did, summed over its sites."""
    sites = returned.get("land", [])
    if sites:
        of = {key: sum(site[key] for site in sites) for key in sites[0]}
        yield f"land      {len(sites)} site(s), {of['deliveries']} deliveries, {of['new']} of them new"
        yield f"          {of['accepted']} accepted, {of['refused']} refused whole; the report says which and why"
        if of["held"]:
            yield f"          {of['held']} HELD: they would unblind the study; no cut is made until that is put right"
        yield f"          {of['rows_in']} rows: {of['rows_accepted']} accepted, {of['rows_quarantined']} in quarantine"


def told_of_cutting(returned: Returned) -> Iterator[str]:
    """Yields what became of the cut."""
    for built in returned.get("build", []):
        rows = built["rows"]
        was_there = ", was there" if built["reused"] else ""
        yield f"build     cut {built['cut_id'][:12]}{was_there}: {len(rows)} tables, {sum(rows.values())} rows"
    for gated in returned.get("gate", []):
        yield f"gate      {gated['verdict']}: {gated['checks']} checks"
    for signed in returned.get("sign", []):
        yield f"sign      {signed['answer']}"
    for report in returned.get("publish", []):
        yield f"publish   {report}"


def told_of_verifying(returned: Returned) -> Iterator[str]:
    """Yields what was verified."""
    for verified in returned.get("verify", []):
        yield f"verify    {verified['files']} files are as they were published"


TOLD = {"land_exports": told_of_landing, "cut_trial": told_of_cutting, "verify_published": told_of_verifying}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or STUDIES))
