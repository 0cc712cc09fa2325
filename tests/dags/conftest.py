"""One Airflow for the session: its home is a temporary folder, its database SQLite, no server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DAGS = REPOSITORY / "dags"

STUDY = """\
study: TEST
title: A study for the DAGs' tests
design: parallel
blinding: {blinding}
signoff: {signoff}
schedule: {schedule}
sites:
  A1: {{name: First, layout: wide}}
  B2: {{name: Second, layout: wide}}
  C3: {{name: Third, layout: wide}}
arms:
  KET: {{label: Ketamine, role: experimental}}
visits:
  - {{visit: BL, visitnum: 1, label: Baseline, baseline: true}}
instruments: {{MADRS: {{analysed_total: collected}}}}
endpoints:
  - instrument: MADRS
    response: {{min_reduction_pct: 50, section: "4.2"}}
    remission: {{max_score: 10, section: "4.2"}}
layouts:
  wide:
    - file: scores.csv
      columns:
        subject: {{class: pseudonym, to: subject, required: true}}
        age: {{class: quasi, type: integer, to: dm.age, optional: true}}
        visit: {{to: visit, codes: [BL]}}
        madrs: {{type: integer, to: qs.MADRS.total}}
"""


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a migrated database. Airflow reads its settings once in a process, so they are set once."""
    import airflow_home as homes

    home = tmp_path_factory.mktemp("airflow")
    outer = dict(os.environ)
    os.environ.clear()
    os.environ.update(homes.environment(home, outer))
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
    os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = "a key of the tests, long enough for SHA-512; it opens nothing " * 2
    from airflow.utils import db

    db.upgradedb()
    yield home
    os.environ.clear()
    os.environ.update(outer)


class Studies:
    """The folder of studies that the DAGs find in this test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, name: str, *, signoff: str = "none", blinding: str = "open", schedule: str = "{}") -> Path:
        folder = self.root / name
        folder.mkdir()
        (folder / "study.yml").write_text(STUDY.format(signoff=signoff, blinding=blinding, schedule=schedule))
        (folder / "inbox").mkdir()
        return folder

    def deliver(self, name: str, site: str, content: str = "subject,visit,madrs\n1,BL,30\n") -> None:
        folder = self.root / name / "inbox" / site
        folder.mkdir(parents=True)
        (folder / "scores.csv").write_text(content.replace("\n1,", f"\n{site}-1,"))


@pytest.fixture
def studies(airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studies:
    import study_dags

    monkeypatch.setattr(study_dags, "STUDIES", tmp_path)
    return Studies(tmp_path)


@pytest.fixture
def dag_bag(airflow_home: Path) -> Callable[[], Any]:
    """Parses the DAG files as the DAG processor does."""
    from airflow.dag_processing.dagbag import BundleDagBag

    return lambda: BundleDagBag(dag_folder=DAGS, bundle_path=DAGS, bundle_name="dags-folder")


class Run:
    """What became of a DAG run: its state, each task's state, and what each task returned."""

    def __init__(self, dag_run: Any) -> None:
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        self.state = str(dag_run.state)
        self.tasks: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.returned: dict[str, Any] = {}
        self.xcoms: list[tuple[str, str, Any]] = []
        with create_session() as session:
            for ti in dag_run.get_task_instances(session=session):
                name = ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.rendered_map_index or ti.map_index}]"
                self.tasks[name] = str(ti.state)
            for row in session.query(XComModel).filter_by(dag_id=dag_run.dag_id, run_id=dag_run.run_id):
                value = XComModel.deserialize_value(row)
                self.xcoms.append((row.task_id, row.key, value))
                if row.key == "return_value":
                    self.returned.setdefault(row.task_id, value)


@pytest.fixture
def run(dag_bag: Callable[[], Any]) -> Callable[..., Run]:
    """Runs a DAG to its end in this process, as `make demo` does."""

    def run_dag(dag_id: str, **conf: Any) -> Run:
        return Run(dag_bag().dags[dag_id].test(run_conf=conf))

    return run_dag


class Steps:
    """Stands for the steps of `pipelines`: notes what was asked of them; a test may make one fail or block."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.blocking = False
        self.build_error: Exception | None = None

    def build(self, _study: Any, **asked: Any) -> SimpleNamespace:
        self.calls.append(("build", asked))
        if self.build_error:
            raise self.build_error
        return SimpleNamespace(cut_id="c" * 64, reused=False, rows={"adsl": 2})

    def gate(self, _study: Any, cut_id: str) -> SimpleNamespace:
        self.calls.append(("gate", cut_id))
        return SimpleNamespace(verdict="FAIL" if self.blocking else "PASS", blocking=self.blocking, checks=3)

    def report(self, study: Any, cut_id: str) -> SimpleNamespace:
        self.calls.append(("report", cut_id))
        return SimpleNamespace(path=study.folder.cuts / cut_id / "report" / "index.html")

    def sign(self, _study: Any, cut_id: str, **signed: str) -> None:
        self.calls.append(("sign", cut_id, signed))

    def sign_answer(self, _study: Any, cut_id: str, **signed: str) -> None:
        self.calls.append(("sign", cut_id, signed))

    def publish(self, study: Any, cut_id: str, **_: Any) -> SimpleNamespace:
        self.calls.append(("publish", cut_id))
        return SimpleNamespace(report=study.folder.cuts / cut_id / "report" / "index.html")

    def verify(self, _study: Any) -> SimpleNamespace:
        self.calls.append(("verify",))
        return SimpleNamespace(files=7)

    @property
    def done(self) -> list[str]:
        return [call[0] for call in self.calls]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    stand_in = Steps()
    for name in ("build", "gate", "report", "sign", "publish", "verify"):
        module = ModuleType(f"pipelines.{name}")
        setattr(module, name, getattr(stand_in, name))
        if name == "sign":
            module.sign_answer = stand_in.sign_answer  # type: ignore[attr-defined]
            module.DEMO_ROLE, module.DEMO_SIGNER = "demo", "Demo signer"  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return stand_in
