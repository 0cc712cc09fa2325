"""One file a site: its queries in the shape in which it works them off, as CSV or xlsx.

Rule    a file holds the queries of one site and nothing of another; it names where to look, never what stands there;
        no cell is a formula, whatever text it was made of; the same register gives the same bytes
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines.core.files import write_atomically
from pipelines.core.hashing import sha256_bytes
from pipelines.core.spreadsheet import csv_bytes
from pipelines.cut import short_id
from pipelines.ledger import Event, audited, record
from pipelines.queries.answers import ANSWERS, SHEET

if TYPE_CHECKING:
    from pipelines.queries.register import Query, Register
    from pipelines.study import Study

Format = Literal["csv", "xlsx"]
# Column, and how wide it is in a workbook.
_COLUMNS = {
    "query_id": 18, "status": 10, "severity": 9, "usubjid": 20, "avisit": 12, "item": 20, "what_should_hold": 60,
    "check_id": 18, "source_file": 30, "row": 8, "opened_on": 12, "answer": 14, "comment": 50,
}  # fmt: skip
_MADE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's time has no zone; fixed, so that the bytes are


@dataclass(frozen=True, kw_only=True)
class ExportReceipt:
    """The files written, by site."""

    study: str
    files: dict[str, Path]
    queries: dict[str, int]


@audited
def export_queries(study: Study, register: Register, directory: Path, *, form: Format = "xlsx") -> ExportReceipt:
    """Writes a file for each site that has queries in `register`; one of the same name is replaced."""
    files: dict[str, Path] = {}
    counts: dict[str, int] = {}
    happened: list[Event] = []
    newest = short_id(register.cuts[-1]) if register.cuts else "none"
    for site, of_site in groupby(register.queries, key=lambda one: one.siteid or "study"):
        rows = list(of_site)
        content = _csv(rows) if form == "csv" else _xlsx(rows)
        files[site] = directory / f"queries_{study.study}_{site}_{newest}.{form}"
        counts[site] = len(rows)
        write_atomically(files[site], content)
        happened.append(Event(action="export", object=f"queries {site}", new=sha256_bytes(content)))
    record(study.folder, *happened)
    return ExportReceipt(study=study.study, files=files, queries=counts)


def _cells(query: Query) -> list[str]:
    return [
        query.query_id, query.status, query.severity, query.usubjid or "", query.avisit or "", query.item or "",
        query.sentence, query.check_id, query.source_file or "", str(query.srcseq or ""), query.opened_on or "",
        query.answer or "", "",
    ]  # fmt: skip


def _csv(rows: Sequence[Query]) -> bytes:
    return csv_bytes(_COLUMNS, map(_cells, rows))


def _xlsx(rows: Sequence[Query]) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": "Queries", "author": "Afterglow", "created": _MADE})
    sheet = book.add_worksheet(SHEET)
    head = book.add_format({"bold": True, "bg_color": "#DDE5EE", "border": 1})
    plain = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    to_fill = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "bg_color": "#FFF8DC"})
    for column, (name, width) in enumerate(_COLUMNS.items()):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, head)
        for line, query in enumerate(rows, start=1):
            form = to_fill if name in {"answer", "comment"} else plain
            # Always as text, so that no cell is ever a formula.
            sheet.write_string(line, column, _cells(query)[column], form)
    answer = list(_COLUMNS).index("answer")
    explained = "\n".join(f"{word}: {meaning}" for word, meaning in ANSWERS.items())
    sheet.data_validation(
        1, answer, max(len(rows), 1), answer,
        {"validate": "list", "source": list(ANSWERS), "input_title": "Answer", "input_message": explained[:255]},
    )  # fmt: skip
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(rows), len(_COLUMNS) - 1)
    book.close()
    return content.getvalue()
