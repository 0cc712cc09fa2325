"""The whole simulated trial in memory: every subject with all that was observed of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.simulate.clinical import ClinicalEvent, clinical_events
from pipelines.simulate.courses import Assessment, Course, courses
from pipelines.simulate.cytokines import Cytokine, cytokines
from pipelines.simulate.dosing import Dose, dose_sessions
from pipelines.simulate.events import AdverseEvent, adverse_events
from pipelines.simulate.labs import LabResult, lab_results
from pipelines.simulate.protocol import PHQ9_VISITS, STUDY
from pipelines.simulate.questions import Answer, answers
from pipelines.simulate.scores import MADRS_PROFILE, PHQ9_PROFILE, items, phq9_total, tilt
from pipelines.simulate.stream import Stream
from pipelines.simulate.subjects import Subject, screened
from pipelines.simulate.therapy import TherapySession, therapy_sessions


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The items of one assessment; PHQ-9 is empty at visits where it was not filled in."""

    assessment: Assessment
    madrs: tuple[int, ...]
    phq9: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Participant:
    """One screened person and everything observed of it, each list in order of date."""

    course: Course
    scores: tuple[Scores, ...]
    doses: tuple[Dose, ...]
    therapy: tuple[TherapySession, ...]
    labs: tuple[LabResult, ...]
    adverse: tuple[AdverseEvent, ...]
    clinical: tuple[ClinicalEvent, ...]
    cytokines: tuple[Cytokine, ...]
    answers: tuple[Answer, ...]
    randomised: date | None

    @property
    def subject(self) -> Subject:
        """The person."""
        return self.course.subject

    @property
    def usubjid(self) -> str:
        """The subject's key in the study."""
        return f"{STUDY}-{self.subject.site}-{self.subject.key}"


def trial(seed: int) -> list[Participant]:
    """Returns all screened persons, by site and number."""
    return [_participant(seed, course) for course in courses(seed, screened(seed))]


def _participant(seed: int, course: Course) -> Participant:
    subject = course.subject
    draws = Stream(seed, "scores", subject.site, subject.number)
    madrs_weights, phq9_weights = tilt(draws, MADRS_PROFILE), tilt(draws, PHQ9_PROFILE)
    scores = [
        Scores(
            assessment=assessment,
            madrs=tuple(items(draws, assessment.madrs, madrs_weights, 6)),
            phq9=tuple(items(draws, phq9_total(draws, assessment.madrs), phq9_weights, 3))
            if assessment.visit in PHQ9_VISITS
            else (),
        )
        for assessment in sorted(course.assessments, key=lambda assessment: assessment.on)
    ]
    doses = dose_sessions(seed, course)
    clinical = clinical_events(seed, course)
    # The last item of the MADRS is suicidal thoughts.
    suicidal_thoughts = {one.assessment.visit: one.madrs[-1] for one in scores}
    return Participant(
        course=course,
        scores=tuple(scores),
        doses=tuple(doses),
        therapy=tuple(therapy_sessions(seed, course, doses)),
        labs=tuple(lab_results(seed, course)),
        adverse=tuple(adverse_events(seed, course, doses)),
        clinical=tuple(clinical),
        cytokines=tuple(cytokines(seed, course)),
        answers=tuple(answers(seed, course, suicidal_thoughts, clinical)),
        randomised=subject.on(-1) if subject.arm else None,
    )
