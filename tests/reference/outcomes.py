"""Response and remission under each estimand and rule for missing data, in plain Python (ICH E9(R1))."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipelines.study import Study
from pipelines.study.endpoints import Endpoint, Estimand, MissingRule
from pipelines.study.visits import Visit
from tests.reference.assessments import UNSCHEDULED, Assessment, assessments, baseline
from tests.reference.records import Subject, date_of_study_day, first_doses, full_date
from tests.reference.schedules import visits_of


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A planned visit after baseline: the assessment that counts for it, its value and its day, done or not."""

    visit: Visit
    period: int
    done: Assessment | None
    date: datetime.date | None
    is_undated: bool

    @property
    def value(self) -> Fraction | None:
        """The total; None where it is missing or the visit did not take place."""
        return self.done.value if self.done else None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One row of `response` or `remission`: `taken` is the assessment that the value comes from."""

    endpoint: str
    avisit: str
    period: int
    estimand: str
    missing_rule: str
    value: Fraction | None
    base: Fraction | None
    is_met: bool | None
    dtype: str | None
    taken: Assessment | None


def outcomes(study: Study, subject: Subject) -> dict[str, list[Outcome]]:
    """Returns the subject's rows of `response` and `remission`."""
    found = assessments(study, subject)
    rows: dict[str, list[Outcome]] = {"response": [], "remission": []}
    for endpoint in study.endpoints:
        for planned in planned_by_period(study, subject, endpoint, found):
            base = baseline(found, endpoint.instrument, planned[0].period)
            between = unscheduled(endpoint, planned, found, base)
            for estimand in study.estimands:
                failed_from = first_event(subject, estimand)
                for rule in study.missing_rules:
                    for one in valued(planned, between, estimand, failed_from, rule, base):
                        response = responds(endpoint, base.value if base else None, one.value)
                        for table, is_met in (("response", response), ("remission", remits(endpoint, one.value))):
                            assumed = (
                                None if one.failed or is_met is not None else assumed_outcome(study, subject, rule, one)
                            )
                            rows[table].append(
                                Outcome(
                                    endpoint=endpoint.name,
                                    avisit=one.planned.visit.visit,
                                    period=one.planned.period,
                                    estimand=estimand.name,
                                    missing_rule=rule.name,
                                    value=one.value,
                                    base=base.value if base else None,
                                    is_met=False if one.failed else is_met if assumed is None else assumed,
                                    dtype=one.dtype if assumed is None else _ASSUMED[rule.rule],
                                    taken=one.taken,
                                )
                            )
    return rows


_ASSUMED = {"nri": "NRI", "worst_case": "WC", "best_case": "BC"}


def assumed_outcome(study: Study, subject: Subject, rule: MissingRule, one: Valued) -> bool | None:
    """Returns what a rule assumes of an outcome that is not known: failure, or the worst or best case for the trial."""
    if rule.rule == "nri":
        return False
    arm = subject.arm
    if study.design == "crossover":
        arm = next(dose.arm for dose in subject.doses if dose.period == one.planned.period)
    if rule.rule not in _ASSUMED or arm is None:
        return None
    return (study.arms[arm].role == "experimental") == (rule.rule == "best_case")


def responds(endpoint: Endpoint, base: Fraction | None, value: Fraction | None) -> bool | None:
    """Returns whether all that the rule asks for is reached; None where it cannot be known."""
    if base is None or value is None or base == 0:
        return None
    rule = endpoint.response
    asked = [
        (100 * (base - value) / base, rule.min_reduction_pct),
        (base - value, rule.min_reduction_points),
        (-value, None if rule.max_score is None else -rule.max_score),
    ]
    return all(
        reached > Fraction(str(least)) if rule.strict else reached >= Fraction(str(least))
        for reached, least in asked
        if least is not None
    )


def remits(endpoint: Endpoint, value: Fraction | None) -> bool | None:
    """Returns whether the total is low enough; None where there is none."""
    if value is None:
        return None
    most = Fraction(str(endpoint.remission.max_score))
    return value < most if endpoint.remission.strict else value <= most


def planned_by_period(
    study: Study, subject: Subject, endpoint: Endpoint, found: Sequence[Assessment]
) -> Iterator[list[Planned]]:
    """Yields for each period the planned visits after baseline, in their order."""
    first = next(visit.visitnum for visit in study.visits if visit.baseline)
    where = study.instruments[endpoint.instrument].visits
    visits = sorted(
        (one for one in visits_of(study, subject) if one.visitnum > first and (where is None or one.visit in where)),
        key=lambda one: one.visitnum,
    )
    starts = first_doses(subject)
    for period in starts if study.design == "crossover" else [1]:
        start = starts.get(period)
        yield [_planned(endpoint, visit, period, start, found) for visit in visits]


def _planned(
    endpoint: Endpoint, visit: Visit, period: int, start: datetime.date | None, found: Sequence[Assessment]
) -> Planned:
    done = [
        one
        for one in found
        if one.is_analysed
        and (one.score.instrument, one.avisit, one.period) == (endpoint.instrument, visit.visit, period)
    ]
    seen = done[0] if done else None
    one = seen if seen and seen.value is not None else None
    # A visit that nobody knows the day of is as of its planned day.
    planned = date_of_study_day(visit.day, start) if start is not None and visit.day is not None else None
    return Planned(
        visit=visit,
        period=period,
        done=one,
        date=(seen.date if seen else None) or planned,
        # Never dosed and never seen: whatever happened, happened before.
        is_undated=start is None and (seen is None or seen.date is None),
    )


def first_event(subject: Subject, estimand: Estimand) -> datetime.date | None:
    """Returns the day of the first intercurrent event, whose day must be known.

    An event before the first dose is none (ICH E9(R1): after the start of treatment). Of who was never dosed all count.
    """
    first_dose = min(first_doses(subject).values(), default=datetime.date.min)
    days = [full_date(event.day) for event in subject.events if event.term in estimand.events]
    return min((day for day in days if day is not None and day >= first_dose), default=None)


@dataclass(frozen=True, kw_only=True)
class Valued:
    """A planned visit with the assessment whose value stands for it, why, and whether the event made it a failure."""

    planned: Planned
    taken: Assessment | None
    dtype: str | None = None
    failed: bool = False

    @property
    def value(self) -> Fraction | None:
        """The value that stands for the visit."""
        return self.taken.value if self.taken else None


def unscheduled(
    endpoint: Endpoint, planned: Sequence[Planned], found: Sequence[Assessment], base: Assessment | None
) -> dict[int, list[Assessment]]:
    """Returns the unscheduled scores after the day of the baseline, by the place of the planned visit that is next.

    That is the one after the last visit that they follow: one seen on their day or before, or missed with an earlier
    target day.
    """
    placed: dict[int, list[Assessment]] = {}
    first = base.study_day if base is not None and base.study_day is not None else 0
    for one in sorted(found, key=lambda one: (one.study_day or 0, one.score.day, one.score.source)):
        own = (one.score.instrument, one.period) == (endpoint.instrument, planned[0].period if planned else None)
        day = one.study_day
        if own and one.avisit == UNSCHEDULED and one.value is not None and day is not None and day > first:
            follows = [n for n, visit in enumerate(planned) if _follows(day, visit)]
            placed.setdefault(max(follows, default=-1) + 1, []).append(one)
    return placed


def _follows(day: int, visit: Planned) -> bool:
    seen = visit.done.study_day if visit.done else None
    target = visit.visit.day
    return day >= seen if seen is not None else target is not None and day > target


def valued(
    planned: Sequence[Planned],
    between: dict[int, list[Assessment]],
    estimand: Estimand,
    failed_from: datetime.date | None,
    rule: MissingRule,
    base: Assessment | None,
) -> Iterator[Valued]:
    """Yields each visit of a period with what stands for it under an estimand and a rule for missing data."""
    earlier: list[Assessment] = []
    drops = estimand.strategy in {"hypothetical", "while_on_treatment"}
    for place, visit in enumerate(planned):
        if rule.unscheduled:
            seen = between.get(place, [])
            earlier += [one for one in seen if not (drops and failed_from and one.date and one.date >= failed_from)]
        own = visit.done if visit.value is not None else None
        after = failed_from is not None and (visit.is_undated or (visit.date is not None and visit.date >= failed_from))
        own = None if after and drops else own
        # While on treatment, the last value before the event stands, whatever the rule.
        carries = "locf" if after and estimand.strategy == "while_on_treatment" else rule.rule
        if after and estimand.strategy == "composite":
            # The event decides: no value is put in the place of a missing one.
            yield Valued(planned=visit, taken=own, failed=True)
        elif own is not None:
            yield Valued(planned=visit, taken=own)
        elif carries in {"locf", "wocf"} and earlier:
            taken = earlier[-1] if carries == "locf" else max(reversed(earlier), key=lambda one: one.value or 0)
            yield Valued(planned=visit, taken=taken, dtype=carries.upper())
        elif rule.rule == "bocf" and base is not None:
            yield Valued(planned=visit, taken=base, dtype="BLOCF")
        elif rule.baseline and base is not None:
            yield Valued(planned=visit, taken=base, dtype=carries.upper())
        else:
            yield Valued(planned=visit, taken=None)
        earlier += [own] if own is not None else []
