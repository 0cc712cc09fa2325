"""Trials to trace in: a CSV with one row a visit, one with one column a visit, a SAS transport file, a correction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipelines.build import build
from pipelines.land import land
from pipelines.simulate.tables import Table
from pipelines.simulate.xpt import xpt_bytes
from pipelines.study import Study
from pipelines.trace import Source, Step, trace
from tests.build.trial import ALLOCATION, NONE, SUBJECTS, TRIAL
from tests.small_study import deliver, make_study, scores_file, scores_row

MORE = """\
sections: {baseline: "6.2", missing_rules: "9.4"}
layouts:
  wide:
    - file: wide_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        dosed: {type: date, to: ex.exstdtc}
        madrs_bl: {type: integer, to: qs.MADRS.total, visit: BL}
        madrs_w1: {type: integer, to: qs.MADRS.total, visit: W1}
"""
EVENTS = """\
    - file: events_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        term: {to: ae.aeterm}
        start: {type: date, to: ae.aestdtc}
"""
TEXT = (
    TRIAL.replace("missing_rules: [observed, locf, nri]", "missing_rules: [observed, locf, bocf, nri]")
    .replace("layout: edc}\n  S03", "layout: wide}\n  S03")
    .replace("layouts:\n", MORE)
    .replace("  sdtm:\n", f"{EVENTS}  sdtm:\n")
    .replace("visitnum: 2, label: Week 1,", 'visitnum: 2, label: Week 1, section: "6.1",')
)
MADRS = [f"MADRS{item:02d}" for item in range(1, 11)]


def scores(corrected: str) -> str:
    """Returns the scores; 001's first item at baseline was corrected later, 006 missed week 1."""
    return scores_file(
        scores_row("001", "BL", "2026-01-05", f"{corrected},3,3,3,3,3,3,3,3,3", "", note="MRS SECRET"),
        scores_row("001", "D2", "2026-01-06", NONE, "10"),
        scores_row("001", "W1", "2026-01-12", NONE, "9"),
        scores_row("002", "BL", "2026-01-05"),
        scores_row("002", "D2", "2026-01-06", NONE, "15"),
        scores_row("002", "W1", "2026-01-15", NONE, "16"),
        scores_row("003", "BL", "2026-01-05"),
        scores_row("003", "W1", "2026-01-12", NONE, "12"),
        scores_row("006", "BL", "2026-01-05"),
        scores_row("006", "D2", "2026-01-06", NONE, "14"),
    )


def transport_file() -> bytes:
    """Returns a subject's baseline items, an item a row, and the total of day 2."""
    rows = [["SMALL", "QS", "SMALL-S03-001", code, "2", "BL", "2026-01-05"] for code in MADRS]
    rows.append(["SMALL", "QS", "SMALL-S03-001", "MADRSTOT", "9", "D2", "2026-01-06"])
    columns = ("STUDYID", "DOMAIN", "USUBJID", "QSTESTCD", "QSSTRESN", "VISIT", "QSDTC")
    table = Table(
        site="S03", kind="qs", suffix="xpt", columns=columns, rows=rows, exported=date(2026, 3, 1),
        numeric=frozenset({"QSSTRESN"}),
    )  # fmt: skip
    return xpt_bytes(table)


def make_traced(root: Path, text: str = TEXT) -> Study:
    """Returns the study, landed and built."""
    study = make_study(root, text)
    deliver(study, "S01", "subjects_2026-03-01.csv", f"{SUBJECTS}006,44,2026-01-02,2026-01-05,,\n")
    deliver(study, "S01", "scores_2026-02-01.csv", scores("4"))
    deliver(study, "S01", "scores_2026-03-01.csv", scores("3"))
    deliver(study, "S01", "events_2026-03-01.csv", "id,term,start\n001,Nausea,2026-01-05\n")
    deliver(study, "S02", "wide_2026-03-01.csv", "id,dosed,madrs_bl,madrs_w1\n007,2026-01-05,28,11\n")
    deliver(study, "S03", "qs_2026-03-01.xpt", transport_file())
    allocation = f"{ALLOCATION}S01,006,PBO,2026-01-04\nS02,007,KET,2026-01-04\n"
    deliver(study, "IRT", "allocation_2026-03-01.csv", allocation)
    receipt = land(study)
    assert not receipt.refused
    build(study)
    return study


def row_of(study: Study, table: str, subject: str, **filters: str) -> Step:
    """Returns the link of one row, which must be whole."""
    receipt = trace(study, table, usubjid=f"SMALL-{subject}", filters=filters)
    assert receipt.wrong == ()
    assert receipt.row is not None, receipt.choices
    return receipt.row


def step_of(step: Step, what: str) -> Step:
    """Returns the one link directly below that begins with these words."""
    (found,) = [below for below in step.steps if below.what.startswith(what)]
    return found


def sources_of(step: Step) -> Iterator[Source]:
    """Yields every delivered row of a chain."""
    for one in step.walk():
        yield from one.sources


def places(step: Step) -> set[tuple[str, int]]:
    """Returns the file and row of every delivered row of a chain."""
    return {(one.file, one.row) for one in sources_of(step)}
