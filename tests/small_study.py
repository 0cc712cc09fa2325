"""A study of two sites and two export files, small enough to be read whole; tests change what they are about."""

from __future__ import annotations

from pathlib import Path

from pipelines.study import Study, load_study

STUDY_FILE = """\
study: SMALL
title: A small trial
design: parallel
blinding: open
signoff: none
quarantine_limit_pct: 60
sites:
  S01: {name: First, layout: edc}
  S02: {name: Second, layout: edc}
  S03: {name: Third, layout: sdtm}
  IRT: {name: Randomisation, kind: vendor, layout: irt}
arms:
  KET: {label: Ketamine, role: experimental}
  PBO: {label: Placebo, role: control}
visits:
  - {visit: BL, visitnum: 0, label: Baseline, day: 1, window: [-7, 1], baseline: true}
  - {visit: D2, visitnum: 1, label: Day 2, day: 2, window: [2, 4]}
  - {visit: W1, visitnum: 2, label: Week 1, day: 8, window: [5, 11]}
instruments: [MADRS]
endpoints:
  instrument: MADRS
  response: {min_reduction_pct: 50, section: "4.2"}
  remission: {max_score: 10, section: "4.2"}
missing_rules: [observed, locf, nri]
biomarkers:
  CRP: {label: C-reactive protein, unit: mg/L, conversions: {mg/dL: 10}}
layouts:
  edc:
    - file: subjects_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        age: {class: quasi, type: integer, range: [18, 90], to: dm.age}
        consent: {type: date, to: dm.rficdtc}
        dose_date: {type: date, to: ex.exstdtc}
    - file: scores_{date}.csv
      format: {type: delimited, missing: ["", "NA"]}
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit, required: true}
        day: {type: date, to: date}
        "madrs_{01..10}": {type: integer, to: "qs.MADRS.{01..10}"}
        total: {type: integer, to: qs.MADRS.total}
        crp: {type: number, unit: mg/L, to: lb.CRP}
        note: {class: free_text}
  sdtm:
    - {file: "qs_{date}.xpt", format: {type: xpt}, sdtm: qs}
  irt:
    - file: allocation_{date}.csv
      constants: {ds.dsdecod: RANDOMIZED}
      columns:
        site: {class: pseudonym, to: site}
        id: {class: pseudonym, to: subject}
        arm: {class: treatment, codes: [KET, PBO], to: ds.arm}
        day: {type: date, to: ds.dsstdtc}
"""

SCORES_HEADER = "id,visit,day," + ",".join(f"madrs_{item:02d}" for item in range(1, 11)) + ",total,crp,note"


def scores_row(
    subject: str = "001",
    visit: str = "BL",
    day: str = "2026-01-05",
    items: str = "3,3,3,3,3,3,3,3,3,3",
    total: str = "30",
    crp: str = "1.5",
    note: str = "",
) -> str:
    """Returns one row of a scores file."""
    return f"{subject},{visit},{day},{items},{total},{crp},{note}"


def scores_file(*rows: str) -> str:
    """Returns a scores file of these rows."""
    return "\n".join([SCORES_HEADER, *rows, ""])


def make_study(root: Path, text: str = STUDY_FILE) -> Study:
    """Returns a study in the folder `root`, with an empty inbox."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "study.yml").write_text(text, encoding="utf-8")
    return load_study(root)


def deliver(study: Study, site: str, file: str, content: str | bytes) -> Path:
    """Puts a file into a site's folder of the inbox."""
    path = study.folder.inbox / site / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
