"""A trial of four sites for site monitoring: each of three has something wrong, by design, and S04 has nothing."""

from __future__ import annotations

import random
from pathlib import Path

from pipelines.land import land
from pipelines.study import Study
from tests.small_study import STUDY_FILE, deliver, make_study

LAYOUT = """\
monitoring: {ae_rate: {direction: low}}
layouts:
  edc:
    - file: subjects_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        age: {class: quasi, type: integer, range: [18, 90], to: dm.age}
        consent: {type: date, to: dm.rficdtc}
        dose_date: {type: date, to: ex.exstdtc}
    - file: scores_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        visit: {to: visit, required: true}
        day: {type: date, to: date}
        "madrs_{01..10}": {type: integer, to: "qs.MADRS.{01..10}"}
        systolic: {type: integer, to: vs.SYSBP}
        diastolic: {type: integer, to: vs.DIABP}
    - file: events_{date}.csv
      columns:
        id: {class: pseudonym, to: subject}
        term: {to: ae.aeterm}
        began: {type: date, to: ae.aestdtc}
"""
SITES = ("S01", "S02", "S03", "S04")
LISTED = "sites:\n" + "".join(f"  {site}: {{name: Site {site}, layout: edc}}\n" for site in SITES) + "arms:\n"
DAYS = {"BL": "01", "D2": "02", "W1": "08"}
SUBJECTS = 18


def study_text() -> str:
    """Returns the study file: the small study's, with other sites and files."""
    text = STUDY_FILE[: STUDY_FILE.index("sites:\n")] + LISTED + STUDY_FILE[STUDY_FILE.index("arms:\n") + 6 :]
    return text[: text.index("layouts:\n")].replace("design: parallel", "design: single_arm") + LAYOUT


def make_watched_trial(root: Path, *, shuffled: bool = False) -> Study:
    """Returns the study with its files landed.

    S01 reports no adverse event, S02 rounds blood pressures to 0 and 5, the changes of S03 are nearly all the same, and
    its subject 02 is 01 once more.
    """
    study = make_study(root, study_text())
    chance = random.Random(20261128)  # noqa: S311 - a made-up trial, no secret
    for site in SITES:
        for name, (header, rows) in _files(site, chance).items():
            if shuffled:
                random.Random(7).shuffle(rows)  # noqa: S311
            deliver(study, site, f"{name}_2026-03-01.csv", "\n".join([header, *rows, ""]))
    receipt = land(study)
    assert not receipt.refused
    return study


def _files(site: str, chance: random.Random) -> dict[str, tuple[str, list[str]]]:
    subjects, scores, events = [], [], []
    for number in range(1, SUBJECTS + 1):
        key, age, severity = f"{number:02d}", chance.randint(20, 70), chance.randint(24, 36)
        answers = {visit: _items(site, visit, severity, chance) for visit in DAYS}
        if (site, number) == ("S03", 1):
            copied = (age, answers)
        if (site, number) == ("S03", 2):
            age, answers = copied
        subjects.append(f"{key},{age},2025-12-20,2026-01-01")
        for visit, day in DAYS.items():
            pressures = [_pressure(site, middle, chance) for middle in (125, 80)]
            scores.append(f"{key},{visit},2026-01-{day},{','.join(map(str, [*answers[visit], *pressures]))}")
        if site != "S01":
            terms = chance.sample(["Headache", "Nausea", "Dizziness", "Fatigue"], chance.choice((0, 1, 1, 2, 2, 3)))
            events += [f"{key},{term},2026-01-0{chance.randint(1, 6)}" for term in terms]
    items = ",".join(f"madrs_{item:02d}" for item in range(1, 11))
    return {
        "subjects": ("id,age,consent,dose_date", subjects),
        "scores": (f"id,visit,day,{items},systolic,diastolic", scores),
        "events": ("id,term,began", events),
    }


def _items(site: str, visit: str, severity: int, chance: random.Random) -> list[int]:
    falls = {"BL": 0, "D2": 8, "W1": 12}[visit]
    spread = (0 if site == "S03" else chance.randint(-10, 10)) if falls else 0
    total = max(severity - falls + spread, 5)
    items = [total // 10] * 10
    for place in chance.sample(range(10), total % 10):
        items[place] += 1
    # Two items trade a point, so that one total has many patterns.
    higher, lower = chance.sample(range(10), 2)
    if items[higher] < 6 and items[lower] > 0:
        items[higher], items[lower] = items[higher] + 1, items[lower] - 1
    return items


def _pressure(site: str, middle: int, chance: random.Random) -> int:
    reading = middle + chance.randint(-19, 20)
    return 5 * round(reading / 5) if site == "S02" else reading
