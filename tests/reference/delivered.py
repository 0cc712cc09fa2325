"""Made-up subjects as the files of a data management, landed and built."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pipelines.build import build
from pipelines.cut import Cut
from pipelines.land import land
from pipelines.study import Study
from pipelines.study.catalogue import catalogue
from tests.reference.made_up import BY_ITEM, subject
from tests.reference.records import Event, Score, Subject
from tests.reference.safety_records import TIMEPOINTS, Result, Session
from tests.small_study import deliver, make_study

DAY = "2026-11-01"
EARLIER = "2026-10-01"
SAFETY = {
    "sessions": ["site", "id", "kind", "day", "held", "minutes", "fidelity"],
    "labs": ["site", "id", "visit", "day", "analyte", "reported", "value", "unit"],
    "adverse": ["site", "id", "reported", "term", "start", "end", "severity", "before"],
    "signs": ["site", "id", "day", "sysbp_pre", "sysbp_40", "sysbp_90"],
}
Record = TypeVar("Record")
Row = list[object]
Trial = tuple[Study, list[Subject], Cut]


def study_of(name: str, root: Path) -> Study:
    """Returns one of the study files beside this module as a study in the folder `root`."""
    text = (Path(__file__).parent / f"{name}.yml").read_text(encoding="utf-8")
    return make_study(root, text)


def deliver_subjects(study: Study, subjects: Sequence[Subject], day: str = DAY) -> list[Subject]:
    """Puts the subjects' files into the inbox; returns the subjects with the file and row of each record."""
    is_dated = study.design == "randomised_withdrawal"
    headers = {
        "subjects": ["site", "id", "sex", "arm", *(["consent", "randomised"] if is_dated else [])],
        "doses": ["site", "id", "day", "period", "arm", "category"],
        "events": ["site", "id", "event", "event_day", "end", "end_day"],
        **{one.lower(): ["site", "id", "visit", "day", *_item_columns(one), "total"] for one in study.instruments},
        **(SAFETY if study.biomarkers else {}),
    }
    files: dict[str, list[Row]] = {kind: [] for kind in headers}

    def written(kind: str, subject: Subject, *values: object) -> tuple[str, int]:
        files[kind].append([subject.site, subject.usubjid, *values])
        return f"{kind}_{day}.csv", len(files[kind])

    placed = []
    for one in subjects:
        dates = [one.consent, one.randomised] if is_dated else []
        enrolled = written("subjects", one, "F", one.arm, *dates)
        for dose in one.doses:
            written("doses", one, dose.day, dose.period, dose.arm, dose.category)
        events = tuple(replace(event, source=written("events", one, *_event(event))) for event in one.events)
        scores = tuple(
            replace(score, source=written(score.instrument.lower(), one, *_score(score))) for score in one.scores
        )
        placed.append(
            replace(
                one,
                events=events,
                scores=scores,
                randomised_source=enrolled,
                sessions=tuple(replace(row, source=written("sessions", one, *_session(row))) for row in one.sessions),
                results=tuple(replace(row, source=written("labs", one, *_result(row))) for row in one.results),
                adverse_events=tuple(
                    replace(
                        row,
                        source=written(
                            "adverse", one, row.term, row.term, row.start, row.end, row.severity, row.before
                        ),
                    )
                    for row in one.adverse_events
                ),
                signs=tuple(
                    replace(row, source=written("signs", one, row.day, *map(row.systolic.get, TIMEPOINTS)))
                    for row in one.signs
                ),
            )
        )
    for kind, rows in files.items():
        deliver(study, "DM", f"{kind}_{day}.csv", _csv(headers[kind], rows))
    return placed


def _item_columns(instrument: str) -> list[str]:
    items = len(catalogue()[instrument].item_ranges) if instrument in BY_ITEM else 0
    return [f"{instrument.lower()}_{item:02d}" for item in range(1, items + 1)]


def _event(event: Event) -> Row:
    own = [event.term, event.day]
    return [*own, "", ""] if event.domain == "CE" else ["", "", *own]


def _session(session: Session) -> Row:
    return [session.kind, session.day, session.held, session.minutes, session.fidelity]


def _result(result: Result) -> Row:
    value = f"{result.thousandths // 1000}.{result.thousandths % 1000:03d}"
    reported = f"{result.mark} {value}" if result.mark else value
    return [result.visit, result.day, result.analyte, reported, value, result.unit]


def _score(score: Score) -> Row:
    code = f"{score.visit} {score.arm}" if score.arm else score.visit
    return [code, score.day, *score.items, score.total]


def _csv(header: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def built(study: Study) -> Cut:
    """Returns the cut of everything in the inbox; whatever was not taken in whole is an error."""
    for receipt in land(study).deliveries:
        assert receipt.outcome in {"accepted", "warned"}, receipt
        assert receipt.rows_quarantined == 0, receipt
    return Cut(study.folder, build(study).cut_id)


def made_up_trial(name: str, folder: Path, seed: int, numbers: Iterable[int]) -> Trial:
    """Returns a study with these made-up subjects, delivered and built."""
    study, subjects = delivered_trial(name, folder, seed, numbers)
    return study, subjects, built(study)


def delivered_trial(name: str, folder: Path, seed: int, numbers: Iterable[int]) -> tuple[Study, list[Subject]]:
    """Returns a study with these made-up subjects, delivered twice: the second time with other values."""
    study = study_of(name, folder)
    chance = random.Random(f"{seed} {name}")  # noqa: S311 - a seed is wanted
    final = [subject(study, seed, number) for number in numbers]
    in_full = all(export.delivery == "snapshot" for export in study.exports("DM"))
    # What an increment does not mention stands as it was delivered before; of a snapshot everything is delivered again.
    again = [one if in_full else replace(one, scores=tuple(_some(chance, one.scores))) for one in final]
    before = [_as_known_before(chance, one, later) for one, later in zip(final, again, strict=True)]
    if in_full:
        scale = list(study.instruments)[-1]
        items = (None,) * len(_item_columns(scale))
        vanished = Score(instrument=scale, visit="UNSCHEDULED", day="2026-01-15", items=items, total=27)
        before = [replace(one, scores=(*one.scores, vanished)) for one in before]
    first = deliver_subjects(study, before, EARLIER)
    last = deliver_subjects(study, again)
    subjects = []
    for one, early, late in zip(final, first, last, strict=True):
        placed = {_key(score): score for score in (*early.scores, *late.scores)}
        scores = tuple(placed[_key(score)] for score in one.scores)
        # Files that are the same both times, delivered twice, land once.
        same = ("randomised_source", "sessions", "results", "adverse_events", "signs")
        subjects.append(replace(late, scores=scores, **{name: getattr(early, name) for name in same}))
    return study, subjects


def _as_known_before(chance: random.Random, final: Subject, again: Subject) -> Subject:
    """Returns a subject as its site first sent it: some of what is sent again was otherwise, and some not there."""
    to_come = {_key(score) for score in again.scores}
    scores = [
        _otherwise(score) if _key(score) in to_come and chance.random() < 0.5 else score
        for score in final.scores
        if _key(score) not in to_come or chance.random() < 0.7
    ]
    return replace(final, scores=tuple(scores), events=tuple(_some(chance, final.events)))


def _some(chance: random.Random, records: Iterable[Record]) -> list[Record]:
    return [record for record in records if chance.random() < 0.6]


def _otherwise(score: Score) -> Score:
    most = [int(highest) for _, highest in catalogue()[score.instrument].item_ranges.values()]
    items = tuple(
        None if item is None else (item + 1) % (highest + 1)
        for item, highest in zip(score.items, most if score.items else (), strict=True)
    )
    return replace(score, items=items, total=None if score.total is None else (score.total + 11) % 28)


def _key(score: Score) -> tuple[str, str, str | None, str]:
    return (score.instrument, score.visit, score.arm, score.day)
