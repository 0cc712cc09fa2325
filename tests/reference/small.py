"""One subject written out by hand, for the tests of the reference itself."""

from __future__ import annotations

from pathlib import Path

from pipelines.study import Study
from tests.reference.delivered import study_of
from tests.reference.records import Dose, Event, Score, Subject, date_of_study_day, full_date

FIRST_DOSE = "2026-03-10"


def study(root: Path, name: str = "parallel", *changes: tuple[str, str]) -> Study:
    """Returns one of the study files with some words exchanged."""
    from pipelines.study import load_study

    made = study_of(name, root)
    path = root / "study.yml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return load_study(made.folder.root)


def on(day: int) -> str:
    """Returns the date of a study day of a subject dosed on FIRST_DOSE."""
    first = full_date(FIRST_DOSE)
    assert first is not None
    return date_of_study_day(day, first).isoformat()


def madrs(visit: str, day: int | str, value: int | None, row: int = 0) -> Score:
    """Returns a MADRS of ten items on a study day (or a day as written); one without a value lacks an item."""
    items = [None, *[1] * 9] if value is None else [value // 10 + (n < value % 10) for n in range(10)]
    text = on(day) if isinstance(day, int) else day
    return Score(instrument="MADRS", visit=visit, day=text, items=tuple(items), source=("madrs.csv", row))


def seen(*scores: Score, events: tuple[Event, ...] = (), doses: tuple[str, ...] = (FIRST_DOSE,)) -> Subject:
    """Returns a subject with these scores."""
    numbered = tuple(
        Score(**{**score.__dict__, "source": ("madrs.csv", score.source[1] or n)}) for n, score in enumerate(scores, 1)
    )
    return Subject(usubjid="000001", scores=numbered, events=events, doses=tuple(Dose(day=day) for day in doses))


def event(term: str, day: int) -> Event:
    """Returns a clinical event on a study day."""
    return Event(term=term, day=on(day), domain="CE", source=("events.csv", 1))


def ended(term: str, day: int) -> Event:
    """Returns how participation ended, on a study day."""
    return Event(term=term, day=on(day), domain="DS", source=("events.csv", 2))
