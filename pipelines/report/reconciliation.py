"""Reconciliation: how the delivered rows and the records made of them add up to what is published."""

from __future__ import annotations

from pipelines.report.content import Fold, Record, Section, Table
from pipelines.report.formats import MISSING, count, short, text
from pipelines.report.quality import ROWS_SHOWN, cut_short
from pipelines.report.tables import CutData

_ROWS = {"delivered": "Delivered", "landed": "Accepted", "set_aside": "Set aside", "refused": "Refused"}
_RECORDS = {
    "landed": "Landed",
    "superseded": "Replaced by a newer file",
    "absent_since": "Absent since",
    "undone": "Undone",
    "after_cutoff": "After the cutoff",
    "restated": "Restated",
    "not_asked": "Not asked for",
    "derived": "Read, in no row",
    "published": "Published",
    "unexplained": "Unexplained",
}


def section(data: CutData) -> tuple[Section, list[Record]]:
    """Returns one line a domain, and on demand one a file; a line with something unexplained blocks the cut."""
    lines = data.gate.reconciliation
    rows = [line for line in lines if line["unit"] == "ROWS"]
    records = [line for line in lines if line["unit"] == "RECORDS"]
    domains = sorted({(text(line["domain"]), text(line["read_by"])) for line in records})
    totals: list[Record] = [
        {"domain": domain, "table": table}
        | {part: sum(line[part] or 0 for line in records if line["domain"] == domain) for part in _RECORDS}
        for domain, table in domains
    ]
    delivered = {part: sum(line[part] or 0 for line in rows) for part in _ROWS}
    unreadable = sum(line["delivered"] is None for line in rows)
    unexplained = sum(bool(line["unexplained"] is None or line["unexplained"]) for line in lines)
    by_domain = Table(
        caption="Records by domain, from landed to published",
        columns=("Domain", "Table", *_RECORDS.values()),
        rows=tuple((total["domain"], total["table"], *(count(total[part]) for part in _RECORDS)) for total in totals),
        heads=2,
    )
    sentence = (
        f"{count(delivered['delivered'])} rows were delivered: {count(delivered['landed'])} accepted,"
        f" {count(delivered['set_aside'])} set aside, {count(delivered['refused'])} refused with their file."
        f"{_told(unreadable)} Every record of them is published or left out for a reason below."
        if not unexplained
        else f"{count(unexplained)} lines do not add up: rows or records are lost or doubled, and the cut is blocked."
    )
    result = Section(
        anchor="reconciliation",
        title="Reconciliation",
        sentence=sentence if lines else "The rows could not be followed from delivery to publishing.",
        help=(
            (
                "A delivered row makes records of one or more domains. Of each file, landed records = replaced by a"
                " newer file + absent since + undone by a later transaction + after the data cutoff + restated by a"
                " later file + not asked for by the study file + read for what they say of a subject, without a row"
                " of their own + published. Each is counted by itself. Records that lie in the vault are not counted."
                " The rows of a refused file are those that its reader counted, or the lines of a text file behind"
                " its header; a file that could not be read at all is named as not readable."
            ),
        ),
        tables=(by_domain,) if lines else (),
        folds=(_by_file(data, list(lines)),) if lines else (),
        sources=("reconciliation",),
    )
    return result, totals


def _told(unreadable: int) -> str:
    if not unreadable:
        return ""
    return (
        f" {count(unreadable)} refused file{'s' if unreadable > 1 else ''} could not be read: its rows are not known."
    )


def _cell(line: Record, part: str) -> str:
    if line[part] is not None:
        return count(line[part])
    return "not readable" if line["unit"] == "ROWS" and part in {"delivered", "refused"} else MISSING


def _by_file(data: CutData, lines: list[Record]) -> Fold:
    parts = {**_ROWS, **{part: label for part, label in _RECORDS.items() if part != "landed"}}
    table = Table(
        caption="By delivered file: its rows, then the records of each domain",
        columns=("From", "File", "SHA-256", "Counted", *parts.values()),
        rows=tuple(
            (
                data.site_label(line["siteid"]), text(line["source_file"]), short(text(line["delivery_id"])),
                "rows" if line["unit"] == "ROWS" else text(line["domain"]),
                *(_cell(line, part) for part in parts),
            )
            for line in lines[:ROWS_SHOWN]
        ),
        grouped=True,
        words=frozenset({3}),
        hashes=frozenset({1, 2}),
        notes=cut_short(len(lines), "gate/reconciliation.parquet"),
    )  # fmt: skip
    return Fold(summary="By file", tables=(table,))
