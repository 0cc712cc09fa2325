"""Dose sessions: when, how much, and what blood pressure and dissociation did around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.simulate.courses import Course
from pipelines.simulate.protocol import INITIAL_DOSES, MAINTENANCE_DOSES, VISIT_NUMBERS
from pipelines.simulate.stream import Stream, rounded

TIMEPOINTS = ("PRE-DOSE", "40 MIN", "90 MIN")


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """Blood pressure (mmHg), pulse (beats/min) and CADSS total at one timepoint of a dose session."""

    timepoint: str
    sysbp: int
    diabp: int
    pulse: int
    cadss: int


@dataclass(frozen=True, kw_only=True)
class Dose:
    """One dose session; `dose_tenths` is tenths of a milligram."""

    course: Course
    number: int
    visit: str
    on: date
    phase: str
    drug: str
    dose_tenths: int
    kit: str
    vitals: tuple[Vitals, ...]
    minutes: int
    therapist: str
    fidelity_tenths: int


def dose_sessions(seed: int, course: Course) -> list[Dose]:
    """Returns the subject's doses in order: days 1, 8 and 15, then maintenance as needed while response lasts."""
    subject = course.subject
    if not course.dosed:
        return []
    draws = Stream(seed, "doses", subject.site, subject.number)
    sessions: list[Dose] = []
    for visit in (*INITIAL_DOSES, *MAINTENANCE_DOSES):
        assessment = course.at(visit)
        wanted = visit in INITIAL_DOSES or (course.maintenance and not _relapsed(course, visit) and draws.chance(780))
        if assessment is not None and wanted:
            sessions.append(_session(draws, course, visit, assessment.on, number=len(sessions) + 1))
    return sessions


def _relapsed(course: Course, visit: str) -> bool:
    return course.relapse is not None and VISIT_NUMBERS[visit] >= VISIT_NUMBERS[course.relapse]


def _session(draws: Stream, course: Course, visit: str, on: date, *, number: int) -> Dose:
    subject = course.subject
    ketamine = subject.arm == "KET"
    # 0.5 mg/kg and 0.045 mg/kg; weight is in tenths of a kilogram.
    dose_tenths = rounded(subject.weight_dg * (500 if ketamine else 45), 1000)
    return Dose(
        course=course,
        number=number,
        visit=visit,
        on=on,
        phase="INITIAL" if visit in INITIAL_DOSES else "MAINTENANCE",
        drug="KETAMINE" if ketamine else "MIDAZOLAM",
        dose_tenths=dose_tenths,
        kit=f"{'K' if ketamine else 'M'}{draws.between(10000, 99999)}",
        vitals=_vitals(draws, ketamine=ketamine, hypertensive=subject.hypertensive),
        minutes=5 * draws.between(24, 38),
        therapist=f"{subject.site}-T{draws.between(1, 3)}",
        fidelity_tenths=min(max(draws.normal(40, 5), 20), 50),
    )


def _vitals(draws: Stream, *, ketamine: bool, hypertensive: bool) -> tuple[Vitals, ...]:
    systolic = draws.normal(150 if hypertensive else 122, 9)
    diastolic = draws.normal(94 if hypertensive else 77, 6)
    pulse = draws.normal(72, 8)
    rises = (
        {"PRE-DOSE": (0, 0, 0), "40 MIN": (19, 11, 8), "90 MIN": (6, 4, 3)}
        if ketamine
        else {
            "PRE-DOSE": (0, 0, 0),
            "40 MIN": (-5, -3, -2),
            "90 MIN": (-2, -1, -1),
        }
    )
    peak = min(max(draws.normal(24, 10), 3), 60) if ketamine else draws.between(0, 7)
    cadss = {"PRE-DOSE": draws.between(0, 2), "40 MIN": peak, "90 MIN": peak // 6}
    return tuple(
        Vitals(
            timepoint=timepoint,
            sysbp=systolic + rises[timepoint][0] + draws.normal(0, 4),
            diabp=diastolic + rises[timepoint][1] + draws.normal(0, 3),
            pulse=pulse + rises[timepoint][2] + draws.normal(0, 3),
            cadss=cadss[timepoint],
        )
        for timepoint in TIMEPOINTS
    )
