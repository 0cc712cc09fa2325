"""The simulated trial's plan and its true effects; `studies/kap_demo/study.yml` says the same as a study file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

STUDY = "KAP-DEMO"
EXPORT = date(2026, 6, 30)
EXPORT_BEFORE = date(2026, 5, 31)
EXPORT_FIRST = date(2025, 9, 30)
FIRST_CONSENT = date(2025, 5, 19)
SCREENED_DAYS_APART = 10
RANDOMISED_PER_SITE = 20
SCREEN_FAILURES_PER_SITE = 3

CSV_SITES = tuple(f"S{number:02d}" for number in range(1, 9))
XPT_SITES = tuple(f"S{number:02d}" for number in range(9, 13))
SITES = (*CSV_SITES, *XPT_SITES)
ARMS = ("KET", "MDZ")
STRATA = ("TRD 2", "TRD 3+")


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    """A planned visit: target study day and how many days earlier or later it takes place."""

    code: str
    number: int
    day: int
    early: int = 0
    late: int = 0


VISITS = (
    PlannedVisit(code="SCR", number=1, day=-14, early=7, late=6),
    PlannedVisit(code="BL", number=2, day=1),
    PlannedVisit(code="D2", number=3, day=2),
    PlannedVisit(code="W1", number=4, day=8, early=1, late=2),
    PlannedVisit(code="W2", number=5, day=15, early=1, late=2),
    PlannedVisit(code="W3", number=6, day=22, early=1, late=2),
    PlannedVisit(code="W4", number=7, day=29, early=2, late=3),
    PlannedVisit(code="W6", number=8, day=43, early=3, late=4),
    PlannedVisit(code="W8", number=9, day=57, early=3, late=4),
    PlannedVisit(code="W12", number=10, day=85, early=5, late=6),
    PlannedVisit(code="W16", number=11, day=113, early=5, late=6),
    PlannedVisit(code="W20", number=12, day=141, early=5, late=6),
    PlannedVisit(code="W24", number=13, day=169, early=5, late=6),
)
VISIT_NUMBERS = {visit.code: visit.number for visit in VISITS}
INITIAL_DOSES = ("BL", "W1", "W2")
MAINTENANCE_DOSES = ("W6", "W8", "W12", "W16", "W20")
# The PHQ-9 asks about the last two weeks: it is not filled in after 24 hours, nor every week.
PHQ9_VISITS = ("SCR", "BL", "W2", "W4", "W6", "W8", "W12", "W16", "W20", "W24")
LAB_VISITS = ("BL", "D2", "W4", "W12")

# Reduction of MADRS from baseline in permille, by the subject's rank (permille) among its arm: where the curve crosses
# 500 is the response rate, where it passes about 700 remission (10 or less from a baseline of 33).
# Day 2: Murrough 2013 (64 % vs 28 % at 24 h). Week 4: TRANSFORM-2 (69 % vs 52 %) and the trials in the README.
REDUCTION_DAY_2 = {
    "KET": ((0, -60), (200, 150), (440, 500), (800, 750), (1000, 920)),
    "MDZ": ((0, -80), (400, 200), (735, 500), (900, 680), (1000, 850)),
}
REDUCTION_WEEK_4 = {
    "KET": ((0, -100), (150, 200), (345, 500), (520, 700), (800, 850), (1000, 970)),
    "MDZ": ((0, -100), (250, 150), (580, 500), (728, 700), (900, 830), (1000, 950)),
}

# Relapse after response: hazard per 4 weeks in permille without and with maintenance dosing (SUSTAIN-1: HR 0.49).
RELAPSE_PER_4_WEEKS = {False: 145, True: 78}
FADES_PERMILLE = 350
MAINTENANCE_PERMILLE = 550

# The planned probabilities, percent, as the truth file states them.
TRUE_EFFECTS = {
    "response_day_2_pct": {"KET": 56, "MDZ": 26.5},
    "response_week_4_pct": {"KET": 65.5, "MDZ": 42},
    "remission_week_4_pct": {"KET": 48, "MDZ": 27.2},
    "relapse_hazard_per_4_weeks": {"without_maintenance": 0.145, "with_maintenance": 0.078},
    "relapse_hazard_ratio_maintenance": 0.54,
    "effect_fades_within_a_week_pct": 35,
    "relapse_hazard_factor_therapy_attendance": {"below_70_pct": 1.3, "70_to_89_pct": 1.0, "90_pct_and_more": 0.85},
    "bdnf_rise_ketamine_responders_pct": {"D2": 8, "W4": 14, "W12": 10},
    "madrs_baseline": {"mean": 33, "sd": 5},
}
