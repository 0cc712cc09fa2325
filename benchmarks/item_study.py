"""A synthetic trial for the benchmarks: MADRS by item, one long CSV a site, and the study file to land it.

20 sites, 12 visits, 10 items; 1 % of the scores missing, 0.1 % out of range. Numbers come from a fixed seed a site. For
what is derived from them a second file a site holds its subjects: age, sex, consent, first dose and arm.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

SITES, VISITS, ITEMS = 20, 12, 10
FILE = "items_2026-06-30.csv"
SUBJECTS_FILE = "subjects_2026-06-30.csv"
_DAYS = (-14, 0, 1, 7, 14, 21, 28, 42, 56, 84, 112, 140)
_CODES = ("SCR", "BL", "D2", "W1", "W2", "W3", "W4", "W6", "W8", "W12", "W16", "W20")

_STUDY = """\
study: BENCH
title: Synthetic item-level scores
design: parallel
blinding: open
signoff: none
sites:
{sites}
arms:
  KET: {{label: Ketamine, role: experimental}}
  PBO: {{label: Placebo, role: control}}
visits:
{visits}
instruments: [MADRS]
endpoints:
  instrument: MADRS
  response: {{min_reduction_pct: 50, section: "1"}}
  remission: {{max_score: 10, section: "1"}}
missing_rules: [{missing_rules}]
durability:
  - paramcd: TTRELAPS
    param: Time from first response to relapse
    relapse: {{min_score: 22, assessments: 2, days_apart: [5, 15]}}
    section: "1"
layouts:
  long:
    - file: items_{{date}}.csv
      constants: {{qs.qscat: MADRS}}
      columns:
        subject: {{class: pseudonym, to: subject}}
        visit: {{to: visit, required: true}}
        assessed_on: {{type: date, to: date}}
        item: {{codes: {items}, to: qs.qstestcd}}
        score: {{type: integer, to: qs.qsstresn}}
"""
_SUBJECTS = """\
    - file: subjects_{date}.csv
      constants: {ex.extrt: STUDY DRUG}
      columns:
        subject: {class: pseudonym, to: subject, required: true}
        age: {class: quasi, type: integer, to: dm.age}
        sex: {class: quasi, codes: [F, M], to: dm.sex}
        consent: {type: date, to: dm.rficdtc}
        arm: {class: treatment, codes: [KET, PBO], to: dm.arm}
        dosed_on: {type: date, to: ex.exstdtc}
"""


def write_study(root: Path, rows: int, *, subjects: bool = False, missing_rules: str = "observed, locf, nri") -> None:
    """Writes a study of `rows` item rows, in equal parts for the sites, into the folder `root`.

    With `subjects` each site delivers its subjects too: without them nothing can be derived, and landing need not.
    """
    root.mkdir(parents=True, exist_ok=True)
    sites = "\n".join(f"  {_site(number)}: {{name: Site {number}, layout: long}}" for number in range(1, SITES + 1))
    visits = "\n".join(
        f"  - {{visit: {code}, visitnum: {number}, label: Visit {code}, day: {day + 1 if day >= 0 else day}, "
        f"window: [{day + 1 if day >= 0 else day}, {day + 1 if day >= 0 else day}]"
        f"{', baseline: true' if code == 'BL' else ''}}}"
        for number, (code, day) in enumerate(zip(_CODES, _DAYS, strict=True), start=1)
    )
    items = "[" + ", ".join(_tests()) + "]"
    text = _STUDY.format(sites=sites, visits=visits, items=items, missing_rules=missing_rules)
    (root / "study.yml").write_text(text + (_SUBJECTS if subjects else ""), encoding="utf-8")
    for number in range(1, SITES + 1):
        write_site(root, number, rows // SITES, seed=number, subjects_too=subjects)


def write_site(root: Path, number: int, rows: int, *, seed: int, subjects_too: bool = False) -> None:
    """Writes one site's export, and its subjects' where `subjects_too`."""
    random = np.random.default_rng(seed)
    subjects = -(-rows // (VISITS * ITEMS))
    subject, visit, item = (place.ravel()[:rows] for place in np.indices((subjects, VISITS, ITEMS)))
    first = np.datetime64("2025-01-06") + random.integers(0, 300, subjects)
    score = random.integers(0, 7, rows).astype(np.int32)
    score[random.random(rows) < 0.01] = 7
    score[random.random(rows) < 0.001] = 8
    table = pa.table(
        {
            "subject": _named(subject, [f"{_site(number)}-{one:07d}" for one in range(subjects)]),
            "visit": _named(visit, list(_CODES)),
            "assessed_on": pa.array(first[subject] + np.array(_DAYS)[visit]).cast(pa.string()),
            "item": _named(item, _tests()),
            "score": _named(score, [*map(str, range(7)), "", "9"]),
        }
    )
    folder = root / "inbox" / _site(number)
    folder.mkdir(parents=True, exist_ok=True)
    options = csv.WriteOptions(quoting_style="none", quoting_header="none")
    csv.write_csv(table, folder / FILE, options)
    if subjects_too:
        days = pa.array(first).cast(pa.string())
        enrolled = pa.table(
            {
                "subject": [f"{_site(number)}-{one:07d}" for one in range(subjects)],
                "age": random.integers(18, 66, subjects),
                "sex": ["F" if one % 3 else "M" for one in range(subjects)],
                "consent": pa.array(first - 14).cast(pa.string()),
                "arm": ["KET" if one % 2 else "PBO" for one in range(subjects)],
                "dosed_on": days,
            }
        )
        csv.write_csv(enrolled, folder / SUBJECTS_FILE, options)


def _site(number: int) -> str:
    return f"S{number:02d}"


def _tests() -> list[str]:
    return [f"MADRS{item:02d}" for item in range(1, ITEMS + 1)]


def _named(places: np.ndarray, names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), pa.array(names)).dictionary_decode()
