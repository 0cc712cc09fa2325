"""Deliveries, quarantine and the gate's checks: what came, what was set aside, what was tested."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pipelines.report.content import Checks, Record, Section, Table
from pipelines.report.formats import count, number, short, text
from pipelines.report.tables import CutData

VERDICTS = ("ERROR", "FAIL", "PASS_WITH_ROWS", "PASS")
ROWS_SHOWN = 500


@dataclass(frozen=True, kw_only=True)
class CheckGroup:
    """The checks of one table at one gate."""

    anchor: str
    gate: str
    table_name: str
    tally: Counter[str]
    checks: tuple[Record, ...]


def check_groups(data: CutData) -> tuple[CheckGroup, ...]:
    """Returns every check of the gate, grouped by gate and table."""
    order = {"landed": 0, "curated": 1, "published": 2}
    keys = sorted(
        {(check["gate"], check["table_name"]) for check in data.gate.checks},
        key=lambda key: (order.get(key[0], 9), key),
    )
    sites: dict[str, str] = {}
    for row in data.gate.failing_by_site:
        entry = f"{row['siteid'] or 'no site'}: {row['n']}"
        sites[row["check_id"]] = f"{sites[row['check_id']]}, {entry}" if row["check_id"] in sites else entry
    return tuple(
        CheckGroup(
            anchor=_anchor(gate, table),
            gate=gate,
            table_name=table,
            tally=Counter(check["verdict"] for check in of_table),
            checks=tuple(
                {
                    **check,
                    "rows_checked": count(check["rows_checked"]),
                    "rows_failed": count(check["rows_failed"]),
                    "sites": sites.get(check["check_id"], ""),
                }
                for check in of_table
            ),
        )
        for gate, table in keys
        for of_table in [[check for check in data.gate.checks if (check["gate"], check["table_name"]) == (gate, table)]]
    )


def _anchor(gate: str, table: str) -> str:
    return f"{gate}-{table}".replace("_", "-")


def counts(data: CutData, tables: tuple[str, ...]) -> Checks | None:
    """Returns how the checks on these tables ended, or None when there were none."""
    verdicts = Counter(check["verdict"] for check in data.gate.checks if check["table_name"] in tables)
    if not verdicts:
        return None
    anchors = {check["table_name"]: _anchor(check["gate"], check["table_name"]) for check in data.gate.checks}
    curated = {
        check["table_name"]: _anchor("curated", check["table_name"])
        for check in data.gate.checks
        if check["gate"] == "curated"
    }
    links = {**anchors, **curated}
    return Checks(
        links=tuple((table, links[table]) for table in tables if table in links),
        passed=verdicts["PASS"],
        with_rows=verdicts["PASS_WITH_ROWS"],
        failed=verdicts["FAIL"] + verdicts["ERROR"],
    )


def deliveries(data: CutData) -> tuple[Section, list[Record]]:
    """Returns what each site and vendor delivered."""
    rows = data.rows("select * from deliveries order by siteid, file, delivered_on, delivery_id")
    table = Table(
        caption="Deliveries",
        columns=(
            "From", "File", "Delivered on", "Outcome", "Codes", "Rows", "Accepted", "Quarantined", "Used", "SHA-256",
        ),
        rows=tuple(
            (
                data.site_label(row["siteid"]), text(row["file"]), text(row["delivered_on"]),
                text(row["outcome"]).replace("_", " ").lower(), text(row["codes"]).replace(",", ", "),
                count(row["rows_in"]), count(row["rows_accepted"]), count(row["rows_quarantined"]),
                "yes" if row["is_current"] else "no", short(row["delivery_id"]),
            )
            for row in rows
        ),
        grouped=True,
        words=frozenset({3, 4, 8}),
        hashes=frozenset({1, 2, 9}),
        notes=("Used: the newest snapshot of a file, or any increment. The page Methods has the full hashes.",),
    )  # fmt: skip
    accepted, quarantined = (sum(row[key] or 0 for row in rows) for key in ("rows_accepted", "rows_quarantined"))
    section = Section(
        anchor="deliveries",
        title="Deliveries",
        sentence=(
            f"{count(len(rows))} {'file was' if len(rows) == 1 else 'files were'} delivered: {count(accepted)} rows"
            f" accepted, {count(quarantined)} set aside."
        ),
        help=(
            (
                "A delivery is accepted whole, in part with its bad rows set aside, or refused; it is never"
                " repaired. For each, rows = accepted + quarantined."
            ),
        ),
        tables=(table,),
        sources=("deliveries",),
    )
    return section, rows


def quarantine(data: CutData) -> tuple[Section, list[Record]]:
    """Returns counts of rows set aside by site, file, column, code and reason; never a value."""
    rows = data.rows(
        "select siteid, source_file, column_name, code, reason, count(*) as n from quarantine group by all order by all"
    )
    by_code = Counter[str]()
    for row in rows:
        by_code[text(row["code"])] += row["n"]
    total = by_code.total()
    tables = (
        Table(
            caption="By code",
            columns=("Code", "Findings", "Share"),
            rows=tuple((code, count(n), f"{number(100 * n / total)} %") for code, n in sorted(by_code.items())),
        ),
        Table(
            caption="By site, file and reason",
            columns=("Site", "File", "Column", "Code", "Reason", "Findings"),
            rows=tuple(
                (
                    data.site_label(row["siteid"]), text(row["source_file"]), text(row["column_name"]),
                    text(row["code"]), text(row["reason"]), count(row["n"]),
                )
                for row in rows[:ROWS_SHOWN]
            ),
            grouped=True,
            words=frozenset({4}),
            hashes=frozenset({1, 2, 3}),
            notes=cut_short(len(rows), "quarantine"),
        ),
    )  # fmt: skip
    section = Section(
        anchor="quarantine",
        title="Quarantine",
        sentence=(
            f"{count(total)} {'finding' if total == 1 else 'findings'} kept rows out of the tables until the site"
            " answers."
            if total
            else "No row was set aside."
        ),
        help=(
            (
                "A row that breaks its export's contract is set aside with a code and a reason, and the rest of the"
                " file lands. A row with two faults has two findings. Values are never shown; the source file and row"
                " are in the table quarantine."
            ),
        ),
        tables=tables if total else (),
        sources=("quarantine",),
    )
    return section, rows


def cut_short(rows: int, table: str) -> tuple[str, ...]:
    """Returns the note under a list that ends after `ROWS_SHOWN` lines, where it does."""
    if rows <= ROWS_SHOWN:
        return ()
    return (f"The first {count(ROWS_SHOWN)} of {count(rows)} lines; all are in the table {table}.",)


def attention(data: CutData) -> list[Record]:
    """Returns the checks that did not simply pass, worst first."""
    rank = {verdict: place for place, verdict in enumerate(VERDICTS)}
    severity = {"critical": 0, "major": 1, "minor": 2}
    return sorted(
        (check for check in data.gate.checks if check["verdict"] != "PASS"),
        key=lambda check: (rank.get(check["verdict"], 0), severity.get(check["severity"], 9), check["check_id"]),
    )
