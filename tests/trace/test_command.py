"""`afterglow trace`: a tree for people, one object for programs, an exit code for scripts."""

from __future__ import annotations

import json

import jsonschema
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.study import Study

VALUES = {"type": "object"}
SOURCE = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "delivery_id",
        "file",
        "row",
        "siteid",
        "delivered_on",
        "stored",
        "stored_in",
        "text",
        "text_withheld",
    ],
    "properties": {
        "delivery_id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "file": {"type": "string"},
        "row": {"type": "integer", "minimum": 1},
        "siteid": {"type": "string"},
        "delivered_on": {"type": ["string", "null"], "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "stored": {"enum": ["intact", "differs", "gone", "not readable"]},
        "stored_in": {"enum": ["store", "vault", ""]},
        "text": VALUES,
        "text_withheld": {"type": "string"},
    },
}
STEP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "values", "rules", "records", "sources", "changes", "steps"],
    "properties": {
        "what": {"type": "string"},
        "values": VALUES,
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "section"],
                "properties": {"text": {"type": "string"}, "section": {"type": "string"}},
            },
        },
        "records": {"type": "array", "items": VALUES},
        "sources": {"type": "array", "items": SOURCE},
        "changes": {"type": "array", "items": VALUES},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    },
}
RECEIPT = {
    "$defs": {"step": STEP},
    "type": "object",
    "additionalProperties": False,
    "required": ["study", "cut_id", "published", "blinded", "table", "filters", "assumed", "matched", "choices", "row"],
    "properties": {
        "study": {"type": "string"},
        "cut_id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "published": {"type": "boolean"},
        "blinded": {"type": "boolean"},
        "table": {"type": "string"},
        "filters": VALUES,
        "assumed": VALUES,
        "matched": {"type": "integer", "minimum": 1},
        "choices": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "row": {"anyOf": [{"$ref": "#/$defs/step"}, {"type": "null"}]},
        "wrong": {"type": "array", "items": {"type": "string"}},
    },
}


def run(study: Study, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["trace", str(study.folder.root), *arguments])


def test_the_command_of_the_issue_prints_the_chain(traced: Study) -> None:
    result = run(traced, "--table", "response", "--usubjid", "SMALL-S01-002", "--avisit", "D2")
    assert result.exit_code == 0
    (sha256,) = {path.parents[1].name for path in traced.folder.deliveries.glob("*/delivered/scores_2026-03-01.csv")}
    for said in (
        "none was named, so the study file's first: estimand treatment_policy, missing_rule observed",
        "rule: crit1fl: MADRS reduction from baseline >= 50 %; 30 to 15 is a change of -50 % [protocol",
        "├─ score of the visit: adqs, D2",
        "└─ baseline: adqs, BL",
        "MADRS01   Apparent sadness            3      3          counted  4",
        "from: S01 scores_2026-03-01.csv, row 5, delivered 2026-03-01",
        f"SHA-256 {sha256}",
        "stored bytes: intact (in the store)",
    ):
        assert said in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 100


@pytest.mark.parametrize(
    "arguments",
    [
        ("--table", "response", "--usubjid", "SMALL-S01-006", "--avisit", "W1", "--missing-rule", "locf"),
        ("--table", "durability", "--usubjid", "SMALL-S01-002"),
        ("--table", "adsl", "--usubjid", "SMALL-S01-003"),
        ("--table", "adae", "--usubjid", "SMALL-S01-001", "--where", "aeterm=Nausea"),
        ("--table", "adqs", "--usubjid", "SMALL-S03-001", "--avisit", "BL", "--paramcd", "MADRS"),
        ("--table", "deliveries", "--where", "file=scores_2026-03-01.csv"),
        ("--table", "record_changes", "--usubjid", "SMALL-S01-001", "--where", "variable=qsstresn"),
    ],
)
def test_one_object_holds_the_whole_chain(traced: Study, arguments: tuple[str, ...]) -> None:
    result = run(traced, *arguments, "--json")
    assert result.exit_code == 0, result.output
    jsonschema.validate(json.loads(result.stdout), RECEIPT)
    for line in run(traced, *arguments).stdout.splitlines():
        assert len(line) <= 100


def test_a_changed_value_leads_to_both_rows(traced: Study) -> None:
    arguments = ("--table", "record_changes", "--usubjid", "SMALL-S01-001", "--where", "variable=qsstresn")
    chain = json.loads(run(traced, *arguments, "--json").stdout)
    found = [(one["file"], one["row"]) for one in chain["row"]["sources"]]
    assert found == [("scores_2026-02-01.csv", 1), ("scores_2026-03-01.csv", 1)]


def test_several_rows_end_with_a_list_of_choices(traced: Study) -> None:
    result = run(traced, "--table", "adqs", "--usubjid", "SMALL-S01-002")
    assert result.exit_code == 2
    assert "  avisit: BL, D2, W1" in result.stdout
    assert "3 rows of adqs match. Name one by --where avisitn=..., --avisit" in result.stderr
    chain = json.loads(run(traced, "--table", "adqs", "--usubjid", "SMALL-S01-002", "--json").stdout)
    jsonschema.validate(chain, RECEIPT)


def test_a_filter_without_a_value_is_typed_wrongly(traced: Study) -> None:
    result = run(traced, "--table", "adsl", "--usubjid", "SMALL-S01-002", "--where", "age")
    assert result.exit_code == 2
    assert "write COLUMN=VALUE" in result.stderr


def test_a_chain_that_is_not_whole_ends_with_integrity_broken(traced: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.trace.scores.sum_of_points", lambda *_: 1.0)
    result = run(traced, "--table", "adqs", "--usubjid", "SMALL-S01-002", "--avisit", "BL")
    assert result.exit_code == 14
    assert "items of MADRS" in result.stdout
    assert "its items do not add up to what adqs says" in result.stderr


def test_a_figure_of_many_rows_says_that_no_single_one_stands_behind_it(traced: Study) -> None:
    result = run(traced, "--table", "site_metrics", "--where", "siteid=S01", "--where", "metric=ae_rate")
    assert result.exit_code == 0, result.output
    assert "many rows stand behind this one" in result.stdout
