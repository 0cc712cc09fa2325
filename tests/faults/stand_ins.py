"""A study whose run takes a tenth of a second, so that it can be killed ten thousand times.

Landing, signing, publishing and every durable change are the real ones. What dbt, Great Expectations and the pages
would have computed is replaced by a few files that follow from the cut's inputs and its landed rows. `make faults
FAULTS_REAL=n` kills runs of the real steps.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import pkgutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

# What is imported here, before a run is forked off, is not imported by each of them.
import jinja2
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

import pipelines.build.step
import pipelines.cli
import pipelines.gate.checking
import pipelines.gate.queries
import pipelines.gate.results
import pipelines.gate.rooms
import pipelines.gate.row_ids
import pipelines.gate.suite
import pipelines.gate.verdict
import pipelines.report.step
import pipelines.run
from pipelines.core.fail_points import reached
from pipelines.core.files import write_atomically
from pipelines.core.hashing import canonical_json
from pipelines.core.source import code_sha256, source_sha256
from pipelines.cut import Cut, CutInputs
from pipelines.gate.queries import COLUMNS as QUERY_COLUMNS
from pipelines.gate.results import _SCHEMA as SCHEMA
from pipelines.gate.rules import KEYS
from pipelines.gate.verdict import Verdict
from pipelines.ledger.recording import software
from pipelines.report import pages
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study, scores_file, scores_row

__all__ = ["jinja2", "pd", "pipelines", "source_sha256"]

# Stands in deliveries only: found anywhere outside the vault and the inbox, it has got out.
SUBJECTS = ("CANARYSUBJ7F3A1", "CANARYSUBJ7F3A2")
KITS = ("CANARYKITXQ7Z1", "CANARYKITXQ7Z2")
CANARIES = (*SUBJECTS, *KITS)
# Two first runs have two keys, and so two cuts: here the key is the same.
KEY = b"CANARYKEY" * 4

STUDY = (
    STUDY_FILE.replace("signoff: none", "signoff: demo\npseudonyms: vault")
    .replace("blinding: open", "blinding: blinded")
    .replace(
        "    - file: scores_{date}.csv\n",
        "    - file: scores_{date}.csv\n      sidecar: {type: sha256, required: false}\n",
    )
    .replace(
        "        arm: {class: treatment, codes: [KET, PBO], to: ds.arm}\n",
        "        arm: {class: treatment, codes: [KET, PBO], to: ds.arm}\n        kit: {class: treatment}\n",
    )
)

# What only the real steps import.
_SLOW = ("pipelines.simulate", "pipelines.validate", "pipelines.report.", "pipelines.profile")
# The same study, whose cuts a person signs.
SIGNED = STUDY.replace("signoff: demo", "signoff: [approver]")
# What its gate finds where it is to block a cut, and asks a site.
CHECK, QUERY = "CUR-ADQS-001", "Q-7F3A1"


def warm_up() -> None:
    """Does once what every process that is forked off would do again: imports, templates, the hash of the code.

    Nothing here starts a thread, which a fork would not have.
    """
    for module in pkgutil.walk_packages(pipelines.__path__, "pipelines."):
        if not module.name.startswith(_SLOW) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    code_sha256()
    software()
    for name in pages._environment().list_templates(["html"]):
        pages._environment().get_template(name)


def deliver_first(root: Path, text: str = STUDY) -> Study:
    """Makes the study with two deliveries in its inbox."""
    study = make_study(root, text)
    rows = scores_file(*(scores_row(subject) for subject in SUBJECTS))
    deliver(study, "S01", "scores_2026-02-01.csv", rows)
    deliver(study, "S01", "scores_2026-02-01.csv.sha256", hashlib.sha256(rows.encode()).hexdigest())
    allocated = zip(SUBJECTS, ("KET", "PBO"), KITS, strict=True)
    lines = [f"S01,{subject},{arm},{kit},2026-01-05" for subject, arm, kit in allocated]
    deliver(study, "IRT", "allocation_2026-02-01.csv", "\n".join(["site,id,arm,kit,day", *lines, ""]))
    return study


def deliver_second(study: Study) -> None:
    """Puts a correction, a further site's export and a file of no export into the inbox."""
    again = [scores_row(subject, total="29", items="3,3,3,3,3,3,3,3,3,2") for subject in SUBJECTS]
    deliver(study, "S01", "scores_2026-03-01.csv", scores_file(*again))
    deliver(study, "S02", "scores_2026-03-01.csv", scores_file(scores_row(SUBJECTS[0], day="2026-01-06")))
    deliver(study, "S02", "unknown.csv", f"id\n{SUBJECTS[1]}\n")


def _candidate(candidate: Path, study: Study, inputs: CutInputs) -> None:
    (candidate / "cut.duckdb").write_bytes(inputs.cut_id.encode() * 50)
    reached("build.created")
    parts = [path for one in inputs.deliveries if one.current for path in sorted((one.directory / "rows").glob("*"))]
    reached("build.derived")
    (candidate / "tables").mkdir()
    for name in sorted({path.name for path in parts}):
        rows = [pq.read_table(path) for path in parts if path.name == name]
        pq.write_table(pa.concat_tables(rows), candidate / "tables" / name)
    later = [one for one in inputs.deliveries if one.current and one.rank > 2]
    changes = {"new_delivery_id": [one.delivery_id for one in later], "new_source_file": [one.file for one in later]}
    schema = pa.schema([(name, pa.string()) for name in changes])
    pq.write_table(pa.table(changes, schema=schema), candidate / "tables" / "record_changes.parquet")
    # What the study file says, so that a cut shows by which one it was made.
    (candidate / "catalogue.json").write_bytes(canonical_json({"title": study.title}))
    (candidate / "inputs.json").write_bytes(canonical_json(inputs.document))


def _rooms(*_: Any) -> contextlib.AbstractContextManager[Any]:
    return contextlib.nullcontext(SimpleNamespace(connection=SimpleNamespace(execute=lambda _: None)))


def _results(folder: Path, _results: Any, verdict: Verdict, _connection: Any) -> None:
    document = {name: getattr(verdict, name) for name in ("verdict", "blocking", "checks", "counts")}
    failed = list(verdict.failed)
    (folder / "verdict.json").write_bytes(canonical_json(document | {"failed": failed, "blocked_by": failed}))
    found = {
        "check_id": CHECK,
        "gate": "curated",
        "table_name": "adqs",
        "severity": "critical",
        "sentence": "A sentence.",
    }
    checks = [found | {"verdict": "FAIL", "rows_failed": 1} for _ in failed]
    rows = pa.schema([(name, pa.string()) for name in ("check_id", *KEYS, "row_id")])
    failing = [dict.fromkeys(rows.names, "x") | {"check_id": CHECK, "siteid": "S01"} for _ in failed]
    pq.write_table(pa.Table.from_pylist(checks, schema=SCHEMA), folder / "checks.parquet")
    pq.write_table(pa.Table.from_pylist(failing, schema=rows), folder / "failing_rows.parquet")


def _queries(path: Path, *_: Any, **__: Any) -> None:
    asked = dict.fromkeys(QUERY_COLUMNS, "x") | {"query_id": QUERY, "siteid": "S01", "srcseq": 1, "severity": "major"}
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([asked | {"opened_on": date(2026, 2, 1)}]), buffer)
    write_atomically(path, buffer.getvalue(), change="gate.queries")


def _pages(_study: Study, cut: Cut) -> dict[str, str]:
    return {name: f"<p>{name} of {cut.cut_id}</p>" for name in ("index.html", "validation.html")}


@contextlib.contextmanager
def quick_steps(*, blocked: bool = False) -> Iterator[None]:
    """Lets build, gate and report write what follows from their inputs without deriving it; the gate may block it."""
    verdict = Verdict(verdict="PASS", blocking=False, checks=1, counts={"PASS": 1})
    if blocked:
        verdict = Verdict(verdict="FAIL", blocking=True, checks=1, counts={"FAIL": 1}, failed=(CHECK,))
    with contextlib.ExitStack() as stack:
        for target, stand_in in (
            ("pipelines.land.pseudonyms.secrets.token_bytes", lambda size: KEY[:size]),
            ("pipelines.build.step._write_candidate", _candidate),
            ("pipelines.gate.suite.load_suites", lambda: ()),
            ("pipelines.gate.rooms.opened_rooms", _rooms),
            ("pipelines.gate.checking.checked", lambda *_: ()),
            ("pipelines.gate.verdict.verdict_of", lambda _: verdict),
            ("pipelines.gate.results.write_results", _results),
            ("pipelines.gate.row_ids.identify", lambda *_: None),
            ("pipelines.gate.queries.write_queries", _queries),
            ("pipelines.gate.queries.keep_in_database", lambda *_: None),
            ("pipelines.report.step._pages", _pages),
        ):
            stack.enter_context(patch(target, stand_in))
        yield
