"""What subjects and raters answer on their tablets: suicidality, what they expect, and which arm they guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.simulate.clinical import ClinicalEvent
from pipelines.simulate.courses import Course
from pipelines.simulate.stream import Stream

SUICIDALITY_VISITS = ("BL", "W2", "W4", "W8", "W12", "W24")
_GUESSED_AT = "W4"
# The highest level of suicidal ideation (C-SSRS, 0 to 5) that goes with MADRS item 10, suicidal thoughts.
_IDEATION = (0, 0, 1, 2, 3, 4, 5)
# Of 1000 subjects or raters: how many guess the active drug, and how many the comparator; the others do not know.
# Dissociation gives ketamine away, more so to the subject (functional unblinding).
_GUESSES = {
    ("GUESSSUB", "KET"): (740, 90),
    ("GUESSSUB", "MDZ"): (280, 430),
    ("GUESSRAT", "KET"): (560, 170),
    ("GUESSRAT", "MDZ"): (270, 360),
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer: in words, or in points."""

    visit: str
    on: date
    question: str
    answer: str = ""
    points: str = ""


def answers(
    seed: int, course: Course, suicidal_thoughts: dict[str, int], events: Sequence[ClinicalEvent]
) -> list[Answer]:
    """Returns a randomised subject's answers, in order of visit; `suicidal_thoughts` is MADRS item 10 by visit."""
    subject = course.subject
    if subject.arm is None:
        return []
    draws = Stream(seed, "questions", subject.site, subject.number)
    attempts = [event.on for event in events if event.coded == "SUICIDE ATTEMPT"]
    found = []
    before = date.min
    for visit in SUICIDALITY_VISITS:
        assessment = course.at(visit)
        if assessment is None:
            continue
        on = assessment.on
        ideation = _IDEATION[suicidal_thoughts[visit]]
        # What is rated once a week and what is asked on the day differ now and then.
        if ideation >= 2 and draws.chance(60):
            ideation = 4
        behaviour = any(before < attempt <= on for attempt in attempts)
        if visit == "BL":
            found.append(Answer(visit=visit, on=on, question="EXPECT", points=str(draws.between(3, 10))))
        if visit == _GUESSED_AT:
            found += _guesses(draws, visit, on, subject.arm)
        found.append(Answer(visit=visit, on=on, question="CSSRSIDE", points=str(ideation)))
        found.append(Answer(visit=visit, on=on, question="CSSRSBEH", points=str(int(behaviour))))
        before = on
    return found


def _guesses(draws: Stream, visit: str, on: date, arm: str) -> list[Answer]:
    found = []
    for question, sure in (("GUESSSUB", "SURESUB"), ("GUESSRAT", "SURERAT")):
        active, comparator = _GUESSES[question, arm]
        drawn = draws.below(1000)
        guess = "ACTIVE" if drawn < active else "COMPARATOR" if drawn < active + comparator else "DO NOT KNOW"
        found.append(Answer(visit=visit, on=on, question=question, answer=guess))
        if guess != "DO NOT KNOW":
            found.append(Answer(visit=visit, on=on, question=sure, points=str(10 * draws.between(2, 10))))
    return found
