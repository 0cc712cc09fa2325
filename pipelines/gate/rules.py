"""From a suite's row rules to one SQL query: the keys of every failing row, each with the id of its check.

One scan evaluates all `where` conditions of a table, however many there are; `rows` queries are added below it.
Rule    only keys and provenance leave a table, and a key that the study does not know (a site, visit or test code that
        is itself the fault) is left out, as it could be anything
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.core.duck import identifier, literal
from pipelines.gate.rooms import Rooms
from pipelines.gate.suite import Check, Suite
from pipelines.study.domains import DOMAINS

KEYS = ("usubjid", "siteid", "paramcd", "avisit", "srcdom", "delivery_id", "source_file", "srcseq")
BATCH = "$batch"
KEY_TYPES = {name: "bigint" if name == "srcseq" else "varchar" for name in KEYS}

# As SDTM writes dates: in full, in part, or two as an interval. Most are full dates, of which a cast tells so six times
# as quickly.
_PART = r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?)?)?)?"
_SECOND = r"\d{4}-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?)?)?"
IS_ISO_8601 = rf"""
    create or replace macro main.is_iso_8601(written) as case
        when length(written) = 10 and try_cast(written as date)::varchar = written then true
        else regexp_matches(written, '^({_PART}(/{_SECOND})?|\d{{4}}---\d{{2}}|--\d{{2}}-\d{{2}})$')
    end
"""

_SOURCES: dict[str, tuple[str, ...]] = {
    "usubjid": ("usubjid",),
    "siteid": ("siteid",),
    "paramcd": ("paramcd", *(domain.test for domain in DOMAINS.values() if domain.test), "prtrt"),
    "avisit": ("avisit", "visit"),
    "srcdom": ("srcdom", "domain"),
    "delivery_id": ("delivery_id", "_delivery_id", "new_delivery_id"),
    "source_file": ("source_file", "_source_file", "new_source_file"),
    "srcseq": ("srcseq", "source_row", "_source_row", "new_source_row"),
}
_KNOWN = {
    "siteid": "select siteid from study.sites",
    "avisit": "select visit from study.visits union all select 'UNSCHEDULED'",
    "paramcd": """
        select qstestcd from study.instrument_codes
        union all select paramcd from study.instrument_rules
        union all select lbtestcd from study.biomarkers
        union all select vstestcd from study.vital_signs
        union all select paramcd from study.durability
        union all select prtrt from study.therapy_planned
    """,
}


def row_rules(suite: Suite) -> list[Check]:
    """Returns the checks that are rules over rows, in order."""
    return [check for check in suite.checks if check.expectation is None]


def keys_of(suite: Suite, columns: Sequence[str]) -> dict[str, str]:
    """Returns the expression of each key that a table with these columns has."""
    keys = {
        key: next(identifier(source) for source in sources if source in columns)
        for key, sources in _SOURCES.items()
        if any(source in columns for source in sources)
    }
    if suite.table in DOMAINS and suite.gate == "landed":
        keys["srcdom"] = literal(suite.table.upper())
    return keys


def failing_query(suite: Suite, rules: Sequence[Check], columns: Sequence[str]) -> str:
    """Returns a query for the failing rows of `rules`: `check_id` and KEYS. BATCH stands for the table.

    A `rows` query that selects something else has it in its columns; FAILING takes none, and `check_selects_keys` says
    which. `columns` are the table's.
    """
    keys = keys_of(suite, columns)
    parts = [part for part in (_conditions(rules, keys), *(_labelled(rule, keys) for rule in rules)) if part]
    listed = ", ".join(f"{_guarded(key)}::{kind} as {key}" for key, kind in KEY_TYPES.items())
    empty = ", ".join(f"null::{kind} as {key}" for key, kind in KEY_TYPES.items())
    union = "\n    union all by name\n    ".join([f"select null::varchar as check_id, {empty} where false", *parts])
    return (
        f"with this as not materialized (from {BATCH}),\n"
        f"failing as (\n    {union}\n)\n"
        f"select * replace ({listed}) from failing"
    )


def check_selects_keys(suite: Suite, rule: Check, rooms: Rooms) -> None:
    """Raises where a rule cannot be planned, or gives what must not leave a table.

    Raises:
        duckdb.Error: its `rows` query cannot be planned.
        ValueError: its `rows` query selects something that is no key.
    """
    if rule.rows is None:
        return
    query = _rows(rule.rows, keys_of(suite, rooms.columns(suite.gate, suite.table)))
    table = f"{suite.gate}.{identifier(suite.table)}"
    described = rooms.connection.execute(f"describe with this as (from {table}) from ({query})").fetchall()
    others = [row[0] for row in described if row[0] not in KEYS]
    if others:
        msg = f"selects what is no key: {', '.join(others)}; keys are {', '.join(KEYS)}"
        raise ValueError(msg)


def _guarded(key: str) -> str:
    return f"case when {key} in ({_KNOWN[key]}) then {key} end" if key in _KNOWN else key


def _conditions(rules: Sequence[Check], keys: dict[str, str]) -> str:
    conditions = [rule for rule in rules if rule.where is not None]
    if not conditions:
        return ""
    listed = "".join(f"{expression} as {key}, " for key, expression in keys.items())
    # One column a condition: a list of them is made of the rows alone that fail one, not of each of ten million.
    names = [f"fails_{number}" for number, _ in enumerate(conditions)]
    flags = ",\n        ".join(f"({rule.where}) as {name}" for rule, name in zip(conditions, names, strict=True))
    ids = ", ".join(literal(rule.id) for rule in conditions)
    return (
        f"select {''.join(f'{key}, ' for key in keys)}unnest(list_where([{ids}], [\n        "
        f"{', '.join(f'coalesce({name}, false)' for name in names)}\n        ])) as check_id from (\n"
        f"        select {listed}{flags}\n        from this\n"
        f"    ) where {' or '.join(names)}"
    )


def _labelled(rule: Check, keys: dict[str, str]) -> str:
    if rule.rows is None:
        return ""
    return f"select {literal(rule.id)} as check_id, * from ({_rows(rule.rows, keys)})"


def _rows(rows: str, keys: dict[str, str]) -> str:
    listed = ", ".join(
        f"this.{expression} as {key}" if expression.startswith('"') else f"{expression} as {key}"
        for key, expression in keys.items()
    )
    return rows.replace("{keys}", listed)
