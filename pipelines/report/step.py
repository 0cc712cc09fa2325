"""Step 4, report: statistics, figures, tables and the validation report, as static pages inside the candidate.

Reads   cut.duckdb, inputs.json, catalogue.json and gate/ of one cut, and the study file it was made from
Writes  report/*.html and report/statistics.json (every number in the tables, with more digits)
Rule    the same cut gives the same bytes; no page runs a script, loads an asset or shows a subject's value
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.core.errors import StudyFileError
from pipelines.core.files import directory_written_whole
from pipelines.ledger import Event, audited, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.cut import Cut
    from pipelines.report.content import Content, Table
    from pipelines.report.header import Header
    from pipelines.report.tables import CutData
    from pipelines.study import Study

STATISTICS = "statistics.json"
_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class ReportReceipt:
    """What the report is: `path` is its first page, `pages` all of them; `reused` when it was there already."""

    cut_id: str
    path: Path
    pages: tuple[str, ...]
    reused: bool


@audited
def report(study: Study, cut_id: str) -> ReportReceipt:
    """Writes the report of a cut that was gated, blocked or not; one that is there is not written again.

    Raises:
        IntegrityError: the gate has not run on this cut, or its catalogue is gone.
        StudyFileError: the study file is not the one that the cut was made from.
        BusyError: another process works on the study.
    """
    from pipelines.cut import Cut, readers_of
    from pipelines.report.pages import PAGES

    cut = Cut(study.folder, cut_id)
    receipt = ReportReceipt(
        cut_id=cut_id, path=cut.report / "index.html", pages=tuple(file for file, _ in PAGES), reused=True
    )
    if cut.report.is_dir():
        return _recorded(study, receipt)
    _check_study_file(study, cut)
    readers = readers_of(study.folder, cut.inputs)
    with study.folder.lock(), directory_written_whole(cut.report, change="report.pages", readers=readers) as directory:
        pages = _pages(study, cut)
        for name, text in pages.items():
            (directory / name).write_text(text, encoding="utf-8", newline="\n")
    return _recorded(study, replace(receipt, reused=False))


def _recorded(study: Study, receipt: ReportReceipt) -> ReportReceipt:
    record(study.folder, Event(action="report", object=f"cut {receipt.cut_id}", new=f"{len(receipt.pages)} pages"))
    return receipt


def _check_study_file(study: Study, cut: Cut) -> None:
    from pipelines.cut import is_same_study

    if not is_same_study(study, cut):
        msg = (
            f"{study.name}: study.yml or its metadata was changed after cut {cut.short_id} was built, and a report"
            f" shows the values that were used. Run `afterglow build {study.name}` for a cut of the new files, or"
            " restore the old ones."
        )
        raise StudyFileError(msg)


def _pages(study: Study, cut: Cut) -> dict[str, str]:
    from pipelines.report import dictionary, lineage
    from pipelines.report.assembly import assembled
    from pipelines.report.header import header
    from pipelines.report.pages import render
    from pipelines.report.tables import opened

    with opened(study, cut) as data:
        content = assembled(data)
        top = header(
            study,
            cut.cut_id,
            cut.inputs,
            verdict=data.gate.verdict,
            blocking=data.gate.blocking,
        )
        pages = {
            file: render(file, top, content=content, sections=content.sections[file], absent=content.absent)
            for file in content.sections
        }
        pages["validation.html"] = _validation(data, top)
    tables = dictionary.catalogue(cut)
    pages["dictionary.html"] = render("dictionary.html", top, sections=dictionary.sections(tables))
    pages["lineage.html"] = render("lineage.html", top, sections=lineage.sections(tables))
    pages[STATISTICS] = _statistics(content)
    return pages


def _validation(data: CutData, top: Header) -> str:
    from pipelines.report import quality
    from pipelines.report.pages import render

    tally = Counter(check["verdict"] for check in data.gate.checks)
    return render(
        "validation.html",
        top,
        total=f"{len(data.gate.checks):,d}",
        tally=[(verdict, tally[verdict]) for verdict in reversed(quality.VERDICTS)],
        verdicts=quality.VERDICTS,
        attention=quality.attention(data),
        groups=quality.check_groups(data),
    )


def _statistics(content: Content) -> str:
    rounded = {name: _rounded(records) for name, records in content.statistics.items()}
    return json.dumps(rounded, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        # Past these digits a special function may differ from one processor to the next; -0.0 is 0.0.
        return round(value, _DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return value


def signatures_page(
    study: Study,
    cut: Cut,
    signatures: list[dict[str, Any]],
    waivers: Sequence[dict[str, Any]] = (),
    changes: Sequence[dict[str, Any]] = (),
    ledger: str = "",
    opened: dict[str, Any] | None = None,
) -> str:
    """Returns the page of the signatures and waivers given to a cut, in the look of its report.

    Args:
        study: the study.
        cut: the cut that was signed; its gate has run.
        signatures: records with name, role, meaning, method, signed_at (UTC) and manifest_sha256; `reason` is optional.
        waivers: records with check_id, scope, rows, reason, name, role, signed_at (UTC) and until.
        changes: records of checks with their verdicts over the cuts (`pipelines.history`); none for a first cut.
        ledger: number and hash of the last event of the audit trail, as the seal has it.
        opened: of an unblinded cut, the request and the signed statements that opened the arms.
    """
    from pipelines.gate.verdict import read_verdict
    from pipelines.report.content import Table
    from pipelines.report.formats import text
    from pipelines.report.header import header, signed
    from pipelines.report.pages import SIGNATURES, render

    verdict = read_verdict(cut)
    top = header(
        study,
        cut.cut_id,
        cut.inputs,
        verdict=verdict.verdict,
        blocking=verdict.blocking,
        waived=bool(waivers),
    )
    keys = ("name", "role", "meaning", "reason", "method", "signed_at")
    shown = [signature | {"method": _METHODS.get(signature.get("method", ""))} for signature in signatures]
    bound = sorted({str(signature["manifest_sha256"]) for signature in signatures if "manifest_sha256" in signature})
    table = Table(
        caption="Signatures on this cut's manifest",
        columns=("Printed name", "Role", "Meaning", "Reason", "Signed with", "Time (UTC)"),
        rows=tuple(tuple(text(signature.get(key)) for key in keys) for signature in shown),
        words=frozenset(range(1, len(keys))),
        notes=tuple(f"SHA-256 of the manifest that they are bound to: {each}" for each in bound),
    )
    sentence = signed(study, len(signatures))
    return render(
        SIGNATURES,
        top,
        signatures=table,
        opened=_opened(opened or {}),
        waivers=_waivers(waivers),
        changes=_changes(changes),
        sentence=sentence,
        ledger=ledger,
    )


# How a signature's method reads.
_METHODS = {"cli": "own key, command line", "airflow": "Airflow's form", "demo": "demo key, of nobody"}


def _opened(opened: dict[str, Any]) -> Table:
    from pipelines.report.content import Table
    from pipelines.report.formats import text

    reason = opened.get("request", {}).get("reason")
    given = sorted(opened.get("signatures", ()), key=lambda one: (one["signed_at"], one["name"]))
    return Table(
        caption="Who opened the arms",
        columns=("Printed name", "Role", "Reason", "Time (UTC)"),
        rows=tuple((text(one["name"]), text(one["role"]), text(reason), text(one["signed_at"])) for one in given),
        words=frozenset(range(1, 4)),
    )


def _waivers(waivers: Sequence[dict[str, Any]]) -> Table:
    from pipelines.report.content import Table
    from pipelines.report.formats import text

    keys = ("check_id", "scope", "rows", "reason", "name", "role", "signed_at", "until")
    return Table(
        caption="Checks that failed and were waived for this cut",
        columns=("Check", "For", "Rows", "Reason", "Printed name", "Role", "Time (UTC)", "Holds until"),
        rows=tuple(tuple(text(waiver[key]) for key in keys) for waiver in waivers),
        words=frozenset({1, 3, 4, 5}),
    )


def _changes(checks: Sequence[dict[str, Any]]) -> Table:
    from pipelines.report.content import Table
    from pipelines.report.formats import count
    from pipelines.report.header import BADGES

    words = {verdict: word for verdict, (_, _, word) in BADGES.items()} | {"": "not checked"}
    return Table(
        caption="Checks that found something in this cut or in one published before it",
        columns=("Check", "Sentence", "Severity", "In the cut before", "In this cut", "New", "Open", "Back", "Gone"),
        rows=tuple(
            (
                check["check_id"],
                check["sentence"],
                check["severity"],
                *(words[verdict] for verdict in check["verdicts"][-2:]),
                *(count(check[state]) for state in ("new", "open", "back", "gone")),
            )
            for check in checks
        ),
        words=frozenset({1, 2, 3, 4}),
        notes=(
            "New, open, back and gone count failing rows.",
            "Back: put right once, and failing again. Gone: failing no more.",
        ),
    )
