"""Files that landing must refuse whole. None is the newest of its kind: the trial is complete without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.simulate.deliver_csv import csv_tables
from pipelines.simulate.deliver_xpt import xpt_tables
from pipelines.simulate.planting import Defect
from pipelines.simulate.protocol import EXPORT_BEFORE
from pipelines.simulate.tables import Table, csv_bytes
from pipelines.simulate.trial import Participant
from pipelines.simulate.xpt import xpt_bytes

_LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Your session has expired.</body></html>\n"
)
_SCREENING_LOG = b"record_id,called_on,outcome\n101,2025-08-04,not eligible\n"


@dataclass(frozen=True, kw_only=True)
class RefusedFile:
    """A file's bytes and the code with which landing must refuse it."""

    site: str
    file: str
    content: bytes
    kind: str
    code: str

    def defect(self) -> Defect:
        """Returns the file as a planted defect."""
        return Defect(
            table=None,
            site=self.site,
            file=self.file,
            row=None,
            column=None,
            kind=self.kind,
            found_by="landing",
            code=self.code,
        )


def refused_files(people: Sequence[Participant]) -> list[RefusedFile]:
    """Returns one file for each reason."""

    def earlier(site: str, kind: str) -> Table:
        return _table(people, site, kind, EXPORT_BEFORE)

    s04, s05, s07, s08, s12 = (
        earlier("S04", "visits"),
        earlier("S05", "visits"),
        earlier("S07", "dosing"),
        earlier("S08", "visits"),
        earlier("S12", "ae"),
    )
    s08.columns = (*s08.columns, "rater_comment")
    for row in s08.rows:
        row.append("")
    s07.rows[11].append("checked")
    cut_csv, cut_xpt = csv_bytes(s05), xpt_bytes(s12)
    return [
        _refused("S01", "visits_2026-04-30.csv", _LOGIN_PAGE, "a sign-in page instead of the export", "F_MAGIC"),
        _refused("S04", s04.file, csv_bytes(s04).replace(b",", b";"), "semicolons instead of commas", "F_DIALECT"),
        _refused(
            "S05", s05.file, cut_csv[: len(cut_csv) * 2 // 3 - 5], "file cut in the middle of a row", "F_TRUNCATED"
        ),
        _refused("S06", "screening_log_2026-06-30.csv", _SCREENING_LOG, "file of no declared export", "F_FILE_UNKNOWN"),
        _refused("S07", s07.file, csv_bytes(s07), "a row with one field too many", "F_RAGGED"),
        _refused("S08", s08.file, csv_bytes(s08), "undeclared column", "F_CONTRACT"),
        _refused("S12", s12.file, cut_xpt[: len(cut_xpt) // 2 - 13], "transport file cut in half", "F_TRUNCATED"),
    ]


def _refused(site: str, file: str, content: bytes, kind: str, code: str) -> RefusedFile:
    return RefusedFile(site=site, file=file, content=content, kind=kind, code=code)


def _table(people: Sequence[Participant], site: str, kind: str, exported: date) -> Table:
    own = [person for person in people if person.subject.site == site]
    make = csv_tables if kind in {"visits", "dosing"} else xpt_tables
    return next(table for table in make(site, own, exported) if table.kind == kind)
