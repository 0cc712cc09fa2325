"""The area under the response curve, in plain Python, from docs/study-file.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pipelines.study import Study
from pipelines.study.endpoints import ResponseArea
from tests.reference.assessments import Assessment, assessments, baseline
from tests.reference.outcomes import Planned, planned_by_period
from tests.reference.records import Subject, days_apart


@dataclass(frozen=True, kw_only=True)
class Area:
    """One row of `response_auc`: the area in per cent times days, over so many days from day 1."""

    endpoint: str
    avisit: str
    missing_rule: str
    period: int
    days: int | None
    area: Fraction | None
    base: Fraction | None
    seen: int
    is_carried: bool
    why_missing: str | None
    last: Assessment | None

    @property
    def mean(self) -> Fraction | None:
        """The mean reduction in per cent over these days."""
        return self.area / self.days if self.area is not None and self.days else None


def areas(study: Study, subject: Subject) -> list[Area]:
    """Returns the subject's rows of `response_auc`, one for each endpoint, period and area that the study file asks."""
    found = assessments(study, subject)
    rows = []
    for endpoint in study.endpoints:
        for planned in planned_by_period(study, subject, endpoint, found):
            base = baseline(found, endpoint.instrument, planned[0].period)
            value = base.value if base else None
            rows += [_area(endpoint.name, asked, planned, value) for asked in endpoint.area_under_curve]
    return rows


def _area(endpoint: str, asked: ResponseArea, planned: Sequence[Planned], base: Fraction | None) -> Area:
    visit = next(one for one in planned if one.visit.visit == asked.visit)
    end = (visit.done.study_day if visit.done else None) or visit.visit.day
    seen = _seen(planned, visit, end, base)
    why = _why_missing(asked, visit, base, seen)
    is_carried = why is None and visit.done is None
    area = None
    if why is None and base and end is not None:
        points = [(1, Fraction(0)), *((day, 100 * (base - value) / base) for day, value, _ in seen)]
        if is_carried:
            points.append((end, points[-1][1]))
        area = sum(
            ((before + after) / 2 * days_apart(first, last) for (first, before), (last, after) in pairwise(points)),
            Fraction(0),
        )
    return Area(
        endpoint=endpoint,
        avisit=asked.visit,
        missing_rule=asked.missing_rule,
        period=planned[0].period,
        days=None if end is None else days_apart(1, end),
        area=area,
        base=base,
        seen=len(seen),
        is_carried=is_carried,
        why_missing=why,
        last=seen[-1][2] if seen else None,
    )


def _seen(
    planned: Sequence[Planned], visit: Planned, end: int | None, base: Fraction | None
) -> list[tuple[int, Fraction, Assessment]]:
    """Returns the scores of the curve, from day 1 to its end, by day; without a day, on the target day.

    On the last day, nothing comes after the visit that ends it.
    """
    if base is None:
        return []
    days = [(one.done.study_day or one.visit.day, one) for one in planned if one.done]
    return [
        (day, one.value, one.done)
        for day, one in sorted(((day, one) for day, one in days if day is not None), key=lambda pair: pair[0])
        if end is not None and 1 <= day <= end and one.done and one.value is not None
        if day < end or one.visit.visitnum <= visit.visit.visitnum
    ]


def _why_missing(
    asked: ResponseArea, visit: Planned, base: Fraction | None, seen: Sequence[tuple[int, Fraction, Assessment]]
) -> str | None:
    if base is None:
        return "NO BASELINE"
    if base == 0:
        return "BASELINE IS 0"
    if not seen:
        return "NOT ASSESSED AFTER BASELINE"
    if visit.done is None and asked.missing_rule == "observed":
        return "NOT ASSESSED AT THE VISIT"
    return None
