"""Record changes: what newer deliveries changed of earlier ones, counted; never a value, and no subject's key."""

from __future__ import annotations

from pipelines.report.content import Fold, Record, Section, Table
from pipelines.report.formats import MISSING, count, text
from pipelines.report.quality import ROWS_SHOWN, cut_short
from pipelines.report.tables import CutData
from pipelines.study.domains import DOMAINS

# A record's key starts with its test code where its domain has one, and is taken apart nowhere else: it may hold text.
_TESTED = tuple(name.upper() for name, domain in DOMAINS.items() if domain.key[:1] == (f"{name}testcd",))
_TEST = f"case when domain in {_TESTED} then split_part(record_key, ' | ', 1) end"


def section(data: CutData) -> tuple[Section, list[Record]]:
    """Returns counts by variable and site, endpoint variables first, and where each changed record stands."""
    counted = data.rows(
        f"select siteid, domain, {_TEST} as test, variable, count(*) filter (where change = 'changed') as changed,"
        " count(*) filter (where change = 'added') as added, count(*) filter (where change = 'vanished') as vanished"
        " from record_changes group by all order by all"
    )
    endpoint = {test for one in data.study.endpoints for test in data.study.scales[one.instrument].ranges}
    for row in counted:
        row["endpoint"] = row["domain"] == "QS" and row["test"] in endpoint
    counted.sort(key=lambda row: (not row["endpoint"], *(text(row[name]) for name in ("domain", "test", "variable"))))
    total = {name: sum(row[name] for row in counted) for name in ("changed", "added", "vanished")}
    tables = (
        Table(
            caption="By variable and site, variables of an endpoint first",
            columns=("Variable", "Endpoint", "Site", "Values changed", "Records added", "Records vanished"),
            rows=tuple(
                (
                    _named(row), "yes" if row["endpoint"] else "no", data.site_label(row["siteid"]),
                    count(row["changed"]), count(row["added"]), count(row["vanished"]),
                )
                for row in counted[:ROWS_SHOWN]
            ),
            grouped=True,
            words=frozenset({1, 2}),
            notes=cut_short(len(counted), "record_changes"),
        ),
    )  # fmt: skip
    sentence = (
        f"Newer deliveries changed {count(total['changed'])} values, added {count(total['added'])} records and no"
        f" longer hold {count(total['vanished'])}."
    )
    return Section(
        anchor="record-changes",
        title="Record changes",
        sentence=sentence if counted else "No delivery changed what an earlier one said.",
        help=(
            (
                "Each full export is compared with the one before it, and each record of an increment with the next one"
                " of its key. A record is vanished from the day on which an export no longer holds it. No value and no"
                " subject's key is shown; old and new values, keys and rows are in the table record_changes."
            ),
        ),
        tables=tables if counted else (),
        folds=(_audit(data),) if total["changed"] + total["vanished"] else (),
        sources=("record_changes",),
    ), counted


def _audit(data: CutData) -> Fold:
    rows = data.rows(
        f"select seen_on, siteid, domain, {_TEST} as test, variable, change, old_source_file, old_source_row,"
        " new_source_file, new_source_row from record_changes where change <> 'added'"
        " order by seen_on, siteid, domain, test, variable, old_source_file, old_source_row, new_source_file,"
        " new_source_row, record_key, usubjid"
    )
    table = Table(
        caption="Values changed and records vanished",
        columns=("Seen on", "Site", "Variable", "What", "Older file", "Row", "Newer file", "Row"),
        rows=tuple(
            (
                text(row["seen_on"]), data.site_label(row["siteid"]), _named(row), text(row["change"]),
                text(row["old_source_file"]), count(row["old_source_row"]), text(row["new_source_file"]),
                count(row["new_source_row"]),
            )
            for row in rows[:ROWS_SHOWN]
        ),
        words=frozenset({1, 2, 3}),
        hashes=frozenset({4, 6}),
        notes=cut_short(len(rows), "record_changes"),
    )  # fmt: skip
    return Fold(summary="For auditors: each changed value and vanished record by file and row", tables=(table,))


def _named(row: Record) -> str:
    """Returns `QS MADRSTOT qsstresn`: domain, test and variable, or that it is the record as a whole."""
    parts = (row["domain"], row["test"], row["variable"] or "(record)")
    return " ".join(str(part) for part in parts if part) or MISSING
