"""Small gated cuts made by hand, shaped as build and gate leave them; every number in them can be counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pipelines.core.duck import connect, identifier, literal
from pipelines.core.hashing import canonical_json, sha256_bytes, sha256_file
from pipelines.cut import Cut
from pipelines.study import Study, load_study

Row = dict[str, Any]

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"


def _contracts() -> dict[str, str]:
    """Returns the columns of every published table as its contract says, `name:type ...`."""
    files = sorted((*MODELS.glob("marts/*.yml"), *MODELS.glob("monitoring/*.yml")))
    models = [model for file in files for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])]
    return {
        model["name"]: " ".join(f"{column['name']}:{column['data_type']}" for column in model["columns"])
        for model in models
    }


TABLES = _contracts()
# fmt: off
CHECKS = (
    "check_id gate table_name verdict severity sentence standard expectation rows_checked:bigint"
    " rows_failed:bigint error code"
)
# fmt: on
FAILING = "check_id usubjid siteid avisit srcdom delivery_id source_file srcseq:bigint"
DELIVERY = "0a1b2c" + "d" * 58


def make_cut(
    root: Path,
    study_text: str,
    tables: dict[str, list[Row]],
    *,
    checks: list[Row],
    failing: list[Row] | None = None,
    blinded: bool = False,
    blocking: bool = False,
    data_cutoff: str | None = None,
) -> tuple[Study, Cut]:
    """Writes a study folder with one gated cut that holds `tables`, and opens both."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "study.yml").write_text(study_text, encoding="utf-8")
    study = load_study(root)
    inputs = canonical_json(
        {
            "study": study.study, "study_file_sha256": sha256_file(root / "study.yml"), "code_sha256": "c" * 64,
            "metadata_sha256": {},
            "blinded": blinded, "as_of": None, "data_cutoff": data_cutoff, "versions": {"duckdb": "2.0.1"},
            "deliveries": [
                {
                    "delivery_id": DELIVERY, "siteid": next(iter(study.sites)), "file": "a.csv", "layout_file": "a.csv",
                    "landing_key": "e" * 64, "delivered_on": None, "outcome": "accepted", "codes": [], "rows_in": 5,
                    "rows_accepted": 4, "rows_quarantined": 1, "rank": 1, "current": True,
                }
            ],
        }
    )  # fmt: skip
    cut = Cut(study.folder, sha256_bytes(inputs))
    cut.gate.mkdir(parents=True)
    cut.inputs_file.write_bytes(inputs)
    (cut.directory / "catalogue.json").write_bytes(canonical_json(_catalogue()))
    connection = connect(cut.duckdb)
    connection.execute("create schema marts")
    for name, columns in TABLES.items():
        connection.execute(f"create table marts.{name} ({_declared(columns)})")
        insert(connection, f"marts.{name}", columns, tables.get(name, []))
        connection.execute(f"create view main.{identifier(name)} as select * from marts.{name}")
    connection.execute(f"create table checks ({_declared(CHECKS)}); create table failing_rows ({_declared(FAILING)})")
    insert(connection, "checks", CHECKS, checks)
    insert(connection, "failing_rows", FAILING, failing or [])
    for name in ("checks", "failing_rows"):
        connection.execute(f"copy {name} to {literal(str(cut.gate / name))}.parquet".replace("'.parquet", ".parquet'"))
        connection.execute(f"drop table {name}")
    connection.close()
    verdicts = [check["verdict"] for check in checks]
    worst = max(verdicts, key=("PASS", "PASS_WITH_ROWS", "FAIL", "ERROR").index)
    counts = {name: verdicts.count(name) for name in ("PASS", "PASS_WITH_ROWS", "FAIL", "ERROR")}
    blocked = [check["check_id"] for check in checks if check["verdict"] in {"FAIL", "ERROR"}] if blocking else []
    (cut.gate / "verdict.json").write_text(
        json.dumps(
            {
                "verdict": worst, "blocking": blocking, "checks": len(checks), "counts": counts, "blocked_by": blocked,
                "failed": [check["check_id"] for check in checks if check["verdict"] != "PASS"],
            }
        )
    )  # fmt: skip
    return study, cut


def _catalogue() -> Row:
    """Two tables of a cut's catalogue: what is asked, and what was delivered."""
    facts = {"description": "Subject identifier.", "cdisc": "USUBJID", "unit": "", "derivation": "DM.USUBJID."}
    columns = [{"name": "usubjid", "type": "varchar", "facts": facts}]
    landed = {"name": "dm", "layer": "landed", "description": "Demographics.", "grain": [], "made_from": []}
    adsl = {
        "name": "adsl",
        "layer": "marts",
        "description": "Subjects.",
        "grain": ["usubjid"],
        "made_from": ["landed.dm"],
    }
    return {"tables": [landed | {"columns": columns}, adsl | {"columns": columns}]}


def _declared(columns: str) -> str:
    return ", ".join(
        f"{identifier(name)} {kind or 'varchar'}" for name, _, kind in (each.partition(":") for each in columns.split())
    )


def insert(connection: Any, table: str, columns: str, rows: list[Row]) -> None:
    """Inserts rows given as records; what a record does not name is null, and a name that is no column is a mistake."""
    names = [each.partition(":")[0] for each in columns.split()]
    assert all(set(row) <= set(names) for row in rows), f"{table}: {[set(row) - set(names) for row in rows][:1]}"
    if rows:
        marks = ", ".join("?" for _ in names)
        connection.executemany(
            f"insert into {table} values ({marks})", [[row.get(name) for name in names] for row in rows]
        )
