"""Subjects of one file: keys that cannot both be right set their rows aside; pseudonyms take the place of keys."""

from __future__ import annotations

import duckdb

from pipelines.core.duck import literal
from pipelines.land.contract import ColumnRule, Contract
from pipelines.land.pseudonyms import replace_column, replace_subjects, replace_texts

_SUBJECT = {(None, "subject"), (None, "usubjid"), ("dm", "subjid")}


def set_subjects_aside(connection: duckdb.DuckDBPyConnection, contract: Contract, rules: list[ColumnRule]) -> None:
    """Sets aside every row of a key written in two ways (Q_ID_CASE), and of one under two sites (Q_SUBJECT_SITE).

    Nobody can tell which of the two is meant. Two files that differ are found by the gate (LAN-DM-003).
    """
    keys = [rule for rule in rules if _role(rule) in {(None, "subject"), (None, "usubjid")}]
    for code, group, differs in _contradictions(contract, keys[0]) if keys else ():
        connection.execute(
            f"""
            insert into quarantine
            with subjects as (
                select _source_row, usubjid, siteid from rows_typed
                where _source_row not in (select _source_row from quarantine)
            ),
            wrong as (select {group} as key from subjects group by {group} having count(distinct {differs}) > 1)
            select _source_row, {literal(keys[0].name)}, {literal(code)}
            from subjects where {group} in (select key from wrong)
            """
        )


def _contradictions(contract: Contract, key: ColumnRule) -> list[tuple[str, str, str]]:
    found = [("Q_ID_CASE", "lower(usubjid)", "usubjid")]
    # Where numbers are given out by each site, the same number at two sites is two people.
    if contract.study.subject_key == "study" or _role(key) == (None, "usubjid"):
        found.append(("Q_SUBJECT_SITE", "usubjid", "siteid"))
    return found


def pseudonymise(connection: duckdb.DuckDBPyConnection, contract: Contract, rules: list[ColumnRule]) -> None:
    """Replaces the clear keys in `rows_typed` and `rows_text`, where the study asks for it."""
    study = contract.study
    if study.pseudonyms == "none":
        return
    replace_subjects(connection, study)
    keys, others = [], []
    for number, rule in enumerate(rules):
        if _role(rule) in _SUBJECT:
            keys.append(rule.name)
            connection.execute(f"update rows_typed set v{number} = k_digits")
        elif rule.column.column_class == "pseudonym" and _role(rule) != (None, "site"):
            others.append(rule.name)
            replace_column(connection, study, "rows_typed", f"v{number}")
    replace_texts(connection, study, keys, others)


def _role(rule: ColumnRule) -> tuple[str | None, str] | None:
    return (rule.target.domain, rule.target.variable) if rule.target else None
